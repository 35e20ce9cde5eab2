"""The health of a stream: how long to wait after each end, and one line when its state changes.

Waits double, are spread, and keep far below every venue's limit of attempts (Binance 300 in 5 minutes,
Kraken 150 in 10): only a connection that has stood for a while makes them short again.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.backoff import Backoff
from connectors.breaker import Breaker
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    MalformedError,
    PremiumError,
    QuotaExceededError,
    TransientError,
    UnknownAtProviderError,
)

REST_S = 6 * 3_600.0
"""How long a stream rests whose key or plan the venue refuses."""
QUOTA_REST_S = 3_600.0
FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 30.0

_PARTIAL = (UnknownAtProviderError, MalformedError)
"""What concerns a part of a subscription: the rest of the stream goes on."""

log = logging.getLogger(__name__)


def _backoff() -> Backoff:
    return Backoff(first_s=FIRST_WAIT_S, longest_s=LONGEST_WAIT_S)


@dataclass(slots=True)
class Health:
    """What a stream is doing, in µs since 1970: connected since (None: it is not), last frame."""

    provider: str
    clock_us: Callable[[], int]
    backoff: Backoff = field(default_factory=_backoff)
    breaker: Breaker = field(default_factory=Breaker)
    connected_us: int | None = None
    heard_us: int | None = None
    reconnects: int = 0
    is_down: bool = False
    failure: str = ""
    """Why it is down, or was last."""
    _told: set[str] = field(default_factory=set)

    def stands(self) -> None:
        """A connection has lasted."""
        self.backoff.reset()
        self.breaker.worked()
        if self.is_down:
            self.is_down = False
            log.info("%s: the stream stands again", self.provider)

    def refused(self, error: ConnectorError) -> None:
        """Raise what the venue said, unless it concerns a part of the stream: that is told once."""
        if not isinstance(error, _PARTIAL):
            raise error
        if str(error) not in self._told:
            self._told.add(str(error))
            log.warning("%s; the others go on", error)

    def outcome(self, since_us: int) -> str | None:
        """How the stream has gone since then: "ok", why it is down, or None where nothing can be said."""
        if self.is_down:
            return self.failure
        return "ok" if self.heard_us is not None and self.heard_us >= since_us else None

    def failed(self, error: ConnectorError) -> float:
        """Note the end of a connection, or of an attempt; how long to wait, in seconds."""
        self.failure = str(error)
        if isinstance(error, BadKeyError | PremiumError):
            return self._rest(error, REST_S)
        if isinstance(error, QuotaExceededError):
            until_us = error.until_us
            rest_s = QUOTA_REST_S if until_us is None else (until_us - self.clock_us()) / 1e6
            return self._rest(error, max(rest_s, 0.0) + self.wait_s())
        if not self.is_down:
            self.is_down = True
            log.warning("%s; connecting anew", error)
        wait_s = self.wait_s()
        if isinstance(error, BurstError | TransientError) and error.retry_after_s is not None:
            return max(wait_s, error.retry_after_s)
        return wait_s

    def wait_s(self) -> float:
        """The wait before the next connection: short after one that stood."""
        was_open = self.breaker.is_open
        wait_s = max(self.backoff.next_s(), self.breaker.failed())
        if self.breaker.is_open and not was_open:
            count = self.breaker.failures
            log.warning("%s: the stream failed %d times in a row and rests", self.provider, count)
        return wait_s

    def _rest(self, error: ConnectorError, rest_s: float) -> float:
        log.warning("%s; tried again in %.3g h", error, rest_s / 3_600)
        self.is_down = True
        return rest_s
