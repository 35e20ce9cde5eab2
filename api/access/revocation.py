"""What was revoked, followed in the database every second: a token is believed until it is in there.

Every process follows on its own, without Redis. Where it could not look for `BLIND_AFTER_S`, no token is
believed at all, and the private streams end.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from uuid import UUID

from api.access.errors import RevocationsUnknownError
from api.access.principal import Principal
from market.clock import Clock, datetime_of, microseconds
from storage.errors import StorageError
from storage.identity import revocations
from storage.identity.revocations import Revocation
from storage.pools import ReadPool

POLL_EVERY_S = 1.0
RETRY_AFTER_S = 0.2
ANSWER_WITHIN_S = 0.8
BLIND_AFTER_S = 4.0
OVERLAP_S = 60
"""Looked at again with every poll: rows do not become visible in the order of their ids."""
KEPT_S = 20 * 60
"""Longer than any token lives."""

_log = logging.getLogger(__name__)


class Revocations:
    """The revocations of the last minutes. Until the first load nothing is known of any token."""

    def __init__(
        self, database_url: str, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.loaded = asyncio.Event()
        """Set by the first load."""
        self.listeners: list[Callable[[Revocation], None]] = []
        """Told of each revocation, once."""
        self.when_blind: list[Callable[[], None]] = []
        """Called while it is not known what was revoked."""
        # Of its own, so that no request keeps it waiting.
        self._database = ReadPool(database_url, size=1, answer_within_s=ANSWER_WITHIN_S)
        self._clock = clock
        self._monotonic = monotonic
        self._polled_s: float | None = None
        self._seen: dict[int, float] = {}
        self._subjects: dict[UUID, tuple[int, float]] = {}
        """By subject: when it was revoked last, and when this was seen here."""
        self._failing_since_s: float | None = None

    @property
    def known(self) -> bool:
        """Whether it is known what was revoked."""
        return self._polled_s is not None and self._monotonic() - self._polled_s <= BLIND_AFTER_S

    def is_revoked(self, principal: Principal) -> bool:
        """Whether its session, its key or, since it was issued, its user was revoked.

        RevocationsUnknownError where that is not known.
        """
        if not self.known:
            raise RevocationsUnknownError
        return self.is_marked(principal)

    def is_marked(self, principal: Principal) -> bool:
        """The same as far as is known here."""
        subjects = self._subjects
        if not subjects:
            return False
        if principal.session_id in subjects or principal.api_key_id in subjects:
            return True
        mark = subjects.get(principal.user_id)
        return mark is not None and principal.issued_at_s * 1_000_000 <= mark[0]

    async def run(self) -> None:
        """Follow, for ever, through every loss of the database."""
        while True:
            await self.poll()
            await asyncio.sleep(POLL_EVERY_S if self._failing_since_s is None else RETRY_AFTER_S)

    async def poll(self) -> None:
        """Look once."""
        started_s = self._monotonic()
        gap_s = KEPT_S if self._polled_s is None else started_s - self._polled_s + OVERLAP_S
        after = datetime_of(self._clock() - int(min(gap_s, KEPT_S) * 1_000_000))
        try:
            rows = await self._database.read(revocations.since, after)
        except StorageError as error:
            self._failed(error)
            return
        for row in rows:
            self._take(row, started_s)
        self._forget(started_s - 2 * KEPT_S)
        self._polled_s = started_s
        self._failing_since_s = None
        self.loaded.set()

    async def close(self) -> None:
        """Give the connection back."""
        await self._database.close()

    def _take(self, row: Revocation, now_s: float) -> None:
        if row.id in self._seen:
            return
        self._seen[row.id] = now_s
        earlier_us, _ = self._subjects.get(row.subject, (0, 0.0))
        at_us = max(earlier_us, microseconds(row.revoked_at))
        self._subjects[row.subject] = at_us, now_s
        for tell in self.listeners:
            tell(row)

    def _forget(self, before_s: float) -> None:
        self._seen = {id_: at_s for id_, at_s in self._seen.items() if at_s >= before_s}
        self._subjects = {
            subject: mark for subject, mark in self._subjects.items() if mark[1] >= before_s
        }

    def _failed(self, error: StorageError) -> None:
        if self._failing_since_s is None:
            self._failing_since_s = self._monotonic()
            _log.warning("what was revoked is not known: %s", error)
        if not self.known:
            for tell in self.when_blind:
                tell()
