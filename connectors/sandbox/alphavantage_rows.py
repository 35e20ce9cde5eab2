"""Alpha Vantage's series before they are written: whose they are, their Meta Data, their rows."""

from dataclasses import dataclass

import numpy as np

from connectors.sandbox.alphavantage_quotes import NAMES, is_currency
from connectors.sandbox.alphavantage_texts import table
from connectors.sandbox.wire import Answer, Request, json_answer
from market.instruments import CATALOGUE

COIN_UNITS = 1_000
"""A coin's volume is given in thousandths of a share's."""

Row = dict[str, str | int]
Rows = dict[str, Row]


@dataclass(frozen=True, slots=True)
class Series:
    """One answer before it is written. `meta` has no numbers yet; its `Last Refreshed` is filled in."""

    name: str
    meta: dict[str, str]
    rows: Rows


def written(request: Request, series: Series) -> Answer:
    """The series as JSON, or as CSV whose columns are the rows' names."""
    if request.query.get("datatype") == "csv":
        first: Row = next(iter(series.rows.values()), {})
        header = [key.partition(". ")[2].replace(" ", "_") for key in first]
        lines = [",".join(["timestamp", *header])]
        lines += [",".join([at, *map(str, row.values())]) for at, row in series.rows.items()]
        return table(lines)
    meta = series.meta | {"Last Refreshed": next(iter(series.rows), "")}
    numbered = {f"{number}. {name}": text for number, (name, text) in enumerate(meta.items(), 1)}
    return json_answer({"Meta Data": numbered, series.name: series.rows})


def pair_of(request: Request) -> tuple[str, str] | None:
    """The currencies that are asked for; None where they are no pair of ours."""
    base = request.query.get("from_symbol", "").upper()
    quote = request.query.get("to_symbol", "").upper()
    known = f"{base}-{quote}" in CATALOGUE and is_currency(base)
    return (base, quote) if known else None


def coin_of(request: Request) -> tuple[str, str] | None:
    """The coin and its market; None where we have no such pair."""
    coin = request.query.get("symbol", "").upper()
    market = request.query.get("market", "").upper()
    known = f"{coin}-{market}" in CATALOGUE and not is_currency(coin)
    return (coin, market) if known else None


def pair_meta(information: str, pair: tuple[str, str]) -> dict[str, str]:
    """The first entries of a pair's Meta Data."""
    return {"Information": information, "From Symbol": pair[0], "To Symbol": pair[1]}


def coin_meta(information: str, coin: tuple[str, str]) -> dict[str, str]:
    """The first entries of a coin's Meta Data."""
    return {
        "Information": information,
        "Digital Currency Code": coin[0],
        "Digital Currency Name": NAMES[coin[0]],
        "Market Code": coin[1],
        "Market Name": NAMES[coin[1]],
    }


def size_text(request: Request) -> str:
    """How Meta Data calls the size."""
    return "Full size" if is_full(request) else "Compact"


def is_full(request: Request) -> bool:
    """Whether everything is wanted, not the newest hundred rows."""
    return request.query.get("outputsize", "compact") == "full"


def ohlc(prices: np.typing.NDArray[np.float64], places: int) -> Row:
    """The four prices under their keys."""
    names = ("1. open", "2. high", "3. low", "4. close")
    return {name: f"{price:.{places}f}" for name, price in zip(names, prices, strict=True)}
