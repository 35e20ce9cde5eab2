"""The letters that there are, what each of them tells, and how one is posted.

A letter is posted in the transaction of what it tells about: both happen or neither. Its facts, links
with tokens among them, lie sealed in the outbox until it is delivered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol
from uuid import UUID, uuid4

import orjson

from delivery.errors import UnfitFactsError
from storage import outbox
from storage.pools import Connection

Condition = Literal["always", "if_account", "if_no_account"]
"""Whether a letter goes out depends on whether its address has an account by then."""


class Ring(Protocol):
    """What seals the facts of a letter, and opens them again: an `identity.keyring.KeyRing`."""

    def seal(self, plaintext: bytes, *, of: str) -> bytes:
        """The plaintext, unreadable and bound to where it belongs."""

    def open(self, sealed: bytes, *, of: str) -> bytes:
        """What was sealed for that place."""


class Letter(StrEnum):
    """The name of a letter, which is that of its templates."""

    REGISTRATION = "registration"
    ALREADY_REGISTERED = "already_registered"
    PASSWORD_RESET = "password_reset"
    PASSWORD_CHANGED = "password_changed"
    NEW_DEVICE = "new_device"
    TWO_FACTOR_CHANGED = "two_factor_changed"
    PASSKEY_CHANGED = "passkey_changed"
    API_KEY_CREATED = "api_key_created"
    ACCOUNT_LOCKED = "account_locked"
    ACCOUNT_DELETED = "account_deleted"


@dataclass(frozen=True, slots=True)
class Form:
    """A letter's subject, and the facts that it needs."""

    subject: str
    facts: frozenset[str]


_FROM_WHERE = ("at", "device", "address")
"""Facts of what somebody did: when, with which device, from which address."""

FORMS: Mapping[Letter, Form] = {
    Letter.REGISTRATION: Form("Confirm your e-mail address", frozenset({"link"})),
    Letter.ALREADY_REGISTERED: Form(
        "You already have an account", frozenset({"link", "reset_link"})
    ),
    Letter.PASSWORD_RESET: Form("Choose a new password", frozenset({"link"})),
    Letter.PASSWORD_CHANGED: Form("Your password was changed", frozenset({*_FROM_WHERE, "link"})),
    Letter.NEW_DEVICE: Form("A new device signed in", frozenset({*_FROM_WHERE, "link"})),
    Letter.TWO_FACTOR_CHANGED: Form(
        "Your two-factor authentication has changed", frozenset({*_FROM_WHERE, "what"})
    ),
    Letter.PASSKEY_CHANGED: Form("Your passkeys have changed", frozenset({*_FROM_WHERE, "what"})),
    Letter.API_KEY_CREATED: Form(
        "An API key was made", frozenset({"name", "scopes", "at", "address"})
    ),
    Letter.ACCOUNT_LOCKED: Form("Your account is locked", frozenset({"reason"})),
    Letter.ACCOUNT_DELETED: Form("Your account was deleted", frozenset({"erased_at"})),
}
OPTIONAL = frozenset({"person"})
"""A fact that any letter may have: how the person is called."""


async def post(
    connection: Connection,
    ring: Ring,
    letter: Letter,
    address: str,
    facts: Mapping[str, str],
    *,
    condition: Condition = "always",
    now: datetime,
) -> UUID:
    """Put a letter into the outbox, within the caller's transaction; its id, which stays the same.

    `condition` is decided when it is delivered. UnfitFactsError where the facts are not the letter's.
    """
    require_fit(letter, facts)
    id_ = uuid4()
    context = ring.seal(orjson.dumps(dict(facts)), of=place_of(id_))
    await outbox.enqueue(
        connection,
        id_,
        address=address,
        condition=condition,
        template=letter,
        context=context,
        now=now,
    )
    return id_


def require_fit(letter: Letter, facts: Mapping[str, str]) -> None:
    """UnfitFactsError where the facts are not those of the letter."""
    needed = FORMS[letter].facts
    missing, unknown = needed - facts.keys(), facts.keys() - needed - OPTIONAL
    if missing or unknown:
        raise UnfitFactsError(letter, missing, unknown)


def opened(ring: Ring, id_: UUID, context: bytes) -> dict[str, str]:
    """The facts of a posted letter."""
    facts: dict[str, str] = orjson.loads(ring.open(context, of=place_of(id_)))
    return facts


def place_of(id_: UUID) -> str:
    """What the facts of that row are sealed for."""
    return f"delivery.outbox/{id_}/context"
