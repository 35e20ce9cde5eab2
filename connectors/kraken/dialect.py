"""How Kraken's v2 stream is spoken: two subscriptions for all pairs, an answer for each pair.

The exchange sends a heartbeat every second in which it has nothing else to say. It is kept: in the log
it tells a quiet market from a lost connection.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from connectors.answers import decode_or_none
from connectors.connector import KEEP, SKIP, Heard
from connectors.errors import BurstError, ConnectorError, TransientError, UnknownAtProviderError
from connectors.kraken.checks import RETRY_S
from connectors.kraken.frames import PROVIDER, TICKER, TRADES
from connectors.refusals import scrubbed

SILENCE_S = 5.0
PING_S = 30.0
ONLINE = "online"
HEARTBEAT = "heartbeat"
DELISTED = "see whether the exchange still lists it"
STATUS = "status"

_KEPT = (TICKER, TRADES, HEARTBEAT)
_KEPT_OPENINGS = tuple(f'{{"channel":"{channel}"'.encode() for channel in _KEPT)
_UNKNOWN = ("not supported", "unknown", "invalid", "not found")
_MAX_WORDS_CHARS = 100

log = logging.getLogger(__name__)


class _System(msgspec.Struct):
    system: str = ""


class _Message(msgspec.Struct):
    channel: str = ""
    success: bool = True
    error: str = ""
    symbol: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")


@dataclass(slots=True)
class KrakenDialect:
    """One connection's side of the conversation; `symbols` are the exchange's names."""

    address: str
    symbols: Sequence[str]
    provider: str = PROVIDER
    shard: str = "0"
    headers: Mapping[str, str] = field(default_factory=dict)
    silence_s: float = SILENCE_S
    max_age_s: float | None = None
    ping_s: float | None = PING_S

    def opening(self) -> Sequence[str]:
        """The subscriptions: quotes at each change of the best ones, trades with the last fifty."""
        return (
            self._subscription(1, {"channel": TICKER, "event_trigger": "bbo"}),
            self._subscription(2, {"channel": TRADES}),
        )

    def ping(self) -> str:
        """Keeps a connection that hears much and says nothing."""
        return '{"method":"ping"}'

    def hear(self, frame: bytes) -> Heard:
        """Keep quotes, trades and heartbeats, and what is not understood: the parser refuses it."""
        if frame.startswith(_KEPT_OPENINGS):
            return KEEP
        message = decode_or_none(frame, _Message)
        if message is None or message.channel in _KEPT:
            return KEEP
        if message.channel == STATUS:
            self._note_status(message.data)
        elif not message.success or message.error:
            return Heard(error=_refusal(message))
        return SKIP

    def _subscription(self, number: int, channel: Mapping[str, str]) -> str:
        params = {**channel, "symbol": list(self.symbols), "snapshot": True}
        body = {"method": "subscribe", "params": params, "req_id": number}
        return msgspec.json.encode(body).decode()

    def _note_status(self, data: msgspec.Raw) -> None:
        for each in decode_or_none(data, list[_System]) or []:
            if each.system != ONLINE:
                log.warning("%s says that it is in %s", PROVIDER, each.system[:_MAX_WORDS_CHARS])


def _refusal(message: _Message) -> ConnectorError:
    words = scrubbed(message.error)[:_MAX_WORDS_CHARS]
    lower = words.lower()
    if "rate limit" in lower or "too many" in lower:
        return BurstError(PROVIDER, RETRY_S)
    if any(each in lower for each in _UNKNOWN):
        symbol = message.symbol[:_MAX_WORDS_CHARS] or words
        return UnknownAtProviderError(PROVIDER, symbol, DELISTED)
    return TransientError(PROVIDER, f"the stream refuses {message.symbol[:40]}: {words}")
