"""Alpha Vantage's wire format: everything under HTTP 200, numbers as strings, newest first."""

from collections.abc import Callable
from datetime import datetime

import numpy as np

from connectors.sandbox.hours import NEW_YORK
from connectors.sandbox.simulator import MINUTE_US, MinuteBars
from connectors.sandbox.universe import DRIVER_INDEX, DRIVERS, half_spread
from connectors.sandbox.wire import (
    INVALID_KEY,
    Answer,
    Request,
    World,
    decimal_text,
    json_answer,
)
from market.clock import datetime_of
from market.instruments import CATALOGUE, AssetClass, Instrument

CALLS_PER_DAY = 25
CALL_INTERVAL_US = 1_000_000
HISTORY_MINUTES = 25 * 60
COMPACT_POINTS = 100
DELAY_US = 15 * MINUTE_US

_DAY_US = 86_400_000_000
_INTERVALS = {"1min": 1, "5min": 5, "15min": 15, "30min": 30, "60min": 60}
_PRICE_PLACES = 4
_FX_PLACES = 5
_RATE_PLACES = 8

_SITE = "https://www.alphavantage.co"
_THANKS = "Thank you for using Alpha Vantage!"
_SUBSCRIBE = f"You may subscribe to any of the premium plans at {_SITE}/premium/ to"
BAD_KEY = (
    "the parameter apikey is invalid or missing. Please claim your free API key on "
    f"({_SITE}/support/#api-key). It should take less than 20 seconds."
)
DAILY_QUOTA = (
    f"{_THANKS} Our standard API rate limit is 25 requests per day. Please subscribe to any of the "
    f"premium plans at {_SITE}/premium/ to instantly remove all daily rate limits."
)
BURST = (
    f"{_THANKS} Please consider spreading out your free API requests more sparingly "
    f"(1 request per second). {_SUBSCRIBE} lift the free key rate limit (25 requests per day), "
    "raise the per-second burst limit, and instantly unlock all premium endpoints"
)
PREMIUM = (
    f"{_THANKS} This is a premium endpoint. {_SUBSCRIBE} instantly unlock all premium endpoints"
)
DEMO = (
    "The **demo** API key is for demo purposes only. Please claim your free API key at "
    f"({_SITE}/support/#api-key) to explore our full API offerings. It takes fewer than 20 seconds."
)

Rows = dict[str, dict[str, str]]


def respond(world: World, request: Request) -> Answer:
    """The answer of `GET /query`."""
    if "text/csv" in request.headers.get("accept", ""):
        refusal = "Could not satisfy the request Accept header."
        return json_answer({"detail": refusal}, status=406)
    refused = _refusal(world, request)
    if refused is not None:
        return refused
    function = request.query.get("function", "")
    handler = _FUNCTIONS.get(function)
    if handler is None:
        return _error(f"This API function ({function}) does not exist.")
    return handler(world, request) or _invalid_call(function)


def _refusal(world: World, request: Request) -> Answer | None:
    """The body for a key that may not ask, or not now; a refused call costs nothing."""
    key = request.query.get("apikey", "")
    if key in ("", INVALID_KEY):
        return _error(BAD_KEY)
    if key == "demo":
        return _information(DEMO)
    if world.profile.premium:
        return None
    if request.query.get("function") in _PREMIUM_FUNCTIONS:
        return _information(PREMIUM)
    account = f"alphavantage {key}"
    if not world.ledger.pace(account, request.now_us, CALL_INTERVAL_US):
        return _information(BURST)
    if not world.ledger.spend(account, request.now_us // _DAY_US, CALLS_PER_DAY):
        return _information(DAILY_QUOTA)
    return None


def _global_quote(world: World, request: Request) -> Answer:
    delayed = request.query.get("entitlement") == "delayed"
    envelope = "Global Quote - DATA DELAYED BY 15 MINUTES" if delayed else "Global Quote"
    symbol = request.query.get("symbol", "").upper()
    if symbol not in CATALOGUE or not _is_stock(CATALOGUE.by_symbol(symbol)):
        return json_answer({envelope: {}})
    at_us = request.now_us - (DELAY_US if delayed else 0)
    if not world.profile.premium:
        at_us = _last_close(world, at_us)
    return json_answer({envelope: _quote_fields(world, symbol, at_us)})


def _last_close(world: World, time_us: int) -> int:
    """The last microsecond of the last finished session: the free plan is end-of-day."""
    session = world.simulator.hours.session(time_us)
    if time_us < session.close_us:
        session = world.simulator.hours.session(session.open_us - 1)
    return session.close_us - 1


def _quote_fields(world: World, symbol: str, at_us: int) -> dict[str, str]:
    simulator = world.simulator
    session = simulator.hours.session(at_us)
    seen_us = min(at_us, session.close_us - 1)
    bars = simulator.minute_bars(symbol, session.open_us // MINUTE_US, seen_us // MINUTE_US)
    running = simulator.running_bar(symbol, seen_us)
    prices = np.concatenate([bars.prices, running.prices])
    price = simulator.last(symbol, seen_us)
    previous = simulator.last(symbol, session.open_us - 1)
    decimals = CATALOGUE.by_symbol(symbol).decimals
    cents = [round(value * 10**decimals) for value in _day_prices(prices)]
    opened, high, low = (decimal_text(value, decimals, _PRICE_PLACES) for value in cents)
    return {
        "01. symbol": symbol,
        "02. open": opened,
        "03. high": high,
        "04. low": low,
        "05. price": decimal_text(price, decimals, _PRICE_PLACES),
        "06. volume": str(int(bars.volume.sum() + running.volume.sum())),
        "07. latest trading day": session.day.isoformat(),
        "08. previous close": decimal_text(previous, decimals, _PRICE_PLACES),
        "09. change": decimal_text(price - previous, decimals, _PRICE_PLACES),
        "10. change percent": f"{100.0 * (price - previous) / previous:.4f}%",
    }


def _day_prices(prices: np.typing.NDArray[np.float64]) -> tuple[float, float, float]:
    return float(prices[0, 0]), float(prices[:, 1].max()), float(prices[:, 2].min())


def _exchange_rate(world: World, request: Request) -> Answer | None:
    base = request.query.get("from_currency", "").upper()
    quote = request.query.get("to_currency", "").upper()
    if base not in _NAMES or quote not in _NAMES or base == quote:
        return None
    step_us = world.profile.alphavantage_step_s * 1_000_000
    at_us = request.now_us // step_us * step_us
    rate, bid, ask = _rate_texts(world, base, quote, at_us)
    open_us = at_us
    if all(_is_fx(code) for code in (base, quote)):
        open_us = world.simulator.hours.last_open(AssetClass.FX, at_us)
    fields = {
        "1. From_Currency Code": base,
        "2. From_Currency Name": _NAMES[base],
        "3. To_Currency Code": quote,
        "4. To_Currency Name": _NAMES[quote],
        "5. Exchange Rate": rate,
        "6. Last Refreshed": f"{datetime_of(open_us):%Y-%m-%d %H:%M:%S}",
        "7. Time Zone": "UTC",
        "8. Bid Price": bid,
        "9. Ask Price": ask,
    }
    return json_answer({"Realtime Currency Exchange Rate": fields})


def _rate_texts(world: World, base: str, quote: str, at_us: int) -> tuple[str, str, str]:
    """Rate, bid and ask with eight decimals; the rate is the mid of what is shown."""
    symbol = f"{base}-{quote}"
    if symbol in CATALOGUE:
        shown = world.simulator.quote(symbol, at_us)
        halves = (shown.bid + shown.ask) * 5
        return (
            decimal_text(halves, shown.decimals + 1, _RATE_PLACES),
            decimal_text(shown.bid, shown.decimals, _RATE_PLACES),
            decimal_text(shown.ask, shown.decimals, _RATE_PLACES),
        )
    mid = world.simulator.rate(base, quote, at_us)
    spread = mid * half_spread(CATALOGUE.by_symbol("EUR-USD"))
    rate, bid, ask = (f"{value:.{_RATE_PLACES}f}" for value in (mid, mid - spread, mid + spread))
    return rate, bid, ask


def _fx_intraday(world: World, request: Request) -> Answer | None:
    base = request.query.get("from_symbol", "").upper()
    quote = request.query.get("to_symbol", "").upper()
    symbol, interval = f"{base}-{quote}", request.query.get("interval", "")
    if symbol not in CATALOGUE or not _is_fx(base) or interval not in _INTERVALS:
        return None
    bars = _bars(world, symbol, interval, request)
    rows = {
        f"{datetime_of(int(time_us)):%Y-%m-%d %H:%M:%S}": _ohlc(prices, _FX_PLACES)
        for time_us, prices in zip(bars.time_us[::-1], bars.prices[::-1], strict=True)
    }
    meta = {
        "1. Information": f"FX Intraday ({interval}) Time Series",
        "2. From Symbol": base,
        "3. To Symbol": quote,
        "4. Last Refreshed": next(iter(rows), ""),
        "5. Interval": interval,
        "6. Output Size": _size_text(request),
        "7. Time Zone": "UTC",
    }
    return json_answer({"Meta Data": meta, f"Time Series FX ({interval})": rows})


def _stock_intraday(world: World, request: Request) -> Answer | None:
    symbol = request.query.get("symbol", "").upper()
    interval = request.query.get("interval", "")
    if symbol not in CATALOGUE or not _is_stock(CATALOGUE.by_symbol(symbol)):
        return None
    if interval not in _INTERVALS:
        return None
    rows = _stock_rows(_bars(world, symbol, interval, request))
    meta = {
        "1. Information": f"Intraday ({interval}) open, high, low, close prices and volume",
        "2. Symbol": symbol,
        "3. Last Refreshed": next(iter(rows), ""),
        "4. Interval": interval,
        "5. Output Size": _size_text(request),
        "6. Time Zone": "US/Eastern",
    }
    return json_answer({"Meta Data": meta, f"Time Series ({interval})": rows})


def _stock_rows(bars: MinuteBars) -> Rows:
    """Rows by New York wall time; of the hour that a clock shows twice, the first alone."""
    rows: Rows = {}
    for index in range(len(bars.time_us) - 1, -1, -1):
        local: datetime = datetime_of(int(bars.time_us[index])).astimezone(NEW_YORK)
        if local.fold:
            continue
        row = _ohlc(np.round(bars.prices[index], 2), _PRICE_PLACES)
        row["5. volume"] = str(int(bars.volume[index]))
        rows[f"{local:%Y-%m-%d %H:%M:%S}"] = row
    return rows


def _bars(world: World, symbol: str, interval: str, request: Request) -> MinuteBars:
    """Whole bars of the past day; `compact` is the newest hundred."""
    minutes = _INTERVALS[interval]
    end = request.now_us // MINUTE_US // minutes * minutes
    first = (end - HISTORY_MINUTES) // minutes * minutes
    bars = _merge(world.simulator.minute_bars(symbol, first, end), minutes)
    if request.query.get("outputsize", "compact") == "full":
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


def _ohlc(prices: np.typing.NDArray[np.float64], places: int) -> dict[str, str]:
    names = ("1. open", "2. high", "3. low", "4. close")
    return {name: f"{price:.{places}f}" for name, price in zip(names, prices, strict=True)}


def _size_text(request: Request) -> str:
    return "Full size" if request.query.get("outputsize", "compact") == "full" else "Compact"


def _is_stock(instrument: Instrument) -> bool:
    return instrument.asset_class is AssetClass.STOCK


def _is_fx(code: str) -> bool:
    index = DRIVER_INDEX.get(code)
    return index is None or DRIVERS[index].asset_class is AssetClass.FX


def _error(text: str) -> Answer:
    return json_answer({"Error Message": text})


def _invalid_call(function: str) -> Answer:
    return _error(
        f"Invalid API call. Please retry or visit the documentation ({_SITE}/documentation/) "
        f"for {function}."
    )


def _information(text: str) -> Answer:
    return json_answer({"Information": text})


def _currency_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for instrument in CATALOGUE:
        if not _is_stock(instrument):
            base, quote = instrument.name.split(" / ")
            names |= {instrument.base: base, instrument.quote: quote}
    names["USD"] = "United States Dollar"
    return names


_NAMES = _currency_names()
_PREMIUM_FUNCTIONS = (
    "TIME_SERIES_INTRADAY",
    "TIME_SERIES_DAILY_ADJUSTED",
    "FX_INTRADAY",
    "CRYPTO_INTRADAY",
    "REALTIME_BULK_QUOTES",
    "HISTORICAL_OPTIONS",
)
_FUNCTIONS: dict[str, Callable[[World, Request], Answer | None]] = {
    "GLOBAL_QUOTE": _global_quote,
    "CURRENCY_EXCHANGE_RATE": _exchange_rate,
    "FX_INTRADAY": _fx_intraday,
    "TIME_SERIES_INTRADAY": _stock_intraday,
}
