"""How Coinbase's stream is spoken: a subscription for each product, at once.

The exchange ends a connection that has not subscribed within 5 s, and refuses a whole subscription for
one product that it does not list: so each has one of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from connectors.answers import decode_or_none
from connectors.coinbase.checks import RETRY_S
from connectors.coinbase.frames import HEARTBEAT, MATCHES, PROVIDER, TICKER
from connectors.connector import KEEP, SKIP, Heard
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.refusals import scrubbed

SILENCE_S = 5.0
CHANNELS = (TICKER, "matches", HEARTBEAT)
ERROR = "error"
DELISTED = "see whether the exchange still lists it"

_KEPT = (TICKER, *MATCHES, HEARTBEAT)
_KEPT_OPENINGS = tuple(f'{{"type":"{kind}"'.encode() for kind in _KEPT)
_MAX_WORDS_CHARS = 100


class _Message(msgspec.Struct):
    type: str
    message: str = ""
    reason: str = ""


@dataclass(slots=True)
class CoinbaseDialect:
    """One connection's side of the conversation; `products` are the exchange's names."""

    address: str
    products: Sequence[str]
    provider: str = PROVIDER
    shard: str = "0"
    headers: Mapping[str, str] = field(default_factory=dict)
    silence_s: float = SILENCE_S
    max_age_s: float | None = None
    ping_s: float | None = None

    def opening(self) -> Sequence[str]:
        """A subscription for each product: quotes, trades and heartbeats."""
        return [
            msgspec.json.encode(
                {"type": "subscribe", "product_ids": [product], "channels": CHANNELS}
            ).decode()
            for product in self.products
        ]

    def ping(self) -> str:
        """None of its own: a heartbeat comes every second."""
        return ""

    def hear(self, frame: bytes) -> Heard:
        """Keep quotes, trades and heartbeats, and what is not understood: the parser refuses it."""
        if frame.startswith(_KEPT_OPENINGS):
            return KEEP
        message = decode_or_none(frame, _Message)
        if message is None or message.type in _KEPT:
            return KEEP
        return Heard(error=_refusal(message)) if message.type == ERROR else SKIP


def _refusal(message: _Message) -> ConnectorError:
    words = scrubbed(f"{message.message}: {message.reason}")[:_MAX_WORDS_CHARS]
    lower = words.lower()
    if "rate limit" in lower or "too many" in lower:
        return BurstError(PROVIDER, RETRY_S)
    if "product" in lower or "delisted" in lower:
        return UnknownAtProviderError(PROVIDER, f"a product ({words})", DELISTED)
    if "auth" in lower or "signature" in lower:
        return BadKeyError(PROVIDER)
    return TransientError(PROVIDER, f"the stream says {words}")
