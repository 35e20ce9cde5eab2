"""Only the trades that a gap lacks become ticks, in the order of their ids."""

from decimal import Decimal

import msgspec
import pytest

from connectors.errors import MalformedError
from connectors.trades import MAX_TRADES, Trade, Wanted, missing_ids, trades_of, wanted_of
from market.ticks import TRADE, Tick
from tests.connectors.gaps import silence, trade_gap
from tests.connectors.support import record

WANTED = Wanted("BTCUSDT", 5, 7)


def read(raw: bytes) -> Trade:
    trade_id, price = msgspec.json.decode(raw, type=tuple[int, str])
    if trade_id < 0:
        raise ValueError("not a trade's id")
    return Trade(trade_id * 1_000_000, trade_id, price, "2.50")


def rows(*texts: str) -> list[msgspec.Raw]:
    return [msgspec.Raw(text.encode()) for text in texts]


def test_a_gap_names_its_trades() -> None:
    assert missing_ids(trade_gap("binance", "BTC-USDT", 5, 7)) == range(5, 8)
    assert missing_ids(trade_gap("binance", "BTC-USDT", 5, 4 + MAX_TRADES)) is not None


def test_a_gap_without_trades_or_with_too_many_names_none() -> None:
    assert missing_ids(silence("binance", 60)) is None
    assert missing_ids(trade_gap("binance", "BTC-USDT", 5, 5 + MAX_TRADES)) is None
    assert missing_ids(trade_gap("binance", "BTC-USDT", 5, 4)) is None


def test_the_context_says_what_was_wanted() -> None:
    assert WANTED.text() == '{"symbol":"BTCUSDT","first_id":5,"last_id":7}'
    assert wanted_of(record("binance", "trades", "", WANTED.text())) == WANTED
    with pytest.raises(MalformedError):
        wanted_of(record("binance", "trades", "", "BTCUSDT"))


def test_wanted_rows_become_ticks_and_bad_ones_are_refused_alone() -> None:
    page = record("binance", "trades", "", WANTED.text())
    given = rows(
        '[8,"1"]', '[7,"1.10"]', '[5,"1.2"]', '[4,"1"]', '[6,"0"]', "[-1,null]", '[-1,"1"]'
    )
    parsed = trades_of(page, 101, given, read_or_refuse)
    assert parsed.ticks.rows() == [
        Tick(5_000_000, 101, 11, TRADE, 5, price=Decimal("1.2"), size=Decimal("2.5")),
        Tick(7_000_000, 101, 11, TRADE, 7, price=Decimal("1.1"), size=Decimal("2.5")),
    ]
    assert [each.excerpt for each in parsed.refused] == ['[6,"0"]', "[-1,null]", '[-1,"1"]']


def read_or_refuse(raw: bytes) -> Trade:
    try:
        return read(raw)
    except msgspec.MsgspecError as error:
        raise MalformedError("binance", "not a row") from error


def test_no_rows_are_no_ticks() -> None:
    assert len(trades_of(record("binance", "trades", "", WANTED.text()), 101, [], read).ticks) == 0
