"""Alpha Vantage's intraday series: of stocks, pairs and coins, a day of them at most."""

from datetime import datetime

import numpy as np

from connectors.sandbox.alphavantage_quotes import is_stock, seen_us
from connectors.sandbox.alphavantage_rows import (
    COIN_UNITS,
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
from connectors.sandbox.hours import NEW_YORK
from connectors.sandbox.simulator import MINUTE_US, MinuteBars
from connectors.sandbox.wire import Answer, Request, World
from market.clock import datetime_of
from market.instruments import CATALOGUE

HISTORY_MINUTES = 25 * 60
COMPACT_POINTS = 100

_INTERVALS = {"1min": 1, "5min": 5, "15min": 15, "30min": 30, "60min": 60}
_STOCK_PLACES = 4
_PLACES = 5


def fx_intraday(world: World, request: Request) -> Answer | None:
    """Bars of a pair's mid, stamped in UTC."""
    pair, interval = pair_of(request), request.query.get("interval", "")
    if pair is None or interval not in _INTERVALS:
        return None
    bars = _minutes(world, "-".join(pair), interval, request, request.now_us)
    meta = pair_meta(f"FX Intraday ({interval}) Time Series", pair) | {
        "Last Refreshed": "",
        "Interval": interval,
        "Output Size": size_text(request),
        "Time Zone": "UTC",
    }
    return written(request, Series(f"Time Series FX ({interval})", meta, _utc_rows(bars, _PLACES)))


def crypto_intraday(world: World, request: Request) -> Answer | None:
    """Bars of a coin; its volume is the one number that is no text."""
    coin, interval = coin_of(request), request.query.get("interval", "")
    if coin is None or interval not in _INTERVALS:
        return None
    symbol = "-".join(coin)
    bars = _minutes(world, symbol, interval, request, request.now_us)
    rows = _utc_rows(bars, max(_PLACES, CATALOGUE.by_symbol(symbol).decimals))
    for row, volume in zip(rows.values(), bars.volume[::-1], strict=True):
        row["5. volume"] = int(volume) // COIN_UNITS
    meta = coin_meta(f"Crypto Intraday ({interval}) Time Series", coin) | {
        "Last Refreshed": "",
        "Interval": interval,
        "Output Size": size_text(request),
        "Time Zone": "UTC",
    }
    return written(request, Series(f"Time Series Crypto ({interval})", meta, rows))


def stock_intraday(world: World, request: Request) -> Answer | None:
    """Bars of a stock, stamped with New York's wall time; up to where the caller is entitled to."""
    symbol, interval = request.query.get("symbol", "").upper(), request.query.get("interval", "")
    if not is_stock(symbol) or interval not in _INTERVALS:
        return None
    bars = _minutes(world, symbol, interval, request, seen_us(world, request) + 1)
    meta = {
        "Information": f"Intraday ({interval}) open, high, low, close prices and volume",
        "Symbol": symbol,
        "Last Refreshed": "",
        "Interval": interval,
        "Output Size": size_text(request),
        "Time Zone": "US/Eastern",
    }
    return written(request, Series(f"Time Series ({interval})", meta, _stock_rows(bars)))


def _utc_rows(bars: MinuteBars, places: int) -> Rows:
    return {
        f"{datetime_of(int(time_us)):%Y-%m-%d %H:%M:%S}": ohlc(prices, places)
        for time_us, prices in zip(bars.time_us[::-1], bars.prices[::-1], strict=True)
    }


def _stock_rows(bars: MinuteBars) -> Rows:
    """Rows by New York wall time; of the hour that a clock shows twice, the first alone."""
    rows: Rows = {}
    for index in range(len(bars.time_us) - 1, -1, -1):
        local: datetime = datetime_of(int(bars.time_us[index])).astimezone(NEW_YORK)
        if local.fold:
            continue
        row = ohlc(np.round(bars.prices[index], 2), _STOCK_PLACES)
        row["5. volume"] = str(int(bars.volume[index]))
        rows[f"{local:%Y-%m-%d %H:%M:%S}"] = row
    return rows


def _minutes(world: World, symbol: str, interval: str, request: Request, now_us: int) -> MinuteBars:
    """Whole bars of the past day; `compact` is the newest hundred."""
    minutes = _INTERVALS[interval]
    end = now_us // MINUTE_US // minutes * minutes
    first = (end - HISTORY_MINUTES) // minutes * minutes
    bars = _merge(world.simulator.minute_bars(symbol, first, end), minutes)
    if is_full(request):
        return bars
    newest = slice(-COMPACT_POINTS, None)
    return MinuteBars(bars.time_us[newest], bars.prices[newest], bars.volume[newest])


def _merge(bars: MinuteBars, minutes: int) -> MinuteBars:
    """Bars of several minutes each out of bars of one."""
    if minutes == 1 or len(bars.time_us) == 0:
        return bars
    opening = bars.time_us // (minutes * MINUTE_US)
    first = np.flatnonzero(np.diff(opening, prepend=opening[0] - 1))
    last = np.append(first[1:], len(opening)) - 1
    high = np.maximum.reduceat(bars.prices[:, 1], first)
    low = np.minimum.reduceat(bars.prices[:, 2], first)
    prices = np.stack([bars.prices[first, 0], high, low, bars.prices[last, 3]], axis=1)
    volume = np.add.reduceat(bars.volume, first)
    return MinuteBars(opening[first] * minutes * MINUTE_US, prices, volume)
