"""Rows of tables become bars: exactly, of the right side, and a bad row is refused alone."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import MalformedError
from connectors.parsing import PARSERS, parse
from connectors.recorded_bars import LAYOUTS, OWN_KINDS, BarsOf, cells_of, opening_us, parse_bars
from market.bars import ASK, BID, DAY_S, LAST, Bar
from market.clock import datetime_of
from market.instruments import ALL_INSTRUMENTS, CATALOGUE
from market.log import Parsed
from tests.connectors import bar_samples
from tests.connectors.support import record, us

HOUR_S = 3_600
QUOTE_ROW = "20140501 10:00,1.38802,1.38804,1.38749,1.38750,7,1.38814,1.38817,1.38761,1.38762,9"
QUANDL_HEAD = (
    ",Date,Open,High,Low,Close,Volume,ExDividend,SplitRatio,"
    "AdjOpen,AdjHigh,AdjLow,AdjClose,AdjVolume,Stock\n"
)
CLOSES_HEAD = '"MSFT","GSPC","Date"\n'


def parsed(kind: str, payload: str, symbol: str = "", interval_s: int = DAY_S) -> Parsed:
    provider = next(name for name, kinds in OWN_KINDS.items() if kind in kinds)
    context = BarsOf(symbol, interval_s).text()
    return parse_bars(record(provider, kind, payload, context), ALL_INSTRUMENTS)


def shown(bar: Bar) -> tuple[object, ...]:
    instrument = ALL_INSTRUMENTS.by_id(bar.instrument).symbol
    prices = " ".join(map(str, (bar.open, bar.high, bar.low, bar.close)))
    volume = None if bar.volume is None else Decimal(bar.volume).normalize()
    return instrument, bar.side, f"{datetime_of(bar.time_us):%F %T}", prices, volume


def test_a_row_of_quotes_is_a_bar_of_each_side() -> None:
    outcome = parsed("quote_bars", f"{QUOTE_ROW}\r\n", "EUR-USD", HOUR_S)
    time = "2014-05-01 10:00:00"
    assert [shown(bar) for bar in outcome.bars.rows()] == [
        ("EUR-USD", BID, time, "1.38802 1.38804 1.38749 1.3875", None),
        ("EUR-USD", ASK, time, "1.38814 1.38817 1.38761 1.38762", None),
    ]
    assert outcome.bars.interval_s.tolist() == [HOUR_S] * 2
    assert not len(outcome.ticks)


def test_a_row_of_trades_has_its_volume_to_the_last_digit() -> None:
    payload = "20141201 00:00,300,370,300,370,0.05655554"
    (bar,) = parsed("trade_bars", payload, "BTC-USD").bars.rows()
    assert shown(bar) == (
        *("BTC-USD", LAST, "2014-12-01 00:00:00", "300 370 300 370"),
        Decimal("0.05655554"),
    )


def test_quandl_is_kept_as_traded() -> None:
    row = "0,2017-12-29,170.52,170.59,169.22,169.23,25643711.0,0.0,1.0,17,18,16,17,9.0,AAPL\n"
    (bar,) = parsed("quandl_days", QUANDL_HEAD + row).bars.rows()
    assert shown(bar) == (
        *("AAPL", LAST, "2017-12-29 00:00:00", "170.52 170.59 169.22 169.23"),
        Decimal("25643711").normalize(),
    )


def test_nasdaqs_columns_are_in_an_order_of_their_own() -> None:
    head = '"date","close","volume","open","high","low"\n'
    row = '"2018/10/15","259.5900","6189026.0000","259.0600","263.2800","254.5367"\n'
    (bar,) = parsed("nasdaq_days", head + row, "TSLA").bars.rows()
    assert shown(bar)[3:] == ("259.06 263.28 254.5367 259.59", Decimal(6_189_026).normalize())


def test_yahoo_says_whose_it_is_in_its_header() -> None:
    head = (
        "Date,AAPL.Open,AAPL.High,AAPL.Low,AAPL.Close,AAPL.Volume,AAPL.Adjusted,"
        "dn,mavg,up,direction\n"
    )
    row = "2015-02-17,127.489998,128.88,126.92,127.83,63152400,122.9,106.7,117.9,129.1,Increasing\n"
    (bar,) = parsed("yahoo_days", head + row).bars.rows()
    assert shown(bar)[0] == "AAPL"
    assert shown(bar)[3] == "127.489998 128.88 126.92 127.83"


def test_a_close_is_the_four_prices_of_its_day() -> None:
    outcome = parsed("adjusted_closes", CLOSES_HEAD + '23.950705,1416.599976,"2007-01-03"\n')
    assert [shown(bar)[:1] + shown(bar)[3:] for bar in outcome.bars.rows()] == [
        ("MSFT", "23.950705 23.950705 23.950705 23.950705", None),
        ("GSPC", "1416.599976 1416.599976 1416.599976 1416.599976", None),
    ]


@pytest.mark.parametrize(
    "bad",
    [
        "20140501 10:00,1,2,3",
        "20149901 10:00,1,1,1,1,0,1,1,1,1,0",
        "2014-05-01,1,1,1,1,0,1,1,1,1,0",
        "19700101 00:00,1,1,1,1,0,1,1,1,1,0",
        '"',
        "\xe9",
    ],
)
def test_a_row_without_a_time_or_of_another_length_is_refused_alone(bad: str) -> None:
    outcome = parsed("quote_bars", f"{bad}\n{QUOTE_ROW}\n", "EUR-USD")
    assert len(outcome.bars) == 2
    (refusal,) = outcome.refused
    assert refusal.reason == "not a row of this table, or one without a time"
    assert refusal.excerpt == bad


def test_a_bad_price_leaves_the_other_bars_of_its_row() -> None:
    outcome = parsed("adjusted_closes", CLOSES_HEAD + 'NA,1416.5,"2007-01-03"\n')
    assert [shown(bar)[0] for bar in outcome.bars.rows()] == ["GSPC"]
    assert [each.excerpt for each in outcome.refused] == ['NA,1416.5,"2007-01-03"']


def test_a_bar_whose_high_is_below_its_close_is_refused() -> None:
    outcome = parsed("trade_bars", "20141201 00:00,300,310,300,370,1\n", "BTC-USD")
    assert not len(outcome.bars)
    assert "high and low" in outcome.refused[0].reason


def test_a_ticker_that_nobody_knows_is_refused_with_its_bar() -> None:
    row = "0,2017-12-29,1,1,1,1,1.0,0.0,1.0,1,1,1,1,1.0,NOPE\n"
    outcome = parsed("quandl_days", QUANDL_HEAD + row)
    assert [each.reason for each in outcome.refused] == ["unknown symbol: NOPE"]


@pytest.mark.parametrize(("kind", "context"), [("quote_bars", "{"), ("nothing", "{}")])
def test_what_is_no_record_of_bars_is_malformed(kind: str, context: str) -> None:
    with pytest.raises(MalformedError):
        parse_bars(record("oanda", kind, "", context), CATALOGUE)


def test_every_table_has_one_owner_at_least_and_a_parser() -> None:
    owned = {(name, kind) for name, kinds in OWN_KINDS.items() for kind in kinds}
    assert {kind for _, kind in owned} == set(LAYOUTS)
    assert owned < set(PARSERS)


def test_an_opening_is_midnight_utc_of_a_day() -> None:
    assert opening_us(LAYOUTS["yahoo_days"], ["2015-02-17", *"1234567890"]) == us("2015-02-17")
    assert cells_of(b'"a,b",c\r\n') == ["a,b", "c"]


@pytest.mark.parametrize("head", ["", CLOSES_HEAD, "a\n1\n", "\xff,b\n1,2\n"])
def test_a_table_without_a_header_or_a_row_is_malformed(head: str) -> None:
    with pytest.raises(MalformedError, match="no table of bars"):
        parsed("adjusted_closes", head)


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(sorted(bar_samples.BODIES)),
    st.lists(st.text('0123456789.,-/: eE"AMSFT\x00é', max_size=60), min_size=1, max_size=6),
)
def test_no_row_is_lost_and_nothing_is_raised(key: tuple[str, str], lines: list[str]) -> None:
    head = (
        bar_samples.BODIES[key].splitlines(keepends=True)[0] if LAYOUTS[key[1]].has_header else b""
    )
    payload = head + "\n".join(lines).encode()
    outcome = parse(record(*key, payload, bar_samples.CONTEXTS[key]), ALL_INSTRUMENTS)
    rows = len(payload.splitlines()) - bool(head)
    assert len(outcome.bars) + len(outcome.refused) >= rows
    assert all(datetime_of(int(t)) > datetime(1970, 1, 1, tzinfo=UTC) for t in outcome.bars.time)
