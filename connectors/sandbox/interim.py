"""Binance's stream as a session, around its control messages."""

from connectors.sandbox import binance
from connectors.sandbox.binance import Control, Frame
from connectors.sandbox.sessions import Cut, Session
from connectors.sandbox.tape import Pair, Quotes, Trades
from connectors.sandbox.wire import Request, World

POLICY = 1008


class _BinanceSession:
    def __init__(self, request: Request) -> None:
        combined = request.path == "stream"
        below = "" if combined else request.path.removeprefix("ws").removeprefix("/")
        names = request.query.get("streams", "") if combined else below
        streams = list(dict.fromkeys(name for name in names.split("/") if name))
        self._control = Control(combined, streams[: binance.MAX_STREAMS])
        self._received_us: list[int] = []

    def opened(self, now_us: int) -> list[str]:
        return []

    def received(self, message: str, now_us: int) -> list[str]:
        recent = [at_us for at_us in self._received_us if now_us - at_us < 1_000_000]
        self._received_us = [*recent, now_us]
        if len(self._received_us) > binance.MAX_MESSAGES_PER_S:
            raise Cut(POLICY)
        return [self._control.handle(message)]

    def traded(self, pair: Pair, trades: Trades, now_us: int) -> list[str]:
        if f"{pair.venue_symbol.lower()}@trade" not in self._control.streams:
            return []
        return [self._text(frame) for frame in binance.trade_frames(pair, trades)]

    def quoted(self, pair: Pair, quotes: Quotes, now_us: int) -> list[str]:
        if f"{pair.venue_symbol.lower()}@bookTicker" not in self._control.streams:
            return []
        return [self._text(frame) for frame in binance.quote_frames(pair, quotes)]

    def passed(self, now_us: int) -> list[str]:
        return []

    def ending(self, now_us: int) -> list[str]:
        return [self._text(binance.shutdown_frame(now_us))]

    def _text(self, frame: Frame) -> str:
        return frame.wrapped if self._control.combined else frame.bare


def binance_session(world: World, request: Request) -> Session:
    """The session of a connection."""
    return _BinanceSession(request)
