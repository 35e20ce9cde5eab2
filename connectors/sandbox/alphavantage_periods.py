"""Alpha Vantage's days, weeks and months: of stocks, pairs and coins, the running one among them."""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import groupby

import numpy as np

from connectors.sandbox.alphavantage_days import DayBar, days_of
from connectors.sandbox.alphavantage_quotes import is_stock
from connectors.sandbox.alphavantage_rows import (
    COIN_UNITS,
    Row,
    Rows,
    Series,
    coin_meta,
    coin_of,
    is_full,
    ohlc,
    pair_meta,
    pair_of,
    size_text,
    written,
)
from connectors.sandbox.wire import Answer, Request, World

PERIODS = ("Daily", "Weekly", "Monthly")
COMPACT_DAYS = 100
FULL_DAYS = 250
COIN_DAYS = 350

_STOCK_PLACES = 4
_FX_PLACES = 5
_COIN_PLACES = 8

Respond = Callable[[World, Request], Answer | None]


def fx_period(period: str) -> Respond:
    """FX_DAILY, FX_WEEKLY, FX_MONTHLY: the daily one alone has a size, in another place."""

    def respond(world: World, request: Request) -> Answer | None:
        pair = pair_of(request)
        if pair is None:
            return None
        size = {"Output Size": size_text(request)} if period == "Daily" else {}
        meta = pair_meta(f"Forex {period} Prices (open, high, low, close)", pair) | size
        meta |= {"Last Refreshed": "", "Time Zone": "UTC"}
        rows = {
            bar.day.isoformat(): _prices(bar, _FX_PLACES)
            for bar in _bars(world, "-".join(pair), period, request, FULL_DAYS)
        }
        return written(request, Series(f"Time Series FX ({period})", meta, rows))

    return respond


def stock_period(period: str) -> Respond:
    """TIME_SERIES_DAILY, _WEEKLY, _MONTHLY: the running day is in it."""

    def respond(world: World, request: Request) -> Answer | None:
        symbol = request.query.get("symbol", "").upper()
        if not is_stock(symbol):
            return None
        meta = {
            "Information": f"{period} Prices (open, high, low, close) and Volumes",
            "Symbol": symbol,
            "Last Refreshed": "",
            **({"Output Size": size_text(request)} if period == "Daily" else {}),
            "Time Zone": "US/Eastern",
        }
        rows = {
            bar.day.isoformat(): _prices(bar, _STOCK_PLACES) | {"5. volume": str(bar.volume)}
            for bar in _bars(world, symbol, period, request, FULL_DAYS)
        }
        name = "Time Series (Daily)" if period == "Daily" else f"{period} Time Series"
        return written(request, Series(name, meta, rows))

    return respond


def stock_adjusted(world: World, request: Request) -> Answer | None:
    """TIME_SERIES_DAILY_ADJUSTED: volume is the sixth, and decimals are not padded."""
    symbol = request.query.get("symbol", "").upper()
    if not is_stock(symbol):
        return None
    rows: Rows = {}
    for bar in _bars(world, symbol, "Daily", request, FULL_DAYS):
        prices: Row = {key: str(float(text)) for key, text in _prices(bar, 2).items()}
        rows[bar.day.isoformat()] = prices | {
            "5. adjusted close": prices["4. close"],
            "6. volume": str(bar.volume),
            "7. dividend amount": "0.0000",
            "8. split coefficient": "1.0",
        }
    meta = {
        "Information": "Daily Time Series with Splits and Dividend Events",
        "Symbol": symbol,
        "Last Refreshed": "",
        "Output Size": size_text(request),
        "Time Zone": "US/Eastern",
    }
    return written(request, Series("Time Series (Daily)", meta, rows))


def coin_period(period: str) -> Respond:
    """DIGITAL_CURRENCY_DAILY, _WEEKLY, _MONTHLY as of 2025; the running UTC day is in it."""

    def respond(world: World, request: Request) -> Answer | None:
        coin = coin_of(request)
        if coin is None:
            return None
        name = f"{period} Prices and Volumes for Digital Currency"
        meta = coin_meta(name, coin) | {"Last Refreshed": "", "Time Zone": "UTC"}
        rows = {
            bar.day.isoformat(): _prices(bar, _COIN_PLACES)
            | {"5. volume": f"{bar.volume / COIN_UNITS:.8f}"}
            for bar in _all_bars(world, "-".join(coin), period, request, COIN_DAYS)
        }
        return written(request, Series(f"Time Series (Digital Currency {period})", meta, rows))

    return respond


def _bars(
    world: World, symbol: str, period: str, request: Request, longest: int
) -> Sequence[DayBar]:
    """Days by their size; weeks and months, which have none, all that there are."""
    if period != "Daily" or is_full(request):
        return _all_bars(world, symbol, period, request, longest)
    return days_of(world.simulator).newest(symbol, request.now_us, COMPACT_DAYS)


def _all_bars(
    world: World, symbol: str, period: str, request: Request, longest: int
) -> Sequence[DayBar]:
    days = days_of(world.simulator).newest(symbol, request.now_us, longest)
    if period == "Daily":
        return days
    return [_joined(list(group)) for _, group in groupby(days, lambda bar: _label(bar.day, period))]


def _label(day: date, period: str) -> tuple[int, int]:
    return (day.year, day.month) if period == "Monthly" else day.isocalendar()[:2]


def _joined(days: list[DayBar]) -> DayBar:
    """A week or month of days, newest first: its date is that of its last trading day."""
    return DayBar(
        day=days[0].day,
        open=days[-1].open,
        high=max(bar.high for bar in days),
        low=min(bar.low for bar in days),
        close=days[0].close,
        volume=sum(bar.volume for bar in days),
    )


def _prices(bar: DayBar, places: int) -> Row:
    return ohlc(np.array([bar.open, bar.high, bar.low, bar.close]), places)
