"""People who come to the doors, and the letters that they get."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx2
import psycopg
from psycopg.rows import dict_row

from api.access.client import ClientFacts
from api.auth.second_factor import secret_place
from delivery.letters import opened
from identity.backup_codes import hash_codes, new_codes, new_salt
from identity.totp import new_secret
from market.clock import datetime_of
from storage.identity import two_factor, users
from storage.identity.users import User
from tests.api.harness import Api, Hands

PASSWORD = "correct horse battery"
OTHER_PASSWORD = "a staple for the horse"
CLIENT = ClientFacts("192.0.2.7", "a test", "req_test")


@dataclass
class Person:
    """Somebody with an account, and what a client of theirs keeps."""

    api: Api
    email: str
    id: UUID
    password: str = PASSWORD
    access_token: str = ""
    refresh_token: str = ""
    device_token: str | None = None
    session_id: str = ""
    pre_2fa_token: str = ""
    answers: list[httpx2.Response] = field(default_factory=list)

    async def login(self, **others: object) -> httpx2.Response:
        """Log in, and keep what comes of it."""
        body = {"email": self.email, "password": self.password} | others
        response = await self.api.client.post("/api/auth/login", json=body)
        if response.status_code == 200:
            self.keep(response.json()["data"])
        return response

    def keep(self, data: dict[str, Any]) -> None:
        """Keep the tokens of an answer."""
        for name in ("access_token", "refresh_token", "pre_2fa_token"):
            setattr(self, name, data.get(name) or "")
        self.device_token = data.get("device_token") or self.device_token

    async def send(self, method: str, path: str, body: object = None) -> httpx2.Response:
        """A request with this person's access token."""
        return await self.api.client.request(
            method, f"/api/auth/{path}", json=body, headers=bearer(self.access_token)
        )


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def post(api: Api, path: str, body: object) -> httpx2.Response:
    """A request of nobody."""
    return await api.client.post(f"/api/auth/{path}", json=body)


async def member(api: Api, email: str = "ann@example.com", **others: Any) -> Person:
    """Somebody who has an account, made behind the doors, and is not signed in."""
    user = await account(api, email, **others)
    return Person(api, email, user.id)


async def signed_in(api: Api, email: str = "ann@example.com") -> Person:
    """Somebody who has just logged in with a device that is known from now on."""
    person = await member(api, email)
    assert (await person.login()).status_code == 200
    return person


async def account(api: Api, email: str, role: str = "user") -> User:
    """An account that has verified its address."""
    services = api.app.state.services
    password_hash = await services.hasher.hash(PASSWORD)
    async with services.writes.transaction() as connection:
        user: User | None = await users.create(
            connection,
            uuid4(),
            email=email,
            password_hash=password_hash,
            name="Ann",
            role=role,
            now=datetime_of(services.config.clock()),
        )
    assert user is not None
    return user


def rows(api: Api, statement: str, *parameters: object) -> list[dict[str, Any]]:
    """What the database holds."""
    url = api.app.state.config.database_url
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        return connection.execute(statement, parameters).fetchall()


def letters(api: Api, email: str) -> dict[str, dict[str, str]]:
    """The newest letter of each kind that waits for an address, with what it tells and when it is sent."""
    ring = api.app.state.config.identity.ring
    found = rows(
        api, "SELECT * FROM delivery.outbox WHERE address = %s ORDER BY created_at, id", email
    )
    return {
        row["template"]: opened(ring, row["id"], row["context"]) | {"sent": row["condition"]}
        for row in found
    }


def token_of(link: str) -> str:
    """The token in the fragment of a letter's link."""
    return link.partition("#token=")[2]


def audited(api: Api) -> list[str]:
    """What was done, in order."""
    return [row["action"] for row in rows(api, "SELECT action FROM auth.audit ORDER BY id")]


def statuses(answers: Iterable[httpx2.Response]) -> list[int]:
    """Their statuses, sorted."""
    return sorted(answer.status_code for answer in answers)


def code(answer: httpx2.Response) -> tuple[int, str]:
    """The status of a refusal and its code."""
    return answer.status_code, answer.json()["error"]["code"]


def totp(secret: bytes, clock: Hands, steps: int = 0) -> str:
    """The code that an authenticator shows (RFC 6238), so many steps from now."""
    step = clock.now_us // 30_000_000 + steps
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    place = mac[-1] & 15
    number = int.from_bytes(mac[place : place + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


async def enrolled(person: Person) -> tuple[bytes, list[str]]:
    """Give an account a second factor; its secret and its backup codes."""
    services = person.api.app.state.services
    identity = services.config.identity
    secret, salt, codes = new_secret(), new_salt(), new_codes()
    sealed = identity.ring.seal(secret, of=secret_place(person.id))
    hashes = await hash_codes(codes, salt, services.hasher)
    now = datetime_of(services.config.clock())
    async with services.writes.transaction() as connection:
        await two_factor.begin(connection, person.id, secret=sealed, salt=salt, now=now)
        await two_factor.enable(connection, person.id, step=1, now=now)
        await two_factor.replace_codes(connection, person.id, salt=salt, hashes=hashes)
    return secret, codes
