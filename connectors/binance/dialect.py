"""How Binance's combined stream is spoken: all is asked for in its address; it says when it shuts down.

Its pings are the protocol's, every 20 s, which the library answers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.answers import decode_or_none
from connectors.binance.checks import Refusal
from connectors.binance.frames import PROVIDER
from connectors.connector import KEEP, Heard
from connectors.errors import UnknownAtProviderError
from connectors.refusals import scrubbed

SILENCE_S = 30.0
MAX_AGE_S = 86_000.0
"""The exchange ends a connection after 24 h."""
STREAMS = ("trade", "bookTicker")

_SHUTDOWN = b"serverShutdown"
_SHUTDOWN_WITHIN = 64
_REFUSAL = b'{"code":'
_MAX_WORDS_CHARS = 100


def stream_address(url: str, symbols: Iterable[str]) -> str:
    """The combined stream of trades and best quotes of these symbols of the exchange."""
    names = [f"{each.lower()}@{kind}" for each in symbols for kind in STREAMS]
    return f"{url}/stream?streams={'/'.join(names)}"


@dataclass(slots=True)
class BinanceDialect:
    """One connection's side of the conversation."""

    address: str
    provider: str = PROVIDER
    shard: str = "0"
    headers: Mapping[str, str] = field(default_factory=dict)
    silence_s: float = SILENCE_S
    max_age_s: float | None = MAX_AGE_S
    ping_s: float | None = None

    def opening(self) -> Sequence[str]:
        """Nothing: the address says it."""
        return ()

    def ping(self) -> str:
        """None of its own."""
        return ""

    def hear(self, frame: bytes) -> Heard:
        """Keep every frame but the announcement of a shutdown and refusals."""
        if _SHUTDOWN in frame[:_SHUTDOWN_WITHIN]:
            return Heard(leave=True)
        if frame.startswith(_REFUSAL):
            refusal = decode_or_none(frame, Refusal)
            words = "" if refusal is None else scrubbed(refusal.msg)[:_MAX_WORDS_CHARS]
            return Heard(error=UnknownAtProviderError(PROVIDER, f"the stream's request: {words}"))
        return KEEP
