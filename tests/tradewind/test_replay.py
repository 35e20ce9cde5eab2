"""`tradewind replay` as a user runs it: all is stored once, and equals what polars makes of the files."""

import time
import zipfile
from pathlib import Path

import polars as pl
import psycopg
import pytest

from tests.chaos.harness import Command, run_to_end
from tests.chaos.invariants import assert_books_balance, assert_candles_are_those_of_the_ticks

EURUSD_TICKS = 532_903
PRICES = ["open", "high", "low", "close"]


def replay(database_url: str, data: Path, *arguments: str | Path) -> Command:
    return Command(
        ["replay", *map(str, arguments)],
        {"TRADEWIND_DATABASE_URL": database_url, "TRADEWIND_DATA": str(data)},
    )


def closing_line(command: Command) -> str:
    return run_to_end(command).strip().splitlines()[-1]


def eurusd(test_data: Path) -> list[Path]:
    return sorted((test_data / "fx_ticks" / "oanda_eurusd").glob("*.zip"))


@pytest.mark.timeout(240)
def test_the_recorded_eurusd_is_stored_once_however_often_it_is_replayed(
    database_url: str, test_data: Path, tmp_path: Path
) -> None:
    files = eurusd(test_data)
    first = replay(database_url, tmp_path, *files, "--speed", "max")
    again = replay(database_url, tmp_path, *files, "--speed", "max", "--from-start")
    assert closing_line(first) == "532,903 stored, 0 duplicate, 0 quarantined"
    for _ in range(2):
        assert closing_line(again) == "0 stored, 532,903 duplicate, 0 quarantined"
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM market.ticks").fetchone() == (EURUSD_TICKS,)
        assert_candles_are_those_of_the_ticks(connection)
        for side in ("m", "b", "a"):
            assert stored_candles(connection, side).equals(candles_of_files(files, side))


def candles_of_files(files: list[Path], side: str) -> pl.DataFrame:
    """One-minute candles by polars, prices in hundred-thousandths (halves of them for the mid)."""
    ticks = pl.concat([ticks_of_file(file) for file in files])
    price = {
        "m": pl.col("bid") + pl.col("ask"),
        "b": pl.col("bid") * 2,
        "a": pl.col("ask") * 2,
    }[side]
    return (
        ticks.with_columns(price.alias("price"), time=pl.col("time").dt.truncate("1m"))
        .group_by("time", maintain_order=True)
        .agg(
            pl.col("price").first().alias("open"),
            pl.col("price").max().alias("high"),
            pl.col("price").min().alias("low"),
            pl.col("price").last().alias("close"),
            pl.len().cast(pl.Int64).alias("ticks"),
        )
        .sort("time")
    )


def ticks_of_file(file: Path) -> pl.DataFrame:
    with zipfile.ZipFile(file) as archive:
        name = archive.namelist()[0]
        rows = pl.read_csv(archive.read(name), has_header=False, new_columns=["ms", "bid", "ask"])
    midnight = pl.lit(name[:8]).str.to_datetime("%Y%m%d", time_unit="us", time_zone="UTC")
    return rows.select(
        (midnight + pl.duration(milliseconds="ms")).alias("time"),
        *((pl.col(side) * 100_000).round().cast(pl.Int64).alias(side) for side in ("bid", "ask")),
    )


def stored_candles(connection: "psycopg.Connection[tuple[object, ...]]", side: str) -> pl.DataFrame:
    rows = connection.execute(
        "SELECT time, (open * 200000)::bigint, (high * 200000)::bigint, (low * 200000)::bigint,"
        " (close * 200000)::bigint, ticks FROM market.candles WHERE side = %s ORDER BY time",
        (side,),
    ).fetchall()
    frame = pl.DataFrame(rows, schema=["time", *PRICES, "ticks"], orient="row")
    return frame.with_columns(
        pl.col("time").cast(pl.Datetime("us", "UTC")), pl.col(*PRICES, "ticks").cast(pl.Int64)
    )


def test_binance_frames_become_trades_and_quotes(
    database_url: str, test_data: Path, tmp_path: Path
) -> None:
    file = test_data / "crypto_ws" / "binance_spot_2024" / "ethusdt_20240808.gz"
    line = closing_line(replay(database_url, tmp_path, file, "--speed", "max"))
    assert line == "30,183 stored, 0 duplicate, 0 quarantined"
    with psycopg.connect(database_url, autocommit=True) as connection:
        kinds = connection.execute("SELECT kind, count(*) FROM market.ticks GROUP BY 1 ORDER BY 1")
        assert kinds.fetchall() == [("q", 24_077), ("t", 6_106)]
        assert_books_balance(connection)
        assert_candles_are_those_of_the_ticks(connection)


def small_zip(folder: Path, rows: str) -> Path:
    path = folder / "small.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("20140501_eurusd_tick_quote.csv", rows)
    return path


def test_speed_paces_by_event_time(database_url: str, tmp_path: Path) -> None:
    file = small_zip(tmp_path, "0,1.1,1.2\n10000,1.1,1.2\n30000,1.1,1.2\n")
    start = time.monotonic()
    line = closing_line(replay(database_url, tmp_path / "data", file, "--speed", "10"))
    assert line == "3 stored, 0 duplicate, 0 quarantined"
    assert time.monotonic() - start >= 3


def test_its_hours_and_days_are_rolled_up_when_it_ends(database_url: str, tmp_path: Path) -> None:
    hour_ms = 3_600_000
    times = [0, 1, 60_000, hour_ms, 23 * hour_ms]
    file = small_zip(tmp_path, "".join(f"{time},1.1,1.2\n" for time in times))
    for arguments in ([], ["--from-start"]):
        closing_line(replay(database_url, tmp_path / "data", file, "--speed", "max", *arguments))
        with psycopg.connect(database_url, autocommit=True) as connection:
            hours = connection.execute(
                "SELECT minutes FROM market.candles_1h WHERE side = 'm' ORDER BY time"
            )
            assert hours.fetchall() == [(2,), (1,), (1,)]
            days = connection.execute("SELECT minutes, ticks FROM market.candles_1d")
            assert days.fetchall() == [(4, 5)] * 3
            left = connection.execute("SELECT count(*) FROM market.touched_hours")
            assert left.fetchone() == (0,)


def test_a_crossed_quote_is_quarantined_and_counted(database_url: str, tmp_path: Path) -> None:
    file = small_zip(tmp_path, "0,1.1,1.2\n1,1.3,1.2\nno,tick,here\n2,1.1,1.2\n")
    line = closing_line(replay(database_url, tmp_path / "data", file))
    assert line == "2 stored, 0 duplicate, 2 quarantined"


def test_a_file_that_is_no_recording_is_named_and_nothing_is_stored(
    database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("hello")
    process = replay(database_url, tmp_path / "data", file).start()
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "notes.txt" in output
    assert "Traceback" not in output


@pytest.mark.timeout(240)
def test_bar_files_and_a_directory_are_stored_once_as_bars(
    database_url: str, test_data: Path, tmp_path: Path
) -> None:
    files = [test_data / "stocks_bars", test_data / "crypto_bars", test_data / "fx_bars" / "oanda"]
    first = replay(database_url, tmp_path, *files)
    assert closing_line(first) == "50,312 stored, 0 duplicate, 1 quarantined"
    again = replay(database_url, tmp_path, *files, "--from-start")
    assert closing_line(again) == "0 stored, 50,312 duplicate, 1 quarantined"
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert_books_balance(connection)
        count = "SELECT count(*), count(DISTINCT instrument_id) FROM market.bars WHERE feed = 'r'"
        assert connection.execute(count).fetchone() == (50_312, 14)
        assert connection.execute("SELECT count(*) FROM market.ticks").fetchone() == (0,)
        assert connection.execute("SELECT excerpt FROM market.quarantine").fetchone() == (
            '"11:34","270.49","4,787,699","264.50","273.88","262.24"',
        )
        assert connection.execute(ONE_BAR).fetchall() == [
            ("quandl", "102.61", "105.35", "67649387"),
            ("yahoo", "102.610001", "105.349998", "67649400"),
            ("yahoo_adjusted", "104.781429", "104.781429", None),
        ]


ONE_BAR = """
    SELECT provider, trim_scale(open)::text, trim_scale(close)::text, trim_scale(volume)::text
    FROM market.bars JOIN market.sources ON sources.id = source_id
    JOIN market.instruments ON instruments.id = instrument_id
    WHERE symbol = 'AAPL' AND time = '2016-01-04' ORDER BY provider
"""


def test_one_minute_bars_are_candles_of_the_symbol_that_is_said(
    database_url: str, test_data: Path, tmp_path: Path
) -> None:
    minutes = test_data / "rest/alphavantage_romeltorres/mock_time_series_extended"
    first = replay(database_url, tmp_path, minutes, "--symbol", "MSFT")
    assert closing_line(first) == "11,190 stored, 0 duplicate, 0 quarantined"
    again = replay(database_url, tmp_path, minutes, "--symbol", "MSFT", "--from-start")
    assert closing_line(again) == "0 stored, 11,190 duplicate, 0 quarantined"
    with psycopg.connect(database_url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT count(*), sum(ticks), sum(volume)::bigint FROM market.candles WHERE feed = 'r'"
        ).fetchone()
    volumes = pl.read_csv(minutes)["volume"].sum()
    assert found == (11_190, 0, volumes)


def test_what_is_no_recording_is_refused_with_what_is_accepted(
    database_url: str, test_data: Path, tmp_path: Path
) -> None:
    command = replay(database_url, tmp_path, test_data / "MANIFEST.md")
    with pytest.raises(AssertionError, match="none of what can be replayed: a gz of recorded"):
        run_to_end(command)


def test_a_day_of_the_ecb_is_a_rate_of_each_currency(
    database_url: str, test_data: Path, tmp_path: Path
) -> None:
    day = test_data / "fx_bars" / "ecb" / "eurofxref.csv"
    assert closing_line(replay(database_url, tmp_path, day)) == (
        "29 stored, 0 duplicate, 0 quarantined"
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert_books_balance(connection)
        rates = connection.execute(
            "SELECT symbol, price::text FROM market.ticks"
            " JOIN market.instruments ON instruments.id = instrument_id"
            " WHERE time = '2026-04-13T14:00Z' AND symbol IN ('EUR-JPY', 'EUR-USD', 'EUR-IDR')"
            " ORDER BY symbol"
        ).fetchall()
    assert rates == [("EUR-IDR", "20082.05"), ("EUR-JPY", "186.75"), ("EUR-USD", "1.1684")]
    assert closing_line(replay(database_url, tmp_path, day, "--from-start")) == (
        "0 stored, 29 duplicate, 0 quarantined"
    )
