"""Sessions: one client's side of a venue's stream, without a socket.

The server hands a session what the client sends and what the market does, and sends what it returns.
"""

from collections.abc import Callable
from typing import Protocol

from connectors.sandbox.tape import Pair, Quotes, Trades
from connectors.sandbox.wire import Request, World


class Cut(Exception):
    """The venue ends the connection with this close code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Session(Protocol):
    """What a venue's module makes for each connection. Times are microseconds since 1970 UTC.

    Every method returns the frames to send, in order, and may raise `Cut`.
    """

    def opened(self, now_us: int) -> list[str]:
        """Greetings; called once."""

    def received(self, message: str, now_us: int) -> list[str]:
        """Replies to what the client sent."""

    def traded(self, pair: Pair, trades: Trades, now_us: int) -> list[str]:
        """Frames of a pair's new trades, if the client is subscribed."""

    def quoted(self, pair: Pair, quotes: Quotes, now_us: int) -> list[str]:
        """Frames of a pair's new best quotes, if the client is subscribed."""

    def passed(self, now_us: int) -> list[str]:
        """Called about ten times a second: heartbeats, batches, missed deadlines."""

    def ending(self, now_us: int) -> list[str]:
        """What announces that the server is about to end the connection."""


OpenSession = Callable[[World, Request], Session]
"""What a venue's module offers as `session`: the request of the handshake, its path below the
provider's prefix (`stream`, `ws/btcusdt@trade`, `v2`, empty)."""
