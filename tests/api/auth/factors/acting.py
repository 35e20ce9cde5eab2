"""Steps that many tests of factors begin with."""

from typing import Any

import httpx2
import pyotp

from delivery.letters import opened
from tests.api.auth.harness import Person, bearer, rows
from tests.api.harness import Api, Hands
from tests.identity.authenticator import Authenticator

ORIGIN = "http://localhost:8000"
"""Where the tests' public address is."""
STEP_US = 30_000_000
LONG_AGO_US = 301_000_000
"""Longer than an authentication opens sensitive acts for, and than a challenge lasts."""
REFUSED = (401, "INVALID_PASSKEY")


def totp(secret: str, clock: Hands) -> str:
    """The code that an authenticator shows now."""
    return pyotp.TOTP(secret).at(clock.now_us // 1_000_000)


async def enrolled(person: Person, clock: Hands) -> tuple[str, list[str]]:
    """Turn somebody's second factor on: its secret and the backup codes."""
    secret = data(await person.send("POST", "2fa/enrol"))["secret"]
    answer = await person.send("POST", "2fa/confirm", {"code": totp(secret, clock)})
    return secret, data(answer)["backup_codes"]


async def key_of(person: Person, *scopes: str) -> dict[str, Any]:
    """An API key of somebody."""
    body = {"name": "a program", "scopes": list(scopes or ("market:read",))}
    answer = await person.send("POST", "api-keys", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()["data"]
    return made


async def begin(api: Api, path: str, token: str = "") -> dict[str, Any]:
    """Begin a ceremony."""
    headers = bearer(token) if token else {}
    answer = await api.client.post(f"/api/auth/{path}/begin", headers=headers)
    begun: dict[str, Any] = data(answer)
    return begun


async def finish(
    api: Api, path: str, token: str, begun: dict[str, Any], credential: object, **others: object
) -> httpx2.Response:
    """Answer a ceremony."""
    body = {"ceremony_id": begun["ceremony_id"], "credential": credential} | others
    headers = bearer(token) if token else {}
    return await api.client.post(f"/api/auth/{path}/finish", json=body, headers=headers)


async def passkey_of(person: Person, name: str = "a phone") -> tuple[Authenticator, str]:
    """A passkey that somebody has registered, and its id."""
    authenticator = Authenticator()
    path, token = "biometric/register", person.access_token
    begun = await begin(person.api, path, token)
    credential = authenticator.create(begun["options"], ORIGIN)
    answer = await finish(person.api, path, token, begun, credential, name=name)
    assert answer.status_code == 201, answer.text
    return authenticator, answer.json()["data"]["id"]


async def proof(
    api: Api,
    path: str,
    authenticator: Authenticator,
    token: str = "",
    origin: str = ORIGIN,
    **others: object,
) -> httpx2.Response:
    """Both halves of a ceremony that a passkey answers."""
    begun = await begin(api, path, token)
    credential = authenticator.get(begun["options"], origin)
    return await finish(api, path, token, begun, credential, **others)


def told(person: Person, letter: str) -> set[str]:
    """What the letters of a kind have told somebody."""
    ring = person.api.app.state.config.identity.ring
    statement = "SELECT * FROM delivery.outbox WHERE address = %s AND template = %s"
    found = rows(person.api, statement, person.email, letter)
    return {opened(ring, row["id"], row["context"])["what"] for row in found}


def data(answer: httpx2.Response) -> Any:
    """The data of a successful answer."""
    assert answer.is_success, answer.text
    return answer.json()["data"]
