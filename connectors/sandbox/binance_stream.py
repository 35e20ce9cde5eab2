"""Binance's stream as a session: subscriptions in the address or by message, bare or combined frames.

Pings, and the end of a connection after a day, are the server's.
"""

from connectors.sandbox.binance import (
    MAX_MESSAGES_PER_S,
    MAX_STREAMS,
    Control,
    Frame,
    quote_frames,
    shutdown_frame,
    trade_frames,
)
from connectors.sandbox.sessions import Cut, Session
from connectors.sandbox.tape import Pair, Quotes, Trades
from connectors.sandbox.wire import Request, World

COMBINED = "stream"
POLICY = 1008
SECOND_US = 1_000_000


class BinanceSession:
    """One client's streams. More than five messages in a second end the connection."""

    def __init__(self, streams: list[str], *, combined: bool) -> None:
        self._control = Control(combined, streams[:MAX_STREAMS])
        self._received_us: list[int] = []

    def opened(self, now_us: int) -> list[str]:
        """No greeting."""
        return []

    def received(self, message: str, now_us: int) -> list[str]:
        """The reply to a control message."""
        recent = [at_us for at_us in self._received_us if now_us - at_us < SECOND_US]
        self._received_us = [*recent, now_us]
        if len(self._received_us) > MAX_MESSAGES_PER_S:
            raise Cut(POLICY)
        return [self._control.handle(message)]

    def traded(self, pair: Pair, trades: Trades, now_us: int) -> list[str]:
        """A frame a trade."""
        if f"{pair.venue_symbol.lower()}@trade" not in self._control.streams:
            return []
        return self._texts(trade_frames(pair, trades))

    def quoted(self, pair: Pair, quotes: Quotes, now_us: int) -> list[str]:
        """A frame a quote, which knows no time."""
        if f"{pair.venue_symbol.lower()}@bookTicker" not in self._control.streams:
            return []
        return self._texts(quote_frames(pair, quotes))

    def passed(self, now_us: int) -> list[str]:
        """Nothing: a quiet market is silent."""
        return []

    def ending(self, now_us: int) -> list[str]:
        """The announcement of a shutdown."""
        return self._texts([shutdown_frame(now_us)])

    def _texts(self, frames: list[Frame]) -> list[str]:
        combined = self._control.combined
        return [frame.wrapped if combined else frame.bare for frame in frames]


def session(world: World, request: Request) -> Session:
    """The session of a connection: `stream?streams=a/b`, `ws/a/b` or `ws`."""
    combined = request.path == COMBINED
    below = request.path.removeprefix("ws").removeprefix("/")
    names = request.query.get("streams", "") if combined else below
    streams = list(dict.fromkeys(name for name in names.split("/") if name))
    return BinanceSession(streams, combined=combined)
