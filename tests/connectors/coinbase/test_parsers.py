"""Each kind that Coinbase's requests and its stream put into the log has its parser."""

from connectors.answers import Request
from connectors.coinbase.connector import connector
from connectors.coinbase.parsers import PARSERS
from connectors.connector import Access
from market.instruments import CATALOGUE
from tests.connectors.gaps import silence, trade_gap
from tests.connectors.support import NOW_US

VENUE = connector(Access("http://x", "ws://x"), CATALOGUE)
SYMBOL = VENUE.instruments[0].symbol


def test_every_kind_that_is_asked_for_is_parsed() -> None:
    asked: list[Request | None] = [
        *VENUE.history({}, NOW_US),
        VENUE.repair(trade_gap("coinbase", SYMBOL, 1, 2), 0, None),
        VENUE.repair(silence("coinbase", 90), 0, None),
    ]
    assert {each.kind for each in asked if each} == {"candles", "trades"}
    assert PARSERS.keys() == {"candles", "trades", "frames"}
