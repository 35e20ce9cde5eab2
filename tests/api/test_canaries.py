"""Canaries: what is secret of an account is planted through its whole life, then searched for everywhere.

In logs at `debug`, in refusals, in every table of accounts and mail as `COPY` writes it, and in every key
of Redis: as it is, in hexadecimal (which is how bytea looks) and in base64.
"""

import asyncio
import base64
import io
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import psycopg
import pytest
import redis
import structlog

from api.config import ApiConfig, IdentityConfig
from delivery.email import EmailChannel
from delivery.relay import Relay
from delivery.senders import sender_of
from tests.api.auth.harness import letters, rows, token_of, totp
from tests.api.harness import Api, Hands, serve
from tests.delivery.mail_servers import mail_server
from tradewind.logs import configure

EMAIL = "canary.person@mailbox.example"
PHONE = "+442079460167"
FIRST, SECOND = "canary quartz 1f8e first", "canary quartz 9b2d second"
WRONG = "canary quartz 77aa wrong"


@dataclass
class Life:
    """One account over HTTP; keeps what is secret of it, and every refusal."""

    api: Api
    clock: Hands
    secrets: dict[str, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    access_token: str = ""

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """The data of an answer; None of a refusal, which is kept."""
        if self.access_token and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.access_token}"
        response = await self.api.client.request(method, path, json=body, headers=headers)
        return self._kept(response)

    def _kept(self, response: httpx2.Response) -> Any:
        if response.status_code >= 400:
            self.refusals.append(response.text)
            return None
        return response.json()["data"]

    async def raw(self, path: str, content: str, content_type: str = "application/json") -> None:
        """A body that is none, which is refused."""
        headers = {"Content-Type": content_type}
        response = await self.api.client.post(path, content=content, headers=headers)
        assert response.status_code >= 400
        self._kept(response)

    def signed_in(self, data: dict[str, Any], step: str) -> None:
        """Keep the tokens of an answer."""
        self.access_token = data["access_token"]
        for name in ("access_token", "refresh_token", "device_token"):
            if data.get(name):
                self.secrets[f"{name} of {step}"] = data[name]

    def mailed(self, letter: str) -> str:
        """The token of the newest such letter."""
        token = token_of(letters(self.api, EMAIL)[letter]["link"])
        self.secrets[f"token of letter {letter}"] = token
        return token


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the process logs at `debug`."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure("debug")
    yield stream
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers[:], root.level = handlers, level


@pytest.fixture
async def life(said: io.StringIO, config: ApiConfig, clock: Hands) -> AsyncIterator[Life]:
    identity = IdentityConfig.for_tests(rates=False, ring=config.identity.ring)
    served = ApiConfig(
        config.database_url, config.redis_url, config.feed, clock=clock, identity=identity
    )
    async with serve(served) as api:
        await api.following()
        yield Life(api, clock)


async def live(life: Life) -> None:
    """Register, confirm, log in, take a second factor and an API key, refresh, reset."""
    life.secrets |= {"first password": FIRST, "second password": SECOND, "wrong password": WRONG}
    body = {"email": EMAIL, "password": FIRST, "name": "Canary"}
    assert await life.call("POST", "/api/auth/register", body)
    token = life.mailed("registration")
    assert await life.call("POST", "/api/auth/verify-email", {"token": token})
    life.signed_in(await life.call("POST", "/api/auth/login", login(FIRST)), "login")
    assert await life.call("PATCH", "/api/auth/me", {"phone": PHONE})
    await take_second_factor(life)
    wanted = {"name": "quant", "scopes": ["market:read"], "expires_in_days": 30}
    made = await life.call("POST", "/api/auth/api-keys", wanted)
    life.secrets["API key"] = made["key"]
    body = {"refresh_token": life.secrets["refresh_token of login"]}
    life.signed_in(await life.call("POST", "/api/auth/refresh-token", body), "refresh")
    assert await life.call("POST", "/api/auth/password/forgot", {"email": EMAIL})
    body = {"token": life.mailed("password_reset"), "new_password": SECOND}
    assert await life.call("POST", "/api/auth/password/reset", body)
    life.clock.now_us += 1_000_000  # what was issued at the instant of the reset ended with it


async def take_second_factor(life: Life) -> None:
    enrolment = await life.call("POST", "/api/auth/2fa/enrol")
    secret = enrolment["secret"].replace(" ", "")
    life.secrets["TOTP secret"] = secret
    code = totp(base64.b32decode(secret + "=" * (-len(secret) % 8)), life.clock)
    confirmed = await life.call("POST", "/api/auth/2fa/confirm", {"code": code})
    for number, backup_code in enumerate(confirmed["backup_codes"]):
        life.secrets[f"backup code {number}"] = backup_code


async def be_refused(life: Life) -> None:
    """Show secrets where they are not good, or not expected."""
    life.access_token = ""
    await life.call("POST", "/api/auth/login", login(WRONG))
    await life.call("POST", "/api/auth/login", {**login(WRONG), "extra": WRONG})
    await life.call("POST", "/api/auth/login", {"email": EMAIL, "password": [WRONG]})
    await life.raw("/api/auth/login", f'{{"email": "{EMAIL}", "password": "{WRONG}"')
    await life.raw("/api/auth/login", f"password={WRONG}", "application/x-www-form-urlencoded")
    await life.call("POST", "/api/auth/register", {"email": EMAIL, "password": WRONG, "name": 1})
    for token in [life.secrets[name] for name in life.secrets if "token" in name]:
        await life.call("POST", "/api/auth/refresh-token", {"refresh_token": token})
        await life.call("POST", "/api/auth/verify-email", {"token": token})
        await life.call("GET", "/api/auth/me", Authorization=f"Bearer {token}x")
        await life.call("GET", f"/api/auth/sessions?access_token={token}")
        await life.call("GET", f"/api/nothing/{token}")
    data = await life.call("POST", "/api/auth/login", login(SECOND))
    life.secrets["pre-2FA token"] = data["pre_2fa_token"]
    waiting = {"Authorization": f"Bearer {data['pre_2fa_token']}"}
    await life.call("GET", "/api/auth/me", **waiting)
    wrong_code = {"backup_code": "aaaaa-aaaaa"}
    await life.call("POST", "/api/auth/verify-2fa", wrong_code, **waiting)
    spent = {"backup_code": life.secrets["backup code 0"]}
    signed_in = await life.call("POST", "/api/auth/verify-2fa", spent, **waiting)
    life.signed_in(signed_in, "second factor")


def login(password: str) -> dict[str, str]:
    return {"email": EMAIL, "password": password}


async def deliver(life: Life) -> None:
    """Deliver what waits, to a server that refuses the first and postpones the second."""
    services = life.api.app.state.services
    untouched = "SELECT FROM delivery.outbox WHERE state = 'waiting' AND attempts = 0"
    async with mail_server(answers=["550 No such user", "451 Later"]) as mail:
        channel = EmailChannel(mail.server(), sender_of("t@tradewind.example"))
        ring = services.config.identity.ring
        relay = Relay(services.writes, ring, channel, clock=life.clock, poll_interval_s=0.01)
        stop = asyncio.Event()
        running = asyncio.create_task(relay.run(stop))
        async with asyncio.timeout(20):
            while True:
                if not rows(life.api, untouched):
                    break
                await asyncio.sleep(0.01)
        stop.set()
        await running


def spellings(secret: str) -> list[str]:
    raw = secret.encode()
    return [secret, raw.hex(), base64.b64encode(raw).decode().rstrip("=")]


def found(secrets: dict[str, str], text: str) -> list[str]:
    """The names of the secrets that a text shows."""
    return [
        name
        for name, secret in secrets.items()
        if any(spelling in text for spelling in spellings(secret))
    ]


def tables(url: str) -> str:
    """Everything in the schemas of accounts and mail, as text."""
    written = []
    with psycopg.connect(url, autocommit=True) as connection:
        names = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname IN ('auth', 'delivery') ORDER BY 1"
        ).fetchall()
        for (name,) in names:
            with connection.cursor().copy(f"COPY {name} TO STDOUT") as copy:
                written += [name.encode(), *(bytes(block) for block in copy)]
    return b"\n".join(written).decode()


def cached(url: str) -> str:
    """Every key of Redis and all it holds, as text."""
    written: list[object] = []
    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter():
            reading: dict[bytes, Any] = {
                b"string": client.get,
                b"hash": client.hgetall,
                b"list": lambda name: client.lrange(name, 0, -1),
                b"set": client.smembers,
                b"zset": lambda name: client.zrange(name, 0, -1, withscores=True),
                b"stream": client.xrange,
            }
            written += [key, reading[client.type(key)](key)]
    return repr(written)


async def test_what_is_secret_shows_nowhere(life: Life, said: io.StringIO) -> None:
    await live(life)
    await be_refused(life)
    waiting = tables(life.api.app.state.config.database_url)
    await deliver(life)
    config = life.api.app.state.config
    places = {
        "logs": said.getvalue(),
        "refusals": "\n".join(life.refusals),
        "tables while mail waits": waiting,
        "tables": tables(config.database_url),
        "redis": cached(config.redis_url),
    }
    assert {name: found(life.secrets, text) for name, text in places.items()} == {
        name: [] for name in places
    }
    assert len(life.secrets) >= 24
    assert len(life.refusals) >= 20
    # The places are where things would be, and the search finds what is there.
    assert EMAIL in places["tables"]
    assert "letter is dead" in places["logs"]
    assert "letter failed" not in places["logs"]
    assert places["redis"] != "[]"
    assert found({"email": EMAIL}, places["tables"].encode().hex()) == ["email"]
    # Nor do people: addresses and numbers are masked in logs, and sealed or digested in Redis.
    people = {"address": EMAIL, "number": PHONE}
    assert found(people, places["logs"]) == []
    assert found(people, places["redis"]) == []
    assert found({"number": PHONE}, places["tables"]) == []
