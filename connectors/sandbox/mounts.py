"""The table of what is served: each provider's answers and stream, below its own prefix."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connectors.sandbox import (
    alphavantage,
    binance_rest,
    binance_stream,
    coinbase_rest,
    coinbase_stream,
    coingecko,
    coingecko_stream,
    ecb,
    fixer,
    kraken_rest,
    kraken_stream,
    openexchangerates,
)
from connectors.sandbox.sessions import OpenSession
from connectors.sandbox.wire import Answer, Request, World

Responder = Callable[[World, Request], Answer]

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Stream:
    """A provider's WebSocket: its paths (`ws/` stands for all below), pings and longest life."""

    open: OpenSession
    paths: tuple[str, ...]
    ping_interval_s: float | None = None
    pong_deadline_s: float | None = None
    max_age_s: float | None = None

    def serves(self, path: str) -> bool:
        """Whether a client may connect there."""
        return any(
            path == own or (own.endswith("/") and path.startswith(own)) for own in self.paths
        )


@dataclass(frozen=True, slots=True)
class Mount:
    """A provider. Answers to paths that hold one of `histories` are slow to make."""

    respond: Responder
    stream: Stream | None = None
    histories: tuple[str, ...] = ()

    def is_history(self, request: Request) -> bool:
        """Whether the answer takes long: it is made where prices don't wait for it."""
        function = request.query.get("function", "")
        return any(name in request.path or name in function for name in self.histories)


MOUNTS: Mapping[str, Mount] = {
    "alphavantage": Mount(
        alphavantage.respond, histories=("_INTRADAY", "_DAILY", "_WEEKLY", "_MONTHLY")
    ),
    "binance": Mount(
        binance_rest.respond,
        Stream(binance_stream.session, ("stream", "ws", "ws/"), 20.0, 60.0, DAY_S),
        histories=("klines", "historicalTrades"),
    ),
    "coinbase": Mount(
        coinbase_rest.respond,
        Stream(coinbase_stream.session, ("",)),
        histories=("trades", "candles"),
    ),
    "coingecko": Mount(
        coingecko.respond,
        Stream(coingecko_stream.session, ("v1",), 10.0, 20.0),
        histories=("market_chart", "ohlc", "history"),
    ),
    "ecb": Mount(ecb.respond, histories=("hist",)),
    "fixer": Mount(fixer.respond, histories=("timeseries", "fluctuation", "/19", "/20")),
    "kraken": Mount(
        kraken_rest.respond, Stream(kraken_stream.session, ("v2",)), histories=("Trades", "OHLC")
    ),
    "openexchangerates": Mount(openexchangerates.respond, histories=("historical", "time-series")),
}
