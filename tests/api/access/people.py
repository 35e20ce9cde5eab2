"""Accounts as the tests of access need them: made in the database, with tokens of every kind."""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson

from api.auth.second_factor import secret_place
from api.services import ServiceSet
from identity import tokens
from identity.opaque import API_KEY, REFRESH, digest, new_token
from identity.scopes import KEY_SCOPES, scopes_of
from identity.tokens import SigningKey, new_signing_key
from identity.totp import new_secret
from market.clock import datetime_of
from storage.identity import api_keys, passkeys, refresh_tokens, sessions, two_factor, users
from storage.identity.api_keys import ApiKey
from storage.identity.passkeys import Passkey
from storage.identity.sessions import Session
from storage.identity.users import User

PASSWORD = "a horse of another colour"


@dataclass(frozen=True)
class Person:
    """Somebody with a session that was authenticated just now, a pending one, an API key and a passkey."""

    user: User
    session_id: UUID
    pending_id: UUID
    refresh_token: str
    key_id: UUID
    key: str
    passkey_id: UUID


async def make_person(
    services: ServiceSet,
    *,
    role: str = "user",
    scopes: frozenset[str] = KEY_SCOPES,
    authenticated_s_ago: int = 0,
    second_factor: bool = False,
) -> Person:
    """A new account; `scopes` are its API key's."""
    now = datetime_of(services.config.clock())
    password_hash = await services.hasher.hash(PASSWORD)
    refresh, key = new_token(REFRESH), new_token(API_KEY)
    key_id, passkey_id = uuid4(), uuid4()
    async with services.writes.transaction() as connection:
        user = await users.create(
            connection,
            uuid4(),
            email=f"{secrets.token_hex(8)}@example.com",
            password_hash=password_hash,
            name="Ann",
            role=role,
            now=now,
        )
        assert user is not None
        session_id = uuid4()
        ago = timedelta(seconds=authenticated_s_ago)
        await sessions.add(connection, _session(session_id, user, now, authenticated_at=now - ago))
        pending_id = uuid4()
        await sessions.add(connection, _session(pending_id, user, now, pending=True))
        await refresh_tokens.add(connection, digest(refresh), session_id=session_id, now=now)
        year = now + timedelta(days=365)
        row = ApiKey(key_id, user.id, "research", digest(key), sorted(scopes), now, year)
        await api_keys.add(connection, row)
        if second_factor:
            place = secret_place(user.id)
            sealed = services.config.identity.ring.seal(new_secret(), of=place)
            await two_factor.begin(connection, user.id, secret=sealed, salt=b"salt" * 4, now=now)
            assert await two_factor.enable(connection, user.id, step=1, now=now)
        credential = secrets.token_bytes(16)
        nobody = str(UUID(int=0))
        await passkeys.add(
            connection,
            Passkey(passkey_id, user.id, "laptop", credential, b"key", 1, nobody, [], False, now),
        )
    return Person(user, session_id, pending_id, refresh, key_id, key, passkey_id)


def access_token(services: ServiceSet, person: Person, **others: Any) -> str:
    """An access token of a person's session; `others` say what is wrong with it."""
    now_s = services.config.clock() / 1_000_000
    identity = services.config.identity
    said: dict[str, Any] = {
        "key": services.keys.signer(),
        "issuer": identity.issuer,
        "audience": identity.audience,
        "user_id": person.user.id,
        "session_id": person.session_id,
        "email": person.user.email,
        "role": person.user.role,
        "scopes": scopes_of(person.user.role),
        "auth_time_s": now_s,
        "now_s": now_s,
    }
    said |= others
    return tokens.issue_access(said.pop("key"), **said)


def pre_2fa_token(services: ServiceSet, person: Person) -> str:
    """The token of a person's pending session."""
    identity = services.config.identity
    return tokens.issue_pre_2fa(
        services.keys.signer(),
        issuer=identity.issuer,
        audience=identity.audience,
        user_id=person.user.id,
        session_id=person.pending_id,
        email=person.user.email,
        now_s=services.config.clock() / 1_000_000,
    )


def forged_key(services: ServiceSet) -> SigningKey:
    """Another's key under the id of ours."""
    ours, theirs = services.keys.signer(), new_signing_key()
    return SigningKey(ours.kid, theirs.private, theirs.public_jwk)


def unsigned(token: str) -> str:
    """The same claims under a header that says that nobody signed them."""
    header = urlsafe_b64encode(orjson.dumps({"alg": "none", "typ": "at+jwt"})).rstrip(b"=")
    return f"{header.decode()}.{token.split('.')[1]}."


async def end_session(services: ServiceSet, session_id: UUID) -> None:
    """Log out, and have the process know of it."""
    now = datetime_of(services.config.clock())
    async with services.writes.transaction() as connection:
        await sessions.revoke(connection, session_id, reason="logout", now=now)
    await services.revocations.poll()


async def lock(services: ServiceSet, user_id: UUID) -> None:
    """Lock an account as `api/admin` does, and have the process know of it."""
    now = datetime_of(services.config.clock())
    async with services.writes.transaction() as connection:
        await users.lock(connection, user_id, reason="test", now=now)
        await sessions.revoke_all(connection, user_id, reason="lock", now=now)
        await api_keys.revoke_all(connection, user_id, reason="lock", now=now)
    await services.revocations.poll()


def _session(id_: UUID, user: User, now: Any, **others: Any) -> Session:
    said: dict[str, Any] = {
        "pending": False,
        "authenticated_at": now,
        "device_id": None,
        "device_info": {},
        "ip_address": None,
        "transport": "bearer",
        "second_factor": False,
    }
    return Session(
        id=id_,
        user_id=user.id,
        created_at=now,
        last_used_at=now,
        expires_at=now + timedelta(days=30),
        **(said | others),
    )
