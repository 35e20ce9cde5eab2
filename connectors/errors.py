"""What can go wrong with a provider, each kind one that a caller treats in its own way."""

from pathlib import Path

from market.clock import rfc3339


class ConnectorError(Exception):
    """The root of this room's errors. No message of it ever holds a key.

    `advice`, where there is one, ends the sentence with what to do next.
    """


def _sentence(fact: str, advice: str) -> str:
    return f"{fact}: {advice}" if advice else fact


class QuotaExceededError(ConnectorError):
    """The plan's calls are used up; the provider answers again after `until_us`, where it is known."""

    def __init__(self, provider: str, until_us: int | None, advice: str = "") -> None:
        super().__init__(provider, until_us, advice)
        self.provider = provider
        self.until_us = until_us
        self.advice = advice

    def __str__(self) -> str:
        return _sentence(f"{self.provider}: the quota of calls is used up", self.advice)


class NotYetError(QuotaExceededError):
    """Our own plan grants no call before `until_us`: nothing was asked, and nothing has failed."""

    until_us: int

    def __init__(self, provider: str, until_us: int) -> None:
        super().__init__(provider, until_us)

    def __str__(self) -> str:
        return f"{self.provider}: no call is granted before {rfc3339(self.until_us)}"


class BurstError(ConnectorError):
    """Too many calls in a short time; try again after `retry_after_s` seconds."""

    def __init__(self, provider: str, retry_after_s: float) -> None:
        super().__init__(provider, retry_after_s)
        self.provider = provider
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"{self.provider}: too many calls at once, again in {self.retry_after_s:g} s"


class PremiumError(ConnectorError):
    """The plan does not hold this request; it never will before somebody pays."""

    def __init__(self, provider: str, request: str, advice: str = "") -> None:
        super().__init__(provider, request, advice)
        self.provider = provider
        self.request = request
        self.advice = advice

    def __str__(self) -> str:
        return _sentence(f"{self.provider}: {self.request} is not part of this plan", self.advice)


class BadKeyError(ConnectorError):
    """The key is missing, wrong, inactive, or for another host."""

    def __init__(self, provider: str, advice: str = "") -> None:
        super().__init__(provider, advice)
        self.provider = provider
        self.advice = advice

    def __str__(self) -> str:
        return _sentence(f"{self.provider}: the key is missing or was not accepted", self.advice)


class UnknownAtProviderError(ConnectorError):
    """The provider knows no such symbol, or takes no such parameter."""

    def __init__(self, provider: str, request: str, advice: str = "") -> None:
        super().__init__(provider, request, advice)
        self.provider = provider
        self.request = request
        self.advice = advice

    def __str__(self) -> str:
        return _sentence(f"{self.provider}: nothing is known of {self.request}", self.advice)


class TransientError(ConnectorError):
    """The network or the provider failed; the same request may well work later."""

    def __init__(self, provider: str, what: str, retry_after_s: float | None = None) -> None:
        super().__init__(provider, what, retry_after_s)
        self.provider = provider
        self.what = what
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"{self.provider}: {self.what}"


class MalformedError(ConnectorError):
    """An answer that does not have the shape of the contract."""

    def __init__(self, provider: str, what: str) -> None:
        super().__init__(provider, what)
        self.provider = provider
        self.what = what

    def __str__(self) -> str:
        return f"{self.provider}: {self.what}"


class AppendError(ConnectorError):
    """The log did not take what came; nobody can go on without it."""

    def __init__(self, partition: str) -> None:
        super().__init__(partition)
        self.partition = partition

    def __str__(self) -> str:
        return f"the log does not take {self.partition}"


class RecordingError(ConnectorError):
    """A recorded file that cannot be read, or is none."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(path, what)
        self.path = path
        self.what = what

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


class NoRecordingError(RecordingError):
    """A file that is nothing that can be replayed, or does not say enough of itself; it is not damaged."""

    def __init__(self, path: Path, what: str = "") -> None:
        super().__init__(path, what or f"is none of what can be replayed: {ACCEPTED}")


ACCEPTED = (
    "a gz of recorded frames, zips of OANDA's ticks (<date>_<pair>_tick_quote.csv) or bars (<pair>.csv), "
    "Coinbase's daily bars (<pair>.csv), the ECB's reference rates (eurofxref), and CSVs of daily bars of "
    "stocks (Quandl, NASDAQ, Yahoo, adjusted closes) or of Alpha Vantage's minutes"
)
"""What `replay` takes."""
