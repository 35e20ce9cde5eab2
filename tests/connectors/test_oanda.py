"""Recorded FX rows become quotes, row by row, exactly."""

import zipfile
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import MalformedError
from connectors.oanda import context_of, midnight_us, parse_ticks, read_rows
from market.clock import datetime_of
from market.instruments import CATALOGUE
from market.log import Parsed
from market.ticks import QUOTE, TickBatch
from tests.connectors.support import DATA, record, us
from tests.reference.oanda import quotes

MAY_DAY = date(2014, 5, 1)


def parsed(payload: bytes | str, row: int = 0) -> Parsed:
    context = context_of("EUR-USD", MAY_DAY, row)
    return parse_ticks(record("oanda", "ticks", payload, context), CATALOGUE)


def csv_of(pair: str, day: str) -> bytes:
    with zipfile.ZipFile(DATA / "fx_ticks" / f"oanda_{pair}" / f"{day}_quote.zip") as archive:
        return archive.read(archive.namelist()[0])


@pytest.mark.parametrize(("pair", "count"), [("eurusd", 532_903), ("nzdusd", 457_699)])
def test_the_recorded_files_hold_every_row(pair: str, count: int) -> None:
    total = 0
    for path in sorted((DATA / "fx_ticks" / f"oanda_{pair}").glob("*.zip")):
        outcome = parsed(csv_of(pair, path.name[:8]))
        assert outcome.refused == ()
        assert (outcome.ticks.bid <= outcome.ticks.ask).all()
        total += len(outcome.ticks)
    assert total == count


def test_rows_equal_their_plain_reading() -> None:
    payload = csv_of("eurusd", "20140508")
    ticks = parsed(payload).ticks
    rows = [(datetime_of(row.time_us), row.seq, row.bid, row.ask) for row in ticks.rows()]
    assert rows == list(quotes(payload, MAY_DAY.isoformat()))
    assert set(ticks.kind.tolist()) == {QUOTE}
    assert set(ticks.instrument.tolist()) == {CATALOGUE.by_symbol("EUR-USD").id}


def test_a_row_in_full() -> None:
    tick = parsed("292,1.38676,1.3868\r\n", row=7).ticks.row(0)
    assert tick.time_us == us("2014-05-01T00:00:00.292")
    assert (tick.seq, tick.bid, tick.ask) == (7, Decimal("1.38676"), Decimal("1.3868"))


@pytest.mark.parametrize(
    "bad",
    ["x", "", "1,2", "1,0,2", "1,-1,2", "1,nan,2", "86400000,1,2", "1,1,2,3", "-1,1,2", "1 ,1,2"],
)
def test_a_bad_row_is_refused_and_keeps_its_number(bad: str) -> None:
    outcome = parsed(f"1,1.1,1.2\n{bad}\n2,1.1,1.2")
    assert outcome.ticks.seq.tolist() == [0, 2]
    assert [each.excerpt for each in outcome.refused] == [bad]


def test_long_numbers_take_the_slow_way() -> None:
    outcome = parsed("1,1.00000000000000000010,1.5e0\n2,1,100000000000000000.1\n")
    assert outcome.refused == ()
    first, second = outcome.ticks.row(0), outcome.ticks.row(1)
    assert (first.bid, first.ask) == (Decimal(1), Decimal("1.5"))
    assert (second.bid, second.ask) == (Decimal(1), Decimal("100000000000000000"))


@settings(deadline=None)
@given(st.lists(st.text("0123456789.,e-\r x", max_size=30), min_size=1, max_size=8))
def test_any_rows_are_ticks_or_refusals(lines: list[str]) -> None:
    payload = "\n".join(lines)
    outcome = parsed(payload)
    rows, _ = read_rows(payload.encode())
    assert len(outcome.ticks) + len(outcome.refused) == rows


def test_nothing_is_no_row() -> None:
    assert len(parsed("").ticks) == 0
    assert read_rows(b"")[0] == 0


@pytest.mark.parametrize(
    "context",
    [
        "",
        "{}",
        '{"symbol":1,"date":"2014-05-01","row":0}',
        '{"symbol":"EUR-USD","date":"2014-05-01","row":-1}',
        '{"symbol":"EUR-USD","date":"2014-05-01","row":9223372036854775808}',
        '{"symbol":"EUR-USD","date":"1970-01-01","row":0}',
        '{"symbol":"EUR-USD","date":"0001-01-01","row":0}',
    ],
)
def test_a_context_that_says_nothing_is_malformed(context: str) -> None:
    with pytest.raises(MalformedError):
        parse_ticks(record("oanda", "ticks", "1,1,2", context), CATALOGUE)


def test_batches_in_slices_are_the_whole() -> None:
    payload = csv_of("eurusd", "20140504")
    lines = payload.splitlines(keepends=True)
    parts = [parsed(b"".join(lines[at : at + 100]), at).ticks for at in range(0, len(lines), 100)]
    assert TickBatch.concat(parts).to_bytes() == parsed(payload).ticks.to_bytes()


def test_midnight() -> None:
    assert midnight_us(MAY_DAY) == us("2014-05-01")
