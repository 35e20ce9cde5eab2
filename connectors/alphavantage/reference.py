"""SYMBOL_SEARCH and MARKET_STATUS: what is no price, for people and set-up; it never enters the log."""

from dataclasses import dataclass

import msgspec

from connectors.alphavantage.checks import check
from connectors.alphavantage.fields import PROVIDER
from connectors.answers import Answer, decode

PENCE = "GBX"
"""The currency of London's listings: 100 of it are a pound."""


@dataclass(frozen=True, slots=True)
class Match:
    """A listing that was found.

    `opens` and `closes` are local times HH:MM. `offset` is today's distance to UTC, as "UTC-04": it
    changes with the season. `score` is 0 to 1, a decimal as it was written.
    """

    symbol: str
    name: str
    type: str
    region: str
    opens: str
    closes: str
    offset: str
    currency: str
    score: str


@dataclass(frozen=True, slots=True)
class Market:
    """A market and whether it is open now; opening and close are local times HH:MM."""

    type: str
    region: str
    exchanges: str
    opens: str
    closes: str
    is_open: bool
    notes: str


class _Match(msgspec.Struct):
    symbol: str = msgspec.field(name="1. symbol")
    name: str = msgspec.field(name="2. name")
    type: str = msgspec.field(name="3. type")
    region: str = msgspec.field(name="4. region")
    opens: str = msgspec.field(name="5. marketOpen")
    closes: str = msgspec.field(name="6. marketClose")
    offset: str = msgspec.field(name="7. timezone")
    currency: str = msgspec.field(name="8. currency")
    score: str = msgspec.field(name="9. matchScore")


class _Matches(msgspec.Struct):
    best: list[_Match] = msgspec.field(name="bestMatches")


class _Market(msgspec.Struct):
    market_type: str
    region: str
    current_status: str
    primary_exchanges: str = ""
    local_open: str = ""
    local_close: str = ""
    notes: str = ""


class _Markets(msgspec.Struct):
    markets: list[_Market]


def parse_search(answer: Answer) -> list[Match]:
    """The listings that were found, the best first; none where nothing was. Raises as `check` does."""
    check(answer, "SYMBOL_SEARCH")
    found = decode(PROVIDER, answer.body, _Matches).best
    return [Match(*msgspec.structs.astuple(match)) for match in found]


def parse_market_status(answer: Answer) -> list[Market]:
    """The markets of the world. Raises as `check` does."""
    check(answer, "MARKET_STATUS")
    return [
        Market(
            type=each.market_type,
            region=each.region,
            exchanges=each.primary_exchanges,
            opens=each.local_open,
            closes=each.local_close,
            is_open=each.current_status == "open",
            notes=each.notes,
        )
        for each in decode(PROVIDER, answer.body, _Markets).markets
    ]
