"""The keys that sign access tokens, as this process knows them.

A new key signs only once it is `SIGNS_AFTER_S` old, so that every process knows it by then; a retired
one verifies until the last token that it signed has expired.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from identity.errors import UnsealError
from identity.keyring import KeyRing
from identity.tokens import SigningKey, new_signing_key
from market.clock import Clock, datetime_of, microseconds
from storage.errors import DatabaseUnavailableError, StorageError
from storage.identity import signing_keys
from storage.identity.signing_keys import StoredSigningKey
from storage.pools import ReadPool, WritePool

RELOAD_EVERY_S = 60.0
RETRY_EVERY_S = 1.0
SIGNS_AFTER_S = 10
VERIFIES_FOR_S = 17 * 60
"""For how long a retired key verifies: what it signed before every process knew lives 16."""
UNKNOWN_AT_MOST_EVERY_S = 1.0
"""How often an unknown key may make a process look for new ones."""

_log = logging.getLogger(__name__)


class SigningKeys:
    """A cache over the database; it goes on with what it has while that is away."""

    def __init__(
        self,
        database: ReadPool,
        writes: WritePool,
        ring: KeyRing,
        clock: Clock,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.loaded = asyncio.Event()
        """Set once there is a key."""
        self._database = database
        self._writes = writes
        self._ring = ring
        self._clock = clock
        self._monotonic = monotonic
        self._rows: Sequence[StoredSigningKey] = ()
        self._public: dict[str, Mapping[str, Any]] = {}
        self._opened: dict[str, SigningKey] = {}
        self._looked_s = float("-inf")

    def public(self) -> Mapping[str, Mapping[str, Any]]:
        """The public keys by id: what tokens are verified with, and `jwks.json` shows."""
        return self._public

    async def public_with(self, kid: str) -> Mapping[str, Mapping[str, Any]]:
        """The same, after a look for new ones where this one is not among them."""
        looked_for_s = self._monotonic() - self._looked_s
        if kid not in self._public and looked_for_s >= UNKNOWN_AT_MOST_EVERY_S:
            try:
                await self.load()
            except StorageError as error:
                _log.warning("signing keys not loaded: %s", error)
        return self._public

    def signer(self) -> SigningKey:
        """The newest key that every process knows, or the oldest, while all of them are new.

        DatabaseUnavailableError while there is none: it is made with the first connection.
        """
        known_us = self._clock() - SIGNS_AFTER_S * 1_000_000
        candidates = [
            row
            for row in self._rows
            if row.kid in self._opened
            and (row.retired_at is None or microseconds(row.retired_at) > known_us)
        ]
        if not candidates:
            raise DatabaseUnavailableError("no signing key was loaded yet")
        known = (row for row in candidates if microseconds(row.created_at) <= known_us)
        kid = next(known, candidates[-1]).kid
        return self._opened[kid]

    async def load(self) -> None:
        """Read them. Raises as the pool does."""
        self._looked_s = self._monotonic()
        since = datetime_of(self._clock() - VERIFIES_FOR_S * 1_000_000)
        rows = await self._database.read(signing_keys.known, retired_since=since)
        found = [(row, self._opened.get(row.kid) or _opened(row, self._ring)) for row in rows]
        self._opened = {row.kid: key for row, key in found if key is not None}
        self._rows = rows
        self._public = {row.kid: row.public_jwk for row in rows}
        if any(row.retired_at is None and row.kid in self._opened for row in rows):
            self.loaded.set()

    async def run(self) -> None:
        """Keep up with them, for ever; the first process of all makes the first key."""
        while True:
            try:
                await self.load()
                if not self.loaded.is_set():
                    await make_first_key(self._writes, self._ring, self._clock)
                    await self.load()
                await asyncio.sleep(RELOAD_EVERY_S)
            except StorageError as error:
                _log.warning("signing keys not loaded: %s", error)
                await asyncio.sleep(RETRY_EVERY_S)


async def make_first_key(writes: WritePool, ring: KeyRing, clock: Clock) -> None:
    """Make a key, unless this ring opens one that signs: of processes that start together one does."""
    async with writes.transaction() as connection:
        await signing_keys.lock(connection)
        now = datetime_of(clock())
        rows = await signing_keys.known(connection, retired_since=now)
        if not any(row.retired_at is None and _opened(row, ring) for row in rows):
            await signing_keys.add(connection, sealed_key(new_signing_key(), ring, now))


async def rotate_key(writes: WritePool, ring: KeyRing, clock: Clock) -> str:
    """Make a new key and retire the others; its id."""
    key = new_signing_key()
    async with writes.transaction() as connection:
        await signing_keys.lock(connection)
        now = datetime_of(clock())
        await signing_keys.add(connection, sealed_key(key, ring, now))
        await signing_keys.retire_others(connection, key.kid, now=now)
    return key.kid


def sealed_key(key: SigningKey, ring: KeyRing, now: datetime) -> StoredSigningKey:
    """What is stored of a key."""
    sealed = ring.seal(key.private, of=_place(key.kid))
    return StoredSigningKey(key.kid, sealed, key.public_jwk, now, None)


def _opened(row: StoredSigningKey, ring: KeyRing) -> SigningKey | None:
    """None where the ring that sealed it is lost: it still verifies, and another signs."""
    try:
        private = ring.open(row.private_sealed, of=_place(row.kid))
    except UnsealError as error:
        _log.warning("signing key %s: %s", row.kid, error)
        return None
    return SigningKey(row.kid, private, {**row.public_jwk})


def _place(kid: str) -> str:
    return f"auth.signing_keys/{kid}/private"
