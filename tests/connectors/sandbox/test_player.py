"""The player and its hub, on a clock that the test moves."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from connectors.sandbox.faults import Faults
from connectors.sandbox.player import MAX_LAG_MS, TOLD_AFTER_MS, Player, load_reel
from connectors.sandbox.simulator import Simulator
from connectors.sandbox.streams import TRY_AGAIN_LATER, Client, Hub
from connectors.sandbox.tape import BINANCE, MINUTE_MS, Pair, Quotes, Tape, Trades
from tests.connectors.sandbox.conftest import NOW_US

MINUTE = NOW_US // 1_000 // MINUTE_MS


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now_us: int) -> None:
        self.now_us = now_us

    def __call__(self) -> int:
        return self.now_us


class Journal:
    """A session that writes each event down: symbol, kind, id, time."""

    def opened(self, now_us: int) -> list[str]:
        return []

    def received(self, message: str, now_us: int) -> list[str]:
        return []

    def traded(self, pair: Pair, trades: Trades, now_us: int) -> list[str]:
        return self._events("trade", pair, trades)

    def quoted(self, pair: Pair, quotes: Quotes, now_us: int) -> list[str]:
        return self._events("quote", pair, quotes)

    def passed(self, now_us: int) -> list[str]:
        return []

    def ending(self, now_us: int) -> list[str]:
        return []

    def _events(self, kind: str, pair: Pair, events: Trades | Quotes) -> list[str]:
        rows = zip(events.ids.tolist(), events.time_ms.tolist(), strict=True)
        return [json.dumps([pair.instrument.symbol, kind, number, ms]) for number, ms in rows]


class Line:
    """A connection to which nothing happens."""

    def abort(self) -> None:
        raise AssertionError

    def reset(self) -> None:
        raise AssertionError

    def fall_silent(self, *, pongs: bool) -> None:
        raise AssertionError


class Stage:
    """A player of Binance's tape on a movable clock."""

    def __init__(self) -> None:
        self.clock = Clock(NOW_US)
        self.tape = Tape(Simulator(7), 2_000)
        self.hub = Hub(BINANCE, self.clock, Faults())
        self.player = Player(self.tape, self.hub, self.clock)

    def join(self) -> Client:
        client = Client(Journal(), Line())
        self.hub.join(client)
        return client

    async def advance(self, milliseconds: int, client: Client) -> list[list[object]]:
        """Move the clock; what the client got, which is something."""
        self.clock.now_us += milliseconds * 1_000
        await asyncio.wait_for(client.wake.wait(), 5)
        return [json.loads(event) for event in client.take()]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    playing = asyncio.create_task(stage.player.play())
    yield stage
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing


async def test_events_come_in_order_and_never_before_their_time(stage: Stage) -> None:
    client = stage.join()
    times: list[int] = []
    for _ in range(20):
        events = await stage.advance(50, client)
        times += [int(str(event[3])) for event in events]
        assert times[-1] <= stage.clock.now_us // 1_000 - TOLD_AFTER_MS
    assert times == sorted(times)
    assert times[0] >= NOW_US // 1_000


async def test_nothing_is_missing_over_the_minute(stage: Stage) -> None:
    client = stage.join()
    events: list[list[object]] = []
    while stage.clock.now_us // 1_000 < (MINUTE + 1) * MINUTE_MS + 5_000:
        events += await stage.advance(5_000, client)
    for pair in stage.tape.pairs:
        symbol = pair.instrument.symbol
        ids = [int(str(e[2])) for e in events if e[:2] == [symbol, "trade"]]
        assert ids == list(range(ids[0], ids[-1] + 1))
        updates = [int(str(e[2])) for e in events if e[:2] == [symbol, "quote"]]
        both = [stage.tape.quotes(pair, MINUTE + m).ids.tolist() for m in (0, 1)]
        whole = [*both[0], *both[1]]
        first = whole.index(updates[0])
        assert updates == whole[first : first + len(updates)]


@pytest.mark.parametrize("jump_ms", [MAX_LAG_MS + 1_000, -MAX_LAG_MS - 1_000])
async def test_after_a_jump_of_the_clock_connections_are_cut_and_the_player_follows(
    stage: Stage, jump_ms: int
) -> None:
    client = stage.join()
    await stage.advance(500, client)
    stage.clock.now_us += jump_ms * 1_000
    while client.closing is None:
        await asyncio.wait_for(client.wake.wait(), 5)
        client.take()
    assert client.closing == TRY_AGAIN_LATER
    jumped_ms = stage.clock.now_us // 1_000
    again = stage.join()
    events = await stage.advance(200, again)
    assert int(str(events[0][3])) >= jumped_ms - TOLD_AFTER_MS


@pytest.mark.parametrize("venue", ["binance", "kraken", "coinbase"])
def test_a_reel_holds_all_events_of_its_minute_in_order(venue: str) -> None:
    tape = Tape(Simulator(7), 250, venue)
    reel = load_reel(tape, MINUTE)
    count = len(reel.time_ms)
    runs = [events for _, events in reel.runs(0, count)]
    assert count == pytest.approx(250 * 60, rel=0.01)
    assert sum(len(events.ids) for events in runs) == count
    assert [t for events in runs for t in events.time_ms.tolist()] == reel.time_ms.tolist()
    assert reel.due(MINUTE * MINUTE_MS) == 0
    assert reel.due(reel.end_ms + TOLD_AFTER_MS) == count
