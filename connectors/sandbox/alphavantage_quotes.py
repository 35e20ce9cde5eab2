"""Alpha Vantage's quotes: GLOBAL_QUOTE, REALTIME_BULK_QUOTES, CURRENCY_EXCHANGE_RATE."""

from collections.abc import Mapping

from connectors.sandbox.alphavantage_days import days_of
from connectors.sandbox.alphavantage_texts import table
from connectors.sandbox.hours import NEW_YORK
from connectors.sandbox.simulator import MINUTE_US
from connectors.sandbox.universe import DRIVER_INDEX, DRIVERS, half_spread
from connectors.sandbox.wire import Answer, Request, World, decimal_text, json_answer
from market.clock import datetime_of
from market.instruments import CATALOGUE, AssetClass

DELAY_US = 15 * MINUTE_US
MAX_BULK = 100
QUOTE_HEADER = "symbol,open,high,low,price,volume,latestDay,previousClose,change,changePercent"
BULK_NAMES = (
    "symbol timestamp open high low close volume previous_close change change_percent "
    "extended_hours_quote extended_hours_change extended_hours_change_percent"
).split()

_PRICE_PLACES = 4
_RATE_PLACES = 8
_ENVELOPE = "Global Quote"
_DELAYED = " - DATA DELAYED BY 15 MINUTES"


def global_quote(world: World, request: Request) -> Answer:
    """The day's end, or the price of now (or 15 minutes ago) where the caller is entitled to it."""
    envelope = _ENVELOPE + (_DELAYED if request.query.get("entitlement") == "delayed" else "")
    symbol = request.query.get("symbol", "").upper()
    if not is_stock(symbol):
        return json_answer({envelope: {}})
    quote = _quote(world, symbol, seen_us(world, request))
    if request.query.get("datatype") == "csv":
        return table([QUOTE_HEADER, ",".join(quote.values())])
    names = {f"{number:02}. {name}": text for number, (name, text) in enumerate(quote.items(), 1)}
    return json_answer({envelope: names})


def bulk_quotes(world: World, request: Request) -> Answer:
    """A row for each known symbol of the first hundred."""
    delay_us = DELAY_US if request.query.get("entitlement") == "delayed" else 0
    at_us = world.simulator.hours.last_open(AssetClass.STOCK, request.now_us - delay_us)
    asked = request.query.get("symbol", "").upper().split(",")[:MAX_BULK]
    rows = [_bulk_row(world, symbol, at_us) for symbol in asked if is_stock(symbol)]
    if request.query.get("datatype") == "csv":
        return table([",".join(BULK_NAMES), *(",".join(row.values()) for row in rows)])
    return json_answer({"endpoint": "Realtime Bulk Quotes", "message": "", "data": rows})


def exchange_rate(world: World, request: Request) -> Answer | None:
    """A pair's rate with bid and ask; None where a currency is unknown."""
    base = request.query.get("from_currency", "").upper()
    quote = request.query.get("to_currency", "").upper()
    if base not in NAMES or quote not in NAMES or base == quote:
        return None
    step_us = world.profile.alphavantage_step_s * 1_000_000
    at_us = request.now_us // step_us * step_us
    rate, bid, ask = _rate_texts(world, base, quote, at_us)
    open_us = at_us
    if is_currency(base) and is_currency(quote):
        open_us = world.simulator.hours.last_open(AssetClass.FX, at_us)
    fields = {
        "1. From_Currency Code": base,
        "2. From_Currency Name": NAMES[base],
        "3. To_Currency Code": quote,
        "4. To_Currency Name": NAMES[quote],
        "5. Exchange Rate": rate,
        "6. Last Refreshed": f"{datetime_of(open_us):%Y-%m-%d %H:%M:%S}",
        "7. Time Zone": "UTC",
        "8. Bid Price": bid,
        "9. Ask Price": ask,
    }
    return json_answer({"Realtime Currency Exchange Rate": fields})


def seen_us(world: World, request: Request) -> int:
    """Up to when the caller may see prices of stocks: without an entitlement, to the last close."""
    entitlement = request.query.get("entitlement")
    if entitlement == "realtime":
        return request.now_us
    if entitlement == "delayed":
        return request.now_us - DELAY_US
    session = world.simulator.hours.session(request.now_us)
    if request.now_us < session.close_us:
        session = world.simulator.hours.session(session.open_us - 1)
    return session.close_us - 1


def is_stock(symbol: str) -> bool:
    """Whether it is a stock that the sandbox simulates."""
    return symbol in CATALOGUE and CATALOGUE.by_symbol(symbol).asset_class is AssetClass.STOCK


def is_currency(code: str) -> bool:
    """Whether it is no coin; the dollar has no driver."""
    index = DRIVER_INDEX.get(code)
    return index is None or DRIVERS[index].asset_class is AssetClass.FX


def _quote(world: World, symbol: str, at_us: int) -> Mapping[str, str]:
    simulator = world.simulator
    session = simulator.hours.session(at_us)
    at_us = min(at_us, session.close_us - 1)
    bar = days_of(simulator).so_far(symbol, session.day, session.open_us, at_us)
    decimals = CATALOGUE.by_symbol(symbol).decimals
    price = simulator.last(symbol, at_us)
    previous = simulator.last(symbol, session.open_us - 1)

    def shown(units: int) -> str:
        return decimal_text(units, decimals, _PRICE_PLACES)

    opened, high, low = (
        shown(round(each * 10**decimals)) for each in (bar.open, bar.high, bar.low)
    )
    return {
        "symbol": symbol,
        "open": opened,
        "high": high,
        "low": low,
        "price": shown(price),
        "volume": str(bar.volume),
        "latest trading day": session.day.isoformat(),
        "previous close": shown(previous),
        "change": shown(price - previous),
        "change percent": f"{100.0 * (price - previous) / previous:.4f}%",
    }


def _bulk_row(world: World, symbol: str, at_us: int) -> dict[str, str]:
    quote = _quote(world, symbol, at_us)
    local = datetime_of(at_us).astimezone(NEW_YORK)
    values = (
        symbol,
        f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1_000:03}",
        *(quote[name] for name in ("open", "high", "low", "price", "volume", "previous close")),
        quote["change"],
        quote["change percent"].rstrip("%"),
        *("", "", ""),
    )
    return dict(zip(BULK_NAMES, values, strict=True))


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


def _currency_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for instrument in CATALOGUE:
        if instrument.asset_class is not AssetClass.STOCK:
            base, quote = instrument.name.split(" / ")
            names |= {instrument.base: base, instrument.quote: quote}
    names["USD"] = "United States Dollar"
    return names


NAMES = _currency_names()
"""Every currency and coin by its code."""
