"""What a person does with an account in a browser, against a running Tradewind."""

import re
from pathlib import Path

import psycopg
import pytest
import redis
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from tests.browser.conftest import PATIENCE_MS
from tests.browser.people import (
    Person,
    give_password,
    hold_authenticator,
    mail_link,
    menu_of,
    open_account,
    sign_in,
    sign_out,
    somebody,
    turn_on_codes,
)
from tests.tradewind.support import Up
from tradewind.settings import load_settings

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PHONE: ViewportSize = {"width": 360, "height": 740}
MOST_ATTEMPTS = 5
"""At a password, of a device that is known; those of others are counted by themselves."""
WHAT_SCRIPT_SEES = """() => JSON.stringify([
    document.cookie, {...localStorage}, {...sessionStorage}, location.href, history.state,
])"""


@pytest.fixture(scope="module")
def live_url(running: Up) -> str:
    """By name: passkeys belong to a name."""
    return f"http://localhost:{running.port}"


@pytest.fixture(autouse=True)
def counted_anew(running: Up) -> None:
    """All of these people have one address: what one of them asked is not held against the next."""
    with redis.Redis.from_url(load_settings(data=running.data).redis()) as cache:
        for pattern in ("*tw:rate*", "tw:attempts:*"):
            for key in cache.scan_iter(pattern):
                cache.delete(key)


@pytest.fixture
def person(page: Page) -> Person:
    """Somebody with an account, who is not signed in."""
    person = somebody()
    open_account(page, person)
    return person


def refused_on_purpose(page_errors: list[str]) -> None:
    """Take out what the browser says of answers that the test has provoked."""
    page_errors[:] = [text for text in page_errors if "the server responded with" not in text]


class TestOpeningAnAccount:
    def test_goes_by_mail_and_takes_the_token_out_of_the_address(self, page: Page) -> None:
        person = somebody()
        page.goto("/")
        page.get_by_role("link", name="Sign in").click()
        page.get_by_role("link", name="Open an account").click()
        page.get_by_label("Name").fill(person.name)
        page.get_by_label("E-mail address").fill(person.address)
        page.get_by_role("textbox", name="Password").fill(person.password)
        page.get_by_role("button", name="Open it").click()
        page.get_by_role("link", name="see what was written").click()
        link = page.locator("a[href*='/verify#token=']").first
        with page.expect_popup() as opened:
            link.click()
        verify = opened.value
        verify.get_by_role("button", name="Confirm").click()
        expect(verify).to_have_url(re.compile("/verify$"))
        expect(verify.get_by_text("Your address is confirmed.")).to_be_visible()
        verify.get_by_role("link", name="Sign in").last.click()
        sign_in(verify, person)
        expect(verify).to_have_url(re.compile("/$"))

    def test_tells_at_the_field_what_is_wrong(self, page: Page, page_errors: list[str]) -> None:
        page.goto("/register")
        page.get_by_role("button", name="Open it").click()
        expect(page.get_by_label("Name")).to_be_focused()
        page.get_by_label("Name").fill("Ada")
        page.get_by_label("E-mail address").fill("ada@example.org")
        password = page.get_by_role("textbox", name="Password")
        password.fill("password1234")
        page.get_by_role("button", name="Open it").click()
        expect(password).to_have_attribute("aria-invalid", "true")
        expect(password).to_be_focused()
        refused_on_purpose(page_errors)

    def test_says_of_a_used_link_that_it_is_not_valid(
        self, page: Page, person: Person, page_errors: list[str]
    ) -> None:
        page.goto(mail_link(page, person, "/verify"))
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_text("This link is not valid any more")).to_be_visible()
        refused_on_purpose(page_errors)


class TestSigningIn:
    def test_with_a_wrong_password_says_so(
        self, page: Page, person: Person, page_errors: list[str]
    ) -> None:
        give_password(page, person, "not the password")
        expect(page.get_by_role("alert").filter(has_text="is not right")).to_be_visible()
        refused_on_purpose(page_errors)

    def test_too_often_says_when_to_try_again(
        self, page: Page, person: Person, page_errors: list[str]
    ) -> None:
        sign_in(page, person)
        sign_out(page, person)
        give_password(page, person, "not the password")
        problem = page.get_by_role("alert").filter(has_text="is not right")
        button = page.get_by_role("button", name="Sign in", exact=True)
        for _ in range(MOST_ATTEMPTS):
            expect(problem).to_be_visible()
            expect(button).to_have_attribute("aria-busy", "false")
            button.click()
        expect(page.get_by_text(re.compile("Try again in 15 min"))).to_be_visible()
        expect(button).to_have_attribute("aria-disabled", "true")
        refused_on_purpose(page_errors)

    def test_keeps_its_tokens_where_no_script_reads_them(
        self, context: BrowserContext, page: Page, person: Person
    ) -> None:
        sign_in(page, person)
        cookies = {cookie["name"]: cookie for cookie in context.cookies()}
        assert {cookie["sameSite"] for cookie in cookies.values()} == {"Strict"}
        readable = {name for name, cookie in cookies.items() if not cookie["httpOnly"]}
        assert readable == {"tradewind_csrf"}
        hidden = set(cookies) - readable
        assert hidden == {"tradewind_access", "tradewind_refresh", "tradewind_device"}
        seen = page.evaluate(WHAT_SCRIPT_SEES)
        assert not [name for name in hidden if cookies[name]["value"] in seen]
        assert "twr_" not in seen and "eyJ" not in seen

    def test_goes_on_after_the_access_token_is_gone(
        self, context: BrowserContext, page: Page, person: Person, page_errors: list[str]
    ) -> None:
        sign_in(page, person)
        context.clear_cookies(name="tradewind_access")
        page.goto("/account")
        expect(page.get_by_role("heading", name="Account", exact=True)).to_be_visible()
        refused_on_purpose(page_errors)

    def test_is_followed_by_the_other_tabs_and_so_is_signing_out(
        self, context: BrowserContext, page: Page, person: Person
    ) -> None:
        other = context.new_page()
        other.goto("/")
        expect(other.get_by_role("link", name="Sign in")).to_be_visible()
        sign_in(page, person)
        expect(menu_of(other, person)).to_be_visible()
        sign_out(other, person)
        expect(page.get_by_role("link", name="Sign in")).to_be_visible()
        assert [c["name"] for c in context.cookies()] == ["tradewind_device"]

    def test_by_a_new_password_where_the_old_is_forgotten(self, page: Page, person: Person) -> None:
        page.goto("/sign-in")
        page.get_by_role("link", name="Forgotten password").click()
        page.get_by_label("E-mail address").fill(person.address)
        page.get_by_role("button", name="Send the link").click()
        expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
        page.goto(mail_link(page, person, "/reset"))
        person.password = "five other words of mine"
        page.get_by_role("textbox", name="New password").fill(person.password)
        page.get_by_role("button", name="Set it").click()
        expect(page.get_by_text("The new password is set")).to_be_visible()
        sign_in(page, person)


class TestTheSecondFactor:
    def test_is_set_up_and_asked_for(
        self, page: Page, person: Person, page_errors: list[str]
    ) -> None:
        sign_in(page, person)
        codes = turn_on_codes(page, person)
        assert len(set(codes)) == 10
        expect(page.get_by_text("Backup codes left: 10.")).to_be_visible()
        sign_out(page, person)
        give_password(page, person)
        code = page.get_by_label("Code of your app")
        code.fill("000000")
        page.get_by_role("button", name="Go on").click()
        expect(code).to_have_attribute("aria-invalid", "true")
        refused_on_purpose(page_errors)
        page.get_by_role("button", name="Use a backup code").click()
        page.get_by_label("Backup code").fill(codes[0])
        page.get_by_role("button", name="Go on").click()
        expect(menu_of(page, person)).to_be_visible()
        sign_out(page, person)
        sign_in(page, person)


class TestAPasskey:
    def test_is_added_named_used_and_deleted(self, page: Page, person: Person) -> None:
        hold_authenticator(page)
        sign_in(page, person)
        page.goto("/account")
        page.get_by_label("Name of the new passkey").fill("Laptop")
        page.get_by_role("button", name="Add a passkey").click()
        passkeys = page.get_by_role("list", name="Passkeys")
        expect(passkeys).to_contain_text("not used yet")
        page.get_by_role("button", name="Rename: Laptop").click()
        page.get_by_label("Name of this passkey").fill("Work laptop")
        page.get_by_role("button", name="Rename", exact=True).click()
        expect(passkeys).to_contain_text("Work laptop")
        sign_out(page, person)
        page.goto("/sign-in")
        page.get_by_role("button", name="Use a passkey").click()
        expect(menu_of(page, person)).to_be_visible()
        page.goto("/account")
        expect(passkeys).to_contain_text("used just now")
        page.get_by_role("button", name="Delete: Work laptop").click()
        expect(page.get_by_role("region", name="Passkeys")).to_contain_text("None yet.")

    def test_is_said_to_need_a_name_at_an_address_of_digits(
        self, context: BrowserContext, page: Page, person: Person, running: Up
    ) -> None:
        digits = f"http://127.0.0.1:{running.port}"
        page.goto(digits)
        page.get_by_role("link", name="Sign in").click()
        page.get_by_label("E-mail address").fill(person.address)
        page.get_by_role("textbox", name="Password").fill(person.password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(menu_of(page, person)).to_be_visible()
        page.goto(f"{digits}/account")
        link = page.get_by_role("link", name=f"localhost:{running.port}")
        expect(link).to_have_attribute("href", f"http://localhost:{running.port}/account")


class TestSessions:
    def test_one_is_ended_from_the_list(
        self, context: BrowserContext, page: Page, person: Person, page_errors: list[str]
    ) -> None:
        assert context.browser is not None
        elsewhere = context.browser.new_context(
            base_url=page.url.partition("/verify")[0], user_agent="Mozilla/5.0 (Windows) Firefox/1"
        )
        elsewhere.set_default_timeout(PATIENCE_MS)
        other = elsewhere.new_page()
        sign_in(other, person)
        sign_in(page, person)
        page.goto("/account")
        sessions = page.get_by_role("list", name="Sessions")
        expect(sessions.get_by_role("listitem")).to_have_count(2)
        expect(sessions.get_by_role("listitem").filter(has_text="This one")).to_have_count(1)
        page.get_by_role("button", name="End: Firefox on Windows").click()
        expect(sessions.get_by_role("listitem")).to_have_count(1)
        other.goto("/account")
        expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
        elsewhere.close()
        refused_on_purpose(page_errors)


class TestASensitiveAct:
    def test_asks_for_proof_once_it_is_old_and_is_then_done(
        self, page: Page, person: Person, running: Up, page_errors: list[str]
    ) -> None:
        sign_in(page, person)
        page.goto("/account")
        let_the_proof_grow_old(running.data, person)
        page.get_by_label("Name of the new key").fill("Notebook")
        page.get_by_role("button", name="Make a key").click()
        dialog = page.get_by_role("dialog")
        password = dialog.get_by_role("textbox", name="Password")
        expect(password).to_be_focused()
        password.fill("not the password")
        dialog.get_by_role("button", name="Go on").click()
        expect(dialog.get_by_text("This is not your password.")).to_be_visible()
        password.fill(person.password)
        dialog.get_by_role("button", name="Go on").click()
        expect(page.locator(".once__text")).to_have_text(re.compile("^twk_"))
        page.get_by_role("button", name="I have kept it").click()
        expect(page.get_by_role("list", name="API keys")).to_contain_text("Notebook")
        page.get_by_role("button", name="Revoke: Notebook").click()
        expect(page.get_by_role("region", name="API keys")).to_contain_text("None yet.")
        refused_on_purpose(page_errors)

    def test_is_left_undone_by_escape(
        self, page: Page, person: Person, running: Up, page_errors: list[str]
    ) -> None:
        sign_in(page, person)
        page.goto("/account")
        let_the_proof_grow_old(running.data, person)
        page.get_by_role("button", name="Turn it on").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_role("button", name="Turn it on")).to_be_focused()
        refused_on_purpose(page_errors)


class TestDeletingTheAccount:
    def test_signs_out_and_lets_nobody_in_again(
        self, page: Page, person: Person, page_errors: list[str]
    ) -> None:
        sign_in(page, person)
        page.goto("/account")
        page.get_by_role("button", name="Delete my account…").click()
        page.get_by_role("button", name="Delete my account now").click()
        expect(page.get_by_role("link", name="Sign in")).to_be_visible()
        give_password(page, person)
        expect(page.get_by_role("alert").filter(has_text="is not right")).to_be_visible()
        refused_on_purpose(page_errors)


class TestOnAPhone:
    def test_nothing_is_wider_than_the_screen(self, page: Page, person: Person) -> None:
        page.set_viewport_size(PHONE)
        sign_in(page, person)
        page.goto("/account")
        page.get_by_role("button", name="Turn it on").click()
        expect(page.locator("[data-secret]")).to_be_visible()
        assert_fits(page)
        sign_out(page, person)
        for path in ("/sign-in", "/register", "/forgot", "/reset"):
            page.goto(path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert_fits(page)


def assert_fits(page: Page) -> None:
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
    assert page.locator("main").evaluate("element => element.scrollWidth") <= PHONE["width"]


def let_the_proof_grow_old(data: Path, person: Person) -> None:
    """As if the person had signed in ten minutes ago."""
    with psycopg.connect(load_settings(data=data).database()) as connection:
        connection.execute(
            "UPDATE auth.sessions SET authenticated_at = authenticated_at - interval '10 min'"
            " WHERE user_id = (SELECT id FROM auth.users WHERE email = %s)",
            [person.address],
        )
