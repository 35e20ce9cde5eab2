"""Open private streams: each ends when the credential that opened it ends, however that comes."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from api.access.principal import Principal
from api.access.revocation import Revocations
from market.clock import Clock
from storage.identity.revocations import Revocation

_Close = Callable[[], None]


class PrivateStreams:
    """Which streams are open for whom. Belongs to one event loop."""

    def __init__(self, revocations: Revocations, clock: Clock) -> None:
        self._clock = clock
        self._revocations = revocations
        self._open: dict[UUID, dict[_Close, Principal]] = {}
        revocations.listeners.append(self._revoked)
        revocations.when_blind.append(self._close_all)

    @property
    def open(self) -> int:
        """How many are open."""
        return len({close for closes in self._open.values() for close in closes})

    @contextmanager
    def kept(self, principal: Principal, close: _Close) -> Iterator[None]:
        """Call `close` at the end of the principal's credential, if that comes while the block runs.

        `close` must be a new callable each time, and may be called more than once.
        """
        lasts_s = principal.expires_at_s - self._clock() / 1_000_000
        ending = asyncio.get_running_loop().call_later(max(0.0, lasts_s), close)
        subjects = _subjects(principal)
        for subject in subjects:
            self._open.setdefault(subject, {})[close] = principal
        try:
            if self._revocations.is_revoked(principal):  # since the guard let it in
                close()
            yield
        finally:
            ending.cancel()
            for subject in subjects:
                closes = self._open[subject]
                del closes[close]
                if not closes:
                    del self._open[subject]

    def _revoked(self, revocation: Revocation) -> None:
        for close, principal in list(self._open.get(revocation.subject, {}).items()):
            if self._revocations.is_marked(principal):
                close()

    def _close_all(self) -> None:
        for closes in list(self._open.values()):
            for close in list(closes):
                close()


def _subjects(principal: Principal) -> list[UUID]:
    ids = (principal.user_id, principal.session_id, principal.api_key_id)
    return [id_ for id_ in ids if id_ is not None]
