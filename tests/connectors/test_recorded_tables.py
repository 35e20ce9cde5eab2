"""Tables are recognised by name and head, and hold every row of the files that there are, oldest first."""

import csv
import zipfile
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest

from connectors.errors import NoRecordingError
from connectors.parsing import parse
from connectors.recorded_files import open_recording
from connectors.recorded_tables import ROWS_PER_DAY_OF_RATES, kind_of
from connectors.recordings import RecordingReader
from market.bars import Bar
from market.clock import datetime_of
from market.instruments import ALL_INSTRUMENTS
from market.log import LogRecord, Parsed
from tests.connectors.support import DATA, us
from tests.connectors.test_recorded_files import zipped

MINUTES = DATA / "rest/alphavantage_romeltorres/mock_time_series_extended"
HISTORY = DATA / "fx_bars/ecb/eurofxref-hist.zip"
TESLA = DATA / "stocks_bars/tesla-stock-price.csv"
STOCKS = DATA / "stocks_bars/dash-stock-ticker-demo.csv"
HOURS = DATA / "fx_bars/oanda_hour/eurusd.zip"

Key = tuple[str, str, str]
"""Symbol, side, opening as a text."""


def records(path: Path, symbol: str | None = None) -> Iterator[LogRecord]:
    reader, after = RecordingReader([path], symbol=symbol), dict[str, int]()
    while not reader.finished():
        for each in reader.read(after):
            after[each.partition] = each.offset
            yield each


def parsed(path: Path, symbol: str | None = None) -> list[Parsed]:
    return [parse(each, ALL_INSTRUMENTS) for each in records(path, symbol)]


def bars_of(path: Path, symbol: str | None = None) -> list[Bar]:
    return [bar for part in parsed(path, symbol) for bar in part.bars.rows()]


def keyed(bars: list[Bar]) -> dict[Key, tuple[Decimal, ...]]:
    def key(bar: Bar) -> Key:
        time = f"{datetime_of(bar.time_us):%F %H:%M}"
        return ALL_INSTRUMENTS.by_id(bar.instrument).symbol, chr(bar.side), time

    return {
        key(bar): tuple(Decimal(str(price)) for price in (bar.open, bar.high, bar.low, bar.close))
        for bar in bars
    }


def written(path: Path) -> list[list[str]]:
    """The cells of a file, by the csv module."""
    data = path.read_bytes()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            data = archive.read(archive.namelist()[0])
    return list(csv.reader(StringIO(data.decode())))


def decimals(cells: list[str]) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, cells))


@pytest.mark.parametrize(
    ("name", "symbol", "provider", "rows", "interval_s"),
    [
        ("fx_bars/oanda/eurusd.zip", "EUR-USD", "oanda", 3_738, 86_400),
        ("fx_bars/oanda/eurgbp.zip", "EUR-GBP", "oanda", 3_738, 86_400),
        ("fx_bars/oanda/gbpusd.zip", "GBP-USD", "oanda", 3_738, 86_400),
        ("fx_bars/oanda/nzdusd.zip", "NZD-USD", "oanda", 3_738, 86_400),
        ("fx_bars/oanda_cfd/xauusd.zip", "XAU-USD", "oanda", 3_949, 86_400),
        ("fx_bars/oanda_hour/eurusd.zip", "EUR-USD", "oanda", 74_439, 3_600),
        ("crypto_bars/coinbase/daily/btcusd_quote.zip", "BTC-USD", "coinbase", 1_332, 86_400),
    ],
)
def test_bars_of_quotes_hold_both_sides_of_every_row(
    name: str, symbol: str, provider: str, rows: int, interval_s: int
) -> None:
    assert open_recording(DATA / name).source.provider == provider
    bars = bars_of(DATA / name)
    assert {bar.interval_s for bar in bars} == {interval_s}
    expected = {}
    for cells in written(DATA / name):
        time = f"{cells[0][:4]}-{cells[0][4:6]}-{cells[0][6:]}"
        expected[symbol, "b", time] = decimals(cells[1:5])
        expected[symbol, "a", time] = decimals(cells[6:10])
    assert len(expected) == len(bars) == 2 * rows
    assert keyed(bars) == expected


def test_bars_of_trades_hold_every_volume() -> None:
    path = DATA / "crypto_bars/coinbase/daily/btcusd_trade.zip"
    bars, rows = bars_of(path), written(path)
    assert len(bars) == len(rows) == 1_318
    assert keyed(bars) == {
        ("BTC-USD", "t", f"{row[0][:4]}-{row[0][4:6]}-{row[0][6:]}"): decimals(row[1:5])
        for row in rows
    }
    assert [bar.volume for bar in bars] == [Decimal(row[5]) for row in rows]


def test_the_stocks_are_kept_as_traded_oldest_first() -> None:
    rows = written(STOCKS)[1:]
    bars = bars_of(STOCKS)
    assert len(rows) == 3_634
    assert Counter(key[0] for key in keyed(bars)) == {
        **{"AAPL": 753, "TSLA": 754, "COKE": 754, "GOOGL": 754, "YHOO": 619}
    }
    assert keyed(bars) == {(row[14], "t", f"{row[1]} 00:00"): decimals(row[2:6]) for row in rows}
    volumes = {(row[14], row[1]): Decimal(row[6]) for row in rows}
    for bar in bars:
        symbol = ALL_INSTRUMENTS.by_id(bar.instrument).symbol
        assert bar.volume == volumes[symbol, f"{datetime_of(bar.time_us):%F}"]


def test_the_apple_chart_is_yahoos_prices_as_traded() -> None:
    path = DATA / "stocks_bars/finance-charts-apple.csv"
    bars, rows = bars_of(path), written(path)[1:]
    assert len(bars) == len(rows) == 506
    assert keyed(bars) == {("AAPL", "t", f"{row[0]} 00:00"): decimals(row[1:5]) for row in rows}
    assert open_recording(path).source.provider == "yahoo"


def test_the_closes_are_a_source_of_their_own() -> None:
    path = DATA / "stocks_bars/stockdata.csv"
    header, *rows = written(path)
    bars = bars_of(path)
    assert len(rows) == 2_306
    assert len(bars) == 5 * 2_306
    assert keyed(bars) == {
        (symbol, "t", f"{row[5]} 00:00"): (Decimal(close),) * 4
        for row in rows
        for symbol, close in zip(header[:5], row[:5], strict=True)
    }
    assert open_recording(path).source.provider == "yahoo_adjusted"


def test_the_dirty_row_of_tesla_is_refused_and_no_other() -> None:
    (part,) = parsed(TESLA)
    assert len(part.bars) == 756
    (refusal,) = part.refused
    assert refusal.excerpt == '"11:34","270.49","4,787,699","264.50","273.88","262.24"'
    rows = written(TESLA)[2:]
    assert keyed(part.bars.rows()) == {
        ("TSLA", "t", f"{row[0].replace('/', '-')} 00:00"): decimals([*row[3:6], row[1]])
        for row in rows
    }


def test_minutes_that_do_not_say_whose_they_are_are_those_of_the_given_symbol() -> None:
    with pytest.raises(NoRecordingError, match="say it with --symbol"):
        open_recording(MINUTES)
    bars = bars_of(MINUTES, "MSFT")
    assert len(bars) == len(written(MINUTES)) - 1 == 11_190
    assert {bar.interval_s for bar in bars} == {60}
    prices = keyed(bars)
    assert prices["MSFT", "t", "2020-11-23 09:01"] == decimals(["211.5"] * 4)
    last = ["218.79", "218.79", "218.75", "218.75"]
    assert prices["MSFT", "t", "2020-12-19 01:00"] == decimals(last)
    assert sum(int(bar.volume or 0) for bar in bars) == sum(
        int(row[5]) for row in written(MINUTES)[1:]
    )


def test_the_rates_of_every_day_come_oldest_first_in_records_of_some_days() -> None:
    header, *rows = written(HISTORY)
    kept = list(records(HISTORY))
    parts = [parse(each, ALL_INSTRUMENTS) for each in kept]
    assert [each.offset for each in kept[:2]] == [
        ROWS_PER_DAY_OF_RATES - 1,
        2 * ROWS_PER_DAY_OF_RATES - 1,
    ]
    assert kept[-1].offset == len(rows) - 1 == 6_982
    assert not any(part.refused for part in parts)
    ticks = [tick for part in parts for tick in part.ticks.rows()]
    rates = {
        (f"EUR-{code}", row[0]): Decimal(value)
        for row in rows
        for code, value in zip(header[1:], row[1:], strict=True)
        if code and value != "N/A"
    }
    assert len({symbol for symbol, _ in rates}) == 41
    assert len(ticks) == len(rates) == 217_555
    for tick in ticks:
        day = f"{datetime_of(tick.time_us):%F}"
        assert tick.price == rates[ALL_INSTRUMENTS.by_id(tick.instrument).symbol, day]
    times = [tick.time_us for tick in ticks]
    assert times == sorted(times)
    assert times[0] == us("1999-01-04T15:00:00")
    assert times[-1] == us("2026-04-13T14:00:00")


def test_the_file_of_one_day_holds_its_rates() -> None:
    (part,) = parsed(DATA / "fx_bars/ecb/eurofxref.csv")
    assert len(part.ticks) == 29
    assert part.ticks.row(0).price == Decimal("1.1684")


def test_a_row_without_a_time_stays_beside_its_neighbour(tmp_path: Path) -> None:
    path = tmp_path / "btcusd.csv"
    path.write_text("20141202 00:00,2,2,2,2,1\nrubbish\n20141201 00:00,1,1,1,1,1\n")
    loaded = open_recording(path).load()
    assert loaded.data.splitlines() == [
        *(b"20141201 00:00,1,1,1,1,1", b"20141202 00:00,2,2,2,2,1", b"rubbish")
    ]
    assert loaded.times_us.tolist() == [us("2014-12-02"), us("2014-12-03"), us("2014-12-03")]


def test_what_a_row_tells_is_known_when_its_bar_is_over() -> None:
    file = open_recording(HOURS)
    assert file.first_us == us("2007-01-01T22:00")
    part = file.part(0, 2)
    assert part.received_us == us("2007-01-01T23:00")
    assert part.context == '{"symbol":"EUR-USD","interval_s":3600}'


@pytest.mark.parametrize(
    ("name", "head", "reason"),
    [
        ("notes.csv", b"hello\n", "none of what can be replayed: a gz of recorded frames"),
        ("abcdef.csv", b"20141201 00:00,1,1,1,1,1\n", "nothing here is called ABC-DEF"),
        ("bars.csv", b"20141201 00:00,1,1,1,1,1\n", "in a table called <pair>.csv"),
        ("eurusd.csv", b"20141201 00:00,1,1,1,1,1\n", "bars of trades are of coins alone"),
        (
            "btcusd.csv",
            b"20141201 00:00,1,1,1,1,1\n20141201 00:07,1,1,1,1,1\n",
            "bars of 420 s are none",
        ),
        ("nope-prices.csv", b'"date","close","volume","open","high","low"\n', "is called NOPE"),
    ],
)
def test_another_table_is_refused_with_what_is_accepted(
    name: str, head: bytes, reason: str
) -> None:
    with pytest.raises(NoRecordingError, match=reason):
        kind_of(Path(name), name, head, None)


def test_a_table_without_a_time_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"btcusd.csv": b"20149901 00:00,1,1,1,1,1\n"})
    with pytest.raises(NoRecordingError, match="has no row with a time"):
        open_recording(path)
