"""API keys that were presented, with a short memory of those that were found."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

from api.access.errors import UnauthenticatedError
from api.access.principal import Principal
from api.access.revocation import Revocations
from identity.opaque import API_KEY, digest, well_formed
from identity.scopes import KEY_SCOPES, scopes_of
from market.clock import Clock, datetime_of, microseconds
from storage.errors import StorageError
from storage.identity import api_keys
from storage.identity.api_keys import KeyHolder
from storage.identity.revocations import Revocation
from storage.pools import ReadPool, WritePool

REMEMBERED_FOR_S = 30.0
MAX_REMEMBERED = 5_000


class PresentedKeys:
    """API keys to principals. Belongs to one event loop."""

    def __init__(
        self,
        database: ReadPool,
        writes: WritePool,
        revocations: Revocations,
        clock: Clock,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._writes = writes
        self._revocations = revocations
        self._clock = clock
        self._monotonic = monotonic
        self._found: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()
        self._changes = 0
        self._touching: set[asyncio.Task[None]] = set()
        revocations.listeners.append(self._forget)

    async def principal(self, key: str) -> Principal:
        """Whose key it is. UnauthenticatedError where it is not good, or not any more;
        RevocationsUnknownError where that cannot be told."""
        if not well_formed(key, API_KEY):
            raise UnauthenticatedError("malformed API key")
        hashed = digest(key)
        principal = self._remembered(hashed) or await self._look_up(hashed)
        if self._revocations.is_revoked(principal):
            raise UnauthenticatedError("the API key was revoked")
        if principal.expires_at_s <= self._clock() / 1_000_000:
            raise UnauthenticatedError("the API key has expired")
        return principal

    async def close(self) -> None:
        """Return when every note that a key was used is written, or given up."""
        while self._touching:
            await asyncio.wait(self._touching)

    def _remembered(self, hashed: bytes) -> Principal | None:
        entry = self._found.get(hashed)
        if entry is None or self._monotonic() - entry[1] > REMEMBERED_FOR_S:
            return None
        return entry[0]

    async def _look_up(self, hashed: bytes) -> Principal:
        changes = self._changes
        now_us = self._clock()
        holder = await self._database.read(api_keys.holder, hashed, now=datetime_of(now_us))
        if holder is None:
            self._found.pop(hashed, None)
            raise UnauthenticatedError("unknown API key")
        principal = _principal(holder, now_us)
        if changes == self._changes:  # nothing was revoked while the database was asked
            self._found[hashed] = principal, self._monotonic()
            self._found.move_to_end(hashed)
            if len(self._found) > MAX_REMEMBERED:
                self._found.popitem(last=False)
        task = asyncio.ensure_future(self._touch(holder))
        self._touching.add(task)
        task.add_done_callback(self._touching.discard)
        return principal

    async def _touch(self, holder: KeyHolder) -> None:
        """Note that it is used, beside the request; a key is good without the note."""
        try:
            async with self._writes.transaction() as connection:
                await api_keys.touch(connection, holder.id, now=datetime_of(self._clock()))
        except StorageError:
            return

    def _forget(self, revocation: Revocation) -> None:
        self._changes += 1
        for hashed, (principal, _) in list(self._found.items()):
            if revocation.subject in (principal.api_key_id, principal.user_id):
                del self._found[hashed]


def _principal(holder: KeyHolder, now_us: int) -> Principal:
    return Principal(
        user_id=holder.user_id,
        session_id=None,
        api_key_id=holder.id,
        email=holder.email,
        role=holder.role,
        # What the role has lost since the key was made, the key has lost too.
        scopes=frozenset(holder.scopes) & KEY_SCOPES & scopes_of(holder.role),
        issued_at_s=now_us / 1_000_000,
        expires_at_s=microseconds(holder.expires_at) / 1_000_000,
        by="api_key",
    )
