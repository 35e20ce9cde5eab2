"""Candles of a query's symbols: the range, so many before it, and other sides beside."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from api.config import ApiConfig
from api.query import loading
from api.query.loading import Wanted, load_members
from api.services import ServiceSet
from market.crosses import NoPathError
from market.instruments import ALL_INSTRUMENTS, AssetClass
from market.intervals import Interval
from market.sources import Feed, source_of
from storage.rollups import refresh
from tests.api.harness import quote, store_ticks, us
from tests.api.query.conftest import STOCKS

START, END = datetime(2017, 8, 4, tzinfo=UTC), datetime(2017, 8, 10, tzinfo=UTC)
OANDA = source_of("oanda", Feed.RECORDED).id
DAY, MINUTE = Interval.parse("1d"), Interval.parse("1m")


@pytest.fixture
async def services(recorded: ApiConfig) -> AsyncIterator[ServiceSet]:
    found = ServiceSet.of(recorded)
    yield found
    await found.columns.close()
    await found.database.close()


def opened(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


@pytest.mark.usefixtures("stored")
async def test_so_many_candles_before_the_start_are_there_whatever_holes_there_are(
    services: ServiceSet,
) -> None:
    wanted = Wanted(DAY, "UTC", None, START, END, before=300)
    symbols = [(symbol, symbol != "COKE") for symbol in STOCKS]
    members = await load_members(services, symbols, wanted, ["close"])
    assert [(member.symbol, member.asked) for member in members] == symbols
    assert {member.asset_class for member in members} == {AssetClass.STOCK}
    for member in members:
        times = member.candles["time"].to_list()
        assert times == sorted(times)
        assert sum(time < START for time in times) >= 300
    inside = [time for time in members[0].candles["time"].to_list() if time >= START]
    assert [time.day for time in inside] == [4, 8, 9]  # AAPL has no 7 August


@pytest.mark.usefixtures("stored")
async def test_candles_before_a_long_silence_are_found(services: ServiceSet) -> None:
    start = opened("2017-12-01T00:00:00Z")  # YHOO ended in June
    wanted = Wanted(DAY, "UTC", None, start, opened("2018-01-01T00:00:00Z"), before=20)
    (member,) = await load_members(services, [("YHOO", True)], wanted, ["close"])
    times = member.candles["time"].to_list()
    assert len(times) == 20
    assert times[-1] == opened("2017-06-16T00:00:00Z")
    early = Wanted(DAY, "UTC", None, opened("2014-01-01T00:00:00Z"), START, before=20)
    (member,) = await load_members(services, [("YHOO", True)], early, ["close"])
    assert member.candles["time"][0] == opened("2015-01-02T00:00:00Z")


@pytest.mark.usefixtures("quoted")
async def test_other_sides_stand_beside_the_buckets_that_there_are(services: ServiceSet) -> None:
    start, end = opened("2018-01-09T10:02:00Z"), opened("2018-01-09T10:05:00Z")
    wanted = Wanted(MINUTE, "UTC", None, start, end, before=1)
    fields = ["close", "bid", "ask"]
    (member,) = await load_members(services, [("EUR-USD", True)], wanted, fields)
    assert member.candles.columns == ["time", *fields]  # and no other was read
    assert member.candles.select(fields).rows() == [(1.11, 1.1, 1.12), (1.22, 1.2, 1.24)]
    (sided,) = await load_members(services, [("EUR-USD", True)], wanted, ["ask"])
    assert sided.candles.equals(member.candles.select("time", "ask"))
    trades = Wanted(MINUTE, "UTC", "trade", start, end, before=1)
    (nothing,) = await load_members(services, [("EUR-USD", True)], trades, ["bid"])
    assert nothing.candles.is_empty()
    assert "bid" in nothing.candles.columns


@pytest.mark.parametrize("start", ["2018-01-08T00:00:00Z", "2018-01-05T00:00:00Z"])
async def test_many_read_together_are_what_each_is_by_itself(
    services: ServiceSet, database_url: str, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    symbols = ("EUR-USD", "USD-JPY", "GBP-USD", "AAPL")
    first = us("2018-01-05T00:00:00Z")
    for place, symbol in enumerate(symbols[:3]):
        identity = ALL_INSTRUMENTS.by_symbol(symbol).id
        ticks = [
            quote(first + hour * 3_600_000_000, OANDA, f"1.{hour % 9}", "2", of=identity)
            for hour in range(place * 7, 100)
        ]
        store_ticks(database_url, ticks)
    refresh(database_url, Feed.RECORDED, now=opened("2018-01-09T03:00:00Z"))
    asked = [(symbol, True) for symbol in symbols]
    for fields in (["close"], ["close", "bid"]):
        hour = Interval.parse("1h")
        end = opened("2018-01-09T05:00:00Z")
        wanted = Wanted(hour, "UTC", None, opened(start), end, before=5)
        with monkeypatch.context() as patched:
            if fields == ["close"]:  # nobody is read by himself then
                patched.delattr(loading, "find_series")
            together = await load_members(services, asked, wanted, fields)
        with monkeypatch.context() as patched:
            patched.setattr(loading, "TOGETHER_FROM", 99)
            alone = await load_members(services, asked, wanted, fields)
        for one, other in zip(together, alone, strict=True):
            assert one.candles.tail(80).equals(other.candles.tail(80))
            assert one.candles.is_empty() == (one.symbol == "AAPL")


@pytest.mark.usefixtures("quoted")
async def test_a_cross_that_nothing_leads_to_is_an_error(services: ServiceSet) -> None:
    start, end = opened("2018-01-09T10:00:00Z"), opened("2018-01-09T10:05:00Z")
    wanted = Wanted(MINUTE, "UTC", None, start, end, before=0)
    with pytest.raises(NoPathError):
        await load_members(services, [("EUR-USD", True), ("ZAR-CNY", True)], wanted, ["close"])
