"""The board: what is worth how much, how old it is, and what it changed by."""

import numpy as np
import pytest

from api.market.board import PriceBoard, Reference
from market.instruments import ALL_INSTRUMENTS, CATALOGUE
from market.latest import LatestPrices
from market.sources import Feed, source_of
from market.ticks import QUOTE, RATE, TRADE, Tick, TickBatch
from tests.api.conftest import NOW_US
from tests.api.harness import AAPL, BTCUSDT, EURUSD, Hands, quote, trade, us

SECOND = 1_000_000
OANDA = source_of("oanda", Feed.LIVE).id
BINANCE = source_of("binance", Feed.LIVE).id
ALPHAVANTAGE = source_of("alphavantage", Feed.LIVE).id
XAUUSD = ALL_INSTRUMENTS.by_symbol("XAU-USD").id


def board_of(*ticks: Tick, feed: Feed = Feed.LIVE, now_us: int = NOW_US) -> PriceBoard:
    board = PriceBoard(CATALOGUE, feed, Hands(now_us))
    board.apply(TickBatch.of(ticks))
    return board


def shown(board: PriceBoard, instrument: int) -> dict[str, object]:
    price = board.price(CATALOGUE.by_id(instrument))
    assert price is not None
    return price


def test_fx_is_worth_the_mid_and_others_what_they_traded_for() -> None:
    board = board_of(
        quote(NOW_US, OANDA, "1.10001", "1.10004"),
        trade(NOW_US, OANDA, "7", of=EURUSD),
        quote(NOW_US, BINANCE, "10", "20", of=BTCUSDT),
        trade(NOW_US, BINANCE, "11"),
    )
    euro, bitcoin = shown(board, EURUSD), shown(board, BTCUSDT)
    assert (euro["price"], euro["bid"], euro["ask"]) == (1.100025, 1.10001, 1.10004)
    assert (bitcoin["price"], bitcoin["bid"], bitcoin["ask"]) == (11.0, 10.0, 20.0)


def test_a_pair_that_is_only_computed_is_worth_its_rate() -> None:
    rate = Tick(NOW_US, EURUSD, ALPHAVANTAGE, RATE, price="1.5")
    price = shown(board_of(rate), EURUSD)
    assert (price["price"], price["bid"], price["ask"]) == (1.5, None, None)


def test_an_old_trade_does_not_stand_for_a_fresh_quote() -> None:
    board = board_of(
        trade(NOW_US - 31 * SECOND, BINANCE, "11"),
        quote(NOW_US, BINANCE, "10", "20", of=BTCUSDT),
    )
    price = shown(board, BTCUSDT)
    assert (price["price"], price["as_of"], price["state"]) == (
        15.0,
        "2026-11-24T15:00:30Z",
        "live",
    )


def test_as_of_and_age_are_of_the_price_that_is_shown() -> None:
    board = board_of(
        trade(NOW_US - 2 * SECOND, BINANCE, "11"),
        quote(NOW_US, BINANCE, "10", "20", of=BTCUSDT),
    )
    price = shown(board, BTCUSDT)
    assert (price["as_of"], price["age_ms"]) == ("2026-11-24T15:00:28Z", 2_000)


def test_a_price_from_a_clock_that_runs_ahead_is_not_younger_than_now() -> None:
    assert shown(board_of(trade(NOW_US + SECOND, BINANCE, "1")), BTCUSDT)["age_ms"] == 0


@pytest.mark.parametrize(
    ("moment", "instrument", "state"),
    [
        ("2026-11-24T15:00:00Z", AAPL, "live"),
        ("2026-11-24T22:00:00Z", AAPL, "closed"),
        ("2026-11-26T15:00:00Z", AAPL, "closed"),  # Thanksgiving
        ("2026-11-21T15:00:00Z", EURUSD, "closed"),
        ("2026-11-21T15:00:00Z", BTCUSDT, "live"),
    ],
)
def test_a_closed_market_has_no_live_price(moment: str, instrument: int, state: str) -> None:
    now_us = us(moment)
    board = board_of(Tick(now_us, instrument, BINANCE, TRADE, price="1"), now_us=now_us)
    assert shown(board, instrument)["state"] == state


def test_prices_grow_old_without_a_tick() -> None:
    clock = Hands(NOW_US)
    board = PriceBoard(CATALOGUE, Feed.LIVE, clock)
    board.apply(TickBatch.of([trade(NOW_US, BINANCE, "1")]))
    assert shown(board, BTCUSDT)["state"] == "live"
    assert board.changed_states() == []
    clock.now_us += 31 * SECOND
    assert board.changed_states() == [BTCUSDT]
    assert board.changed_states() == []


def test_in_a_recording_now_is_its_newest_time() -> None:
    oanda = source_of("oanda", Feed.RECORDED).id
    past = us("2014-05-01T10:00:00Z")
    board = board_of(
        quote(past, oanda, "1", "2"),
        trade(past + 5 * SECOND, oanda, "1", of=AAPL),
        feed=Feed.RECORDED,
    )
    assert board.now_us() == past + 5 * SECOND
    price = shown(board, EURUSD)
    assert (price["age_ms"], price["state"], price["simulated"]) == (5_000, "live", False)


def test_an_empty_recording_goes_by_the_clock() -> None:
    assert board_of(feed=Feed.RECORDED).now_us() == NOW_US


def test_change_is_rounded_to_what_the_instrument_can_show() -> None:
    board = board_of(quote(NOW_US, OANDA, "1.10010", "1.10020"))
    reference = board.reference_time(CATALOGUE.by_id(EURUSD), NOW_US)
    board.set_references({EURUSD: Reference(reference, 1.1)})
    price = shown(board, EURUSD)
    assert (price["change"], price["change_percent"]) == (0.00015, 0.0136)


def test_a_reference_of_another_day_counts_for_nothing() -> None:
    board = board_of(quote(NOW_US, OANDA, "1.1", "1.2"))
    board.set_references({EURUSD: Reference(NOW_US, 1.1)})
    price = shown(board, EURUSD)
    assert (price["change"], price["change_percent"]) == (None, None)


def test_set_references_names_those_that_are_others_now() -> None:
    board = board_of()
    assert board.set_references({1: Reference(5, 1.0), 2: Reference(5, 2.0)}) == [1, 2]
    assert board.set_references({1: Reference(5, 1.0), 2: Reference(5, 3.0)}) == [2]


def test_prices_leave_out_who_has_none() -> None:
    board = board_of(trade(NOW_US, BINANCE, "1"))
    assert [price["symbol"] for price in board.prices([EURUSD, BTCUSDT])] == ["BTC-USDT"]
    assert BTCUSDT not in board.without_price()
    assert EURUSD in board.without_price()
    absent = board.no_price(CATALOGUE.by_id(EURUSD), NOW_US)
    assert absent.keys() == shown(board, BTCUSDT).keys()


def test_restore_takes_what_is_newer_and_known() -> None:
    other = LatestPrices(CATALOGUE)
    other.apply(TickBatch.of([trade(NOW_US, BINANCE, "2"), quote(NOW_US, OANDA, "1", "2")]))
    bitcoin, euro = other.items_bytes(np.array([BTCUSDT, EURUSD]))
    board = board_of(trade(NOW_US + 1, BINANCE, "3"))
    assert board.restore({"BTC-USDT": bitcoin, "EUR-USD": euro, "GONE": bitcoin}) == [EURUSD]
    assert shown(board, BTCUSDT)["price"] == 3.0
    assert shown(board, EURUSD)["price"] == 1.5


def test_instruments_that_are_not_ours_move_nothing() -> None:
    batch = TickBatch.of(
        [
            Tick(NOW_US, 99_999, BINANCE, TRADE, price="1"),
            Tick(NOW_US, XAUUSD, BINANCE, TRADE, price="1"),
            Tick(NOW_US, EURUSD, OANDA, QUOTE, bid="1", ask="2"),
        ]
    )
    assert board_of().apply(batch) == [EURUSD]
