"""What a person does at the doors: opens an account, reads mail, signs in, holds an app and a passkey."""

import re
import time
from dataclasses import dataclass
from secrets import token_hex

import pyotp
from playwright.sync_api import Locator, Page, expect

PASSWORD = "four unlikely words make it"
_LINK = re.compile(r"https?://\S+#token=\S+")
_STEP_S = 30
_POLL_MS = 100


@dataclass
class Person:
    """Somebody with an address of their own, and perhaps an app that shows codes."""

    address: str
    name: str = "Ada Lovelace"
    password: str = PASSWORD
    secret: str | None = None
    last_step: int = -1

    def code(self, page: Page) -> str:
        """A code of the app's that was not given yet: each is good once, and half a minute early too."""
        assert self.secret is not None
        while (step := max(_step(), self.last_step + 1)) > _step() + 1:
            page.wait_for_timeout(_POLL_MS)
        self.last_step = step
        return pyotp.TOTP(self.secret).at(step * _STEP_S)


def _step() -> int:
    return int(time.time()) // _STEP_S


def somebody() -> Person:
    return Person(f"ada-{token_hex(4)}@example.org")


def open_account(page: Page, person: Person) -> None:
    """Register, answer the mail, and stand before the sign-in."""
    page.goto("/register")
    page.get_by_label("Name").fill(person.name)
    page.get_by_label("E-mail address").fill(person.address)
    page.get_by_role("textbox", name="Password").fill(person.password)
    page.get_by_role("button", name="Open it").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    page.goto(mail_link(page, person, "/verify"))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Your address is confirmed.")).to_be_visible()


def mail_link(page: Page, person: Person, path: str) -> str:
    """The newest link to `path` that was sent to the person."""
    answer = page.request.get("/api/outbox")
    assert answer.ok, answer.status
    texts = [m["text"] for m in answer.json()["data"] if m["address"] == person.address]
    links = [link[0] for text in texts if text for link in _LINK.finditer(text)]
    return next(link for link in links if f"{path}#" in link)


def give_password(page: Page, person: Person, password: str | None = None) -> None:
    """The first step of signing in."""
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(person.address)
    page.get_by_role("textbox", name="Password").fill(password or person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_in(page: Page, person: Person) -> None:
    """Sign in by what the person has, without leaving the page that comes then."""
    give_password(page, person)
    if person.secret is not None:
        page.get_by_label("Code of your app").fill(person.code(page))
        page.get_by_role("button", name="Go on").click()
    expect(menu_of(page, person)).to_be_visible()


def sign_out(page: Page, person: Person) -> None:
    menu_of(page, person).click()
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def menu_of(page: Page, person: Person) -> Locator:
    return page.get_by_role("button", name=f"Account of {person.name}")


def turn_on_codes(page: Page, person: Person) -> list[str]:
    """Set the second factor up; the backup codes."""
    page.goto("/account")
    page.get_by_role("button", name="Turn it on").click()
    person.secret = page.locator("[data-secret]").inner_text()
    page.get_by_label("Code that the app shows").fill(person.code(page))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Your backup codes")).to_be_visible()
    codes = page.locator(".once__text").inner_text().split()
    page.get_by_role("button", name="I have kept it").click()
    return codes


def hold_authenticator(page: Page) -> None:
    """Give the browser a device that makes passkeys and says yes."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
