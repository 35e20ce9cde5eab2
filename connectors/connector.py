"""A connector: all that the feeds need to know of a provider to run it, and nothing of how it speaks."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from connectors.answers import Answer, Request
from connectors.errors import ConnectorError
from market.gaps import Gap
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed
from market.quotas import Limit

Parser = Callable[[LogRecord, InstrumentTable], Parsed]
"""What came of a record; ConnectorError or MarketError where it is nothing at all."""

Check = Callable[[Answer, str], None]
"""Raises what an answer without prices means; the second argument says what was asked."""

Same = Callable[[bytes, bytes], bool]
"""Whether two bodies, the earlier one first, tell the same."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where a provider is, and how we are known to it.

    `rest_url` and `stream_url` are scheme and host, and whatever stands before the provider's own path.
    `plan` is the provider's own word, in lower case ("free", "demo", "pro", "premium", "gateway").
    """

    rest_url: str
    stream_url: str = ""
    key: str | None = field(default=None, repr=False)
    plan: str = "free"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How a provider is asked over HTTP: parameters and headers with secrets are never shown."""

    check: Check
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    limits: tuple[Limit, ...] = ()
    accept: str = "application/json"


@dataclass(frozen=True, slots=True)
class Poll:
    """A request that is asked again and again.

    `instruments` are the ids of those whose price its answer holds; `every_s` is how often it is worth
    asking at all: as often as the provider itself has something new. `same` tells an answer that is no
    news beside the one before it: it is not kept.
    """

    request: Request
    instruments: frozenset[int]
    every_s: float
    same: Same = operator.eq


@dataclass(frozen=True, slots=True)
class Heard:
    """What a frame of a stream is to us.

    `keep`: it goes into the log. `replies` are sent back. `leave`: the venue is about to close, connect
    anew. `error`: the venue refuses us, and why.
    """

    keep: bool = False
    replies: tuple[str, ...] = ()
    leave: bool = False
    error: ConnectorError | None = None


KEEP = Heard(keep=True)
SKIP = Heard()


class Dialect(Protocol):
    """How one stream of a venue is spoken: no socket in here. One object a connection."""

    provider: str
    shard: str
    """Ends the partition's name: `<provider>-<feed>-<shard>`; "0", or "stream" beside polls."""
    address: str
    headers: Mapping[str, str]
    silence_s: float
    """Without a frame for so long the connection is dead; above the venue's own heartbeat."""
    max_age_s: float | None
    """We leave after so long, before the venue ends the connection; None: it does not."""
    ping_s: float | None
    """How often `ping` is sent, None for never."""

    def opening(self) -> Sequence[str]:
        """What is sent once the connection stands, within the venue's deadline."""

    def ping(self) -> str:
        """The venue's own ping message."""

    def hear(self, frame: bytes) -> Heard:
        """Look at a frame; called for each, in order."""


class Streams(Protocol):
    """Makes the dialects of fresh connections."""

    def __call__(self) -> Dialect: ...


def _nothing_missed(covered: Mapping[int, int], now_us: int) -> Sequence[Request]:
    return ()


def _no_repair(gap: Gap, asked: int, last: Answer | None) -> Request | None:
    return None


@dataclass(frozen=True, slots=True)
class Connector:
    """A provider in one configuration.

    `history` gives the requests that fill what `covered` (instrument id → until when, in µs; absent:
    not at all) leaves open up to now. `repair` gives the next request that fills a gap, after so many
    were asked and the last one answered so; None where there is nothing (more) to ask.
    """

    provider: str
    instruments: tuple[Instrument, ...]
    endpoint: Endpoint | None = None
    polls: tuple[Poll, ...] = ()
    streams: tuple[Streams, ...] = ()
    history: Callable[[Mapping[int, int], int], Sequence[Request]] = _nothing_missed
    repair: Callable[[Gap, int, Answer | None], Request | None] = _no_repair


Build = Callable[[Access, InstrumentTable], Connector]
"""What each provider's package offers as `connector.connector`."""
