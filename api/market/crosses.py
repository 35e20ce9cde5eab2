"""Prices of pairs that nobody quotes: crossed over the board's newest FX prices, with their path."""

import re
from datetime import datetime
from decimal import Decimal

from api.market.board import PriceBoard, PriceData
from api.market.freshness import State
from market.clock import microseconds, rfc3339
from market.crosses import Cross, Leg, NoPathError, Rate, cross_rate
from market.errors import UnknownSymbolError
from market.instruments import AssetClass, Instrument
from market.sources import Feed, source_of

SIGNIFICANT_DIGITS = 10
"""What is shown of a cross rate; its legs have fewer."""

_PAIR = re.compile(r"([A-Z]{3})-([A-Z]{3})")
_WORST = (State.LIVE, State.STALE, State.CLOSED)


def require_known(board: PriceBoard, symbol: str) -> None:
    """UnknownSymbolError where this is neither an instrument nor a pair of the board's currencies."""
    if symbol not in board.instruments:
        _currencies(board, symbol)


def cross_price(board: PriceBoard, symbol: str, now_us: int) -> PriceData:
    """The price of a pair of currencies that the board knows, through others.

    UnknownSymbolError: it is no such pair. NoPathError: nothing is quoted that leads there right now.
    """
    cross, prices = _found(board, symbol, now_us)
    return _shown(cross, prices, symbol, now_us)


def cross_of(board: PriceBoard, symbol: str, now_us: int) -> Cross:
    """The cross rate itself; raises as `cross_price`."""
    return _found(board, symbol, now_us)[0]


def shown_path(cross: Cross) -> list[dict[str, object]]:
    """The legs, as they are served."""
    return [_leg(leg) for leg in cross.legs]


def cross_legs(board: PriceBoard, symbol: str) -> list[str]:
    """The pairs that a cross rate goes through right now; none where nothing leads there.

    UnknownSymbolError: it is no such pair.
    """
    try:
        path = cross_price(board, symbol, board.now_us())["path"]
    except NoPathError:
        return []
    assert isinstance(path, list)
    return [leg["symbol"] for leg in path]


def _found(board: PriceBoard, symbol: str, now_us: int) -> tuple[Cross, dict[str, PriceData]]:
    """The cross rate, and the prices of all pairs that have one."""
    base, quote = _currencies(board, symbol)
    prices = {
        instrument.symbol: price
        for instrument in _pairs(board)
        if (price := board.price(instrument, now_us)) is not None
    }
    rates = (
        _rate(board.feed, prices[each.symbol], each)
        for each in _pairs(board)
        if each.symbol in prices
    )
    return cross_rate(base, quote, rates), prices


def _pairs(board: PriceBoard) -> list[Instrument]:
    return [each for each in board.instruments if each.asset_class is AssetClass.FX]


def _currencies(board: PriceBoard, symbol: str) -> tuple[str, str]:
    known = {code for each in _pairs(board) for code in (each.base, each.quote)}
    found = _PAIR.fullmatch(symbol)
    if found is None or found[1] == found[2] or not known.issuperset(found.groups()):
        raise UnknownSymbolError(symbol)
    return found[1], found[2]


def _rate(feed: Feed, price: PriceData, pair: Instrument) -> Rate:
    bid, ask = (price[side] or price["price"] for side in ("bid", "ask"))
    return Rate(
        base=pair.base,
        quote=pair.quote,
        bid=Decimal(str(bid)),
        ask=Decimal(str(ask)),
        time_us=microseconds(datetime.fromisoformat(str(price["as_of"]))),
        source=source_of(str(price["source"]), feed),
    )


def _shown(cross: Cross, prices: dict[str, PriceData], symbol: str, now_us: int) -> PriceData:
    """As an instrument's price is shown, as old as its oldest leg and as good as its worst."""
    legs = [prices[leg.rate.symbol] for leg in cross.legs]
    states = [State(str(price["state"])) for price in legs]
    return {
        "symbol": symbol,
        "price": _number(cross.mid),
        "bid": _number(cross.bid),
        "ask": _number(cross.ask),
        "change": None,
        "change_percent": None,
        "as_of": rfc3339(cross.time_us),
        "age_ms": max(0, now_us - cross.time_us) // 1_000,
        "state": max(states, key=_WORST.index).value,
        "source": None,
        "simulated": any(price["simulated"] for price in legs),
        "path": shown_path(cross),
    }


def _leg(leg: Leg) -> dict[str, object]:
    return {
        "symbol": leg.rate.symbol,
        "inverted": leg.inverted,
        "source": leg.rate.source.provider,
        "as_of": rfc3339(leg.rate.time_us),
    }


def _number(value: Decimal) -> float:
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
