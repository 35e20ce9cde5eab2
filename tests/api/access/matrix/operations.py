"""What each operation is asked with, and what it answers who may: an operation without an entry fails."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.api.access.people import PASSWORD, Person

Body = Callable[[Person], Mapping[str, Any]]


@dataclass(frozen=True)
class Example:
    """A request that its operation would carry out, or refuse for a reason that is none of access.

    `status` and `code` are what one who may is answered, `path` the ids in the address. `second_factor`:
    the caller has one.
    """

    status: int = 200
    code: str | None = None
    body: Body | None = None
    path: Callable[[Person], Mapping[str, object]] = lambda _: {}
    query: Mapping[str, str] = field(default_factory=dict)
    second_factor: bool = False


def _said(**body: Any) -> Body:
    return lambda _: body


def _user(person: Person) -> Mapping[str, object]:
    return {"user_id": person.user.id, "session_id": person.session_id}


_TOKEN = "twm_" + "A" * 43
_CEREMONY = _said(ceremony_id=str(uuid4()), credential={}, name="phone")
_PROOF = _said(ceremony_id=str(uuid4()), credential={})
_FX = {"symbol": "EUR-USD"}
_QUERY = {
    "symbols": ["EUR-USD"],
    "start": "2026-11-24T00:00:00Z",
    "end": "2026-11-24T01:00:00Z",
    "interval": "1m",
    "columns": ["close"],
}
NEW_PASSWORD = "another horse of some colour"

EXAMPLES: dict[str, Example] = {
    "GET /health": Example(),
    "GET /ready": Example(),
    "GET /metrics": Example(),
    "GET /docs": Example(),
    "GET /api/market/instruments": Example(),
    "GET /api/market/prices": Example(),
    "GET /api/market/ticks": Example(query=_FX),
    "GET /api/market/candles": Example(query={**_FX, "interval": "1m"}),
    "GET /api/market/gaps": Example(),
    "GET /api/market/quality": Example(),
    "POST /api/market/query": Example(body=lambda _: _QUERY),
    "GET /api/market/query/vocabulary": Example(),
    "POST /api/market/sql": Example(503, "SQL_NOT_CONFIGURED", _said(sql="SELECT 1")),
    "GET /api/market/sql/views": Example(),
    "GET /api/stream/prices": Example(),
    "POST /api/stream/ticket": Example(),
    "GET /api/stream/events": Example(),
    "GET /development/outbox": Example(404, "NOT_FOUND"),
    "GET /api/outbox": Example(404, "NOT_FOUND"),
    "GET /.well-known/jwks.json": Example(),
    "POST /api/auth/register": Example(
        202, body=_said(email="new@example.com", password=NEW_PASSWORD, name="New")
    ),
    "POST /api/auth/verify-email": Example(400, "INVALID_TOKEN", _said(token=_TOKEN)),
    "POST /api/auth/login": Example(
        body=lambda person: {"email": person.user.email, "password": PASSWORD}
    ),
    "POST /api/auth/verify-2fa": Example(
        401, "INVALID_CODE", _said(code="123456"), second_factor=True
    ),
    "POST /api/auth/refresh-token": Example(
        body=lambda person: {"refresh_token": person.refresh_token}
    ),
    "POST /api/auth/password/forgot": Example(202, body=_said(email="new@example.com")),
    "POST /api/auth/password/reset": Example(
        400, "INVALID_TOKEN", _said(token=_TOKEN, new_password=NEW_PASSWORD)
    ),
    "POST /api/auth/account/lock": Example(400, "INVALID_TOKEN", _said(token=_TOKEN)),
    "POST /api/auth/logout": Example(body=_said()),
    "GET /api/auth/me": Example(),
    "PATCH /api/auth/me": Example(body=_said(name="Else")),
    "POST /api/auth/step-up": Example(body=_said(password=PASSWORD)),
    "PATCH /api/auth/password": Example(
        body=_said(current_password=PASSWORD, new_password=NEW_PASSWORD)
    ),
    "DELETE /api/auth/account": Example(),
    "GET /api/auth/sessions": Example(),
    "DELETE /api/auth/sessions/{session_id}": Example(path=_user),
    "GET /api/auth/2fa": Example(),
    "POST /api/auth/2fa/enrol": Example(),
    "POST /api/auth/2fa/confirm": Example(404, "NOT_FOUND", _said(code="123456")),
    "POST /api/auth/2fa/backup-codes": Example(409, "CONFLICT"),
    "DELETE /api/auth/2fa": Example(409, "CONFLICT"),
    "GET /api/auth/biometric": Example(),
    "POST /api/auth/biometric/register/begin": Example(),
    "POST /api/auth/biometric/register/finish": Example(401, "INVALID_PASSKEY", _CEREMONY),
    "POST /api/auth/biometric/register": Example(401, "INVALID_PASSKEY", _CEREMONY),
    "PATCH /api/auth/biometric/{passkey_id}": Example(
        body=_said(name="desk"), path=lambda person: {"passkey_id": person.passkey_id}
    ),
    "DELETE /api/auth/biometric/{passkey_id}": Example(
        path=lambda person: {"passkey_id": person.passkey_id}
    ),
    "GET /api/auth/api-keys": Example(),
    "POST /api/auth/api-keys": Example(201, body=_said(name="new", scopes=["market:read"])),
    "DELETE /api/auth/api-keys/{key_id}": Example(path=lambda person: {"key_id": person.key_id}),
    "POST /api/auth/biometric/verify/begin": Example(),
    "POST /api/auth/biometric/verify/finish": Example(401, "INVALID_PASSKEY", _PROOF),
    "POST /api/auth/biometric/verify": Example(401, "INVALID_PASSKEY", _PROOF),
    "POST /api/auth/verify-2fa/passkey/begin": Example(),
    "POST /api/auth/verify-2fa/passkey/finish": Example(401, "INVALID_PASSKEY", _PROOF),
    "POST /api/auth/step-up/passkey/begin": Example(),
    "POST /api/auth/step-up/passkey/finish": Example(401, "INVALID_PASSKEY", _PROOF),
    "GET /api/admin/users": Example(),
    "GET /api/admin/users/{user_id}": Example(path=_user),
    "POST /api/admin/users/{user_id}/lock": Example(path=_user, body=_said(reason="asked to")),
    "POST /api/admin/users/{user_id}/unlock": Example(409, "CONFLICT", path=_user),
    "PUT /api/admin/users/{user_id}/role": Example(path=_user, body=_said(role="support")),
    "GET /api/admin/users/{user_id}/sessions": Example(path=_user),
    "DELETE /api/admin/users/{user_id}/sessions/{session_id}": Example(path=_user),
    "GET /api/admin/audit": Example(),
}
