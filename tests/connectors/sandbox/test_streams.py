"""The hub and its player, on a clock that the test moves."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from connectors.sandbox.binance import Control
from connectors.sandbox.simulator import Simulator
from connectors.sandbox.streams import (
    CHUNK_MS,
    GOING_AWAY,
    MAX_BACKLOG,
    MAX_LAG_MS,
    POLICY,
    TRY_AGAIN_LATER,
    Client,
    Hub,
    load_reel,
)
from connectors.sandbox.tape import MINUTE_MS, PAIRS, Tape
from tests.connectors.sandbox.conftest import NOW_US

MINUTE = NOW_US // 1_000 // MINUTE_MS
TRADES = [f"{pair.venue_symbol.lower()}@trade" for pair in PAIRS]


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now_us: int) -> None:
        self.now_us = now_us

    def __call__(self) -> int:
        return self.now_us


class Stage:
    """A hub on a movable clock."""

    def __init__(self) -> None:
        self.clock = Clock(NOW_US)
        self.tape = Tape(Simulator(7), 2_000)
        self.hub = Hub(self.tape, self.clock)

    def join(self, *streams: str, combined: bool = False) -> Client:
        client = Client(Control(combined, list(streams)))
        self.hub.join(client)
        return client

    async def advance(self, milliseconds: int, client: Client) -> list[str]:
        """Move the clock; what the client got, which is something."""
        self.clock.now_us += milliseconds * 1_000
        await asyncio.wait_for(client.wake.wait(), 5)
        return client.take()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    player = asyncio.create_task(stage.hub.play())
    yield stage
    player.cancel()
    with pytest.raises(asyncio.CancelledError):
        await player


async def test_frames_come_in_order_and_never_before_their_time(stage: Stage) -> None:
    client = stage.join(*TRADES)
    last_ms = 0
    for _ in range(20):
        for message in await stage.advance(50, client):
            event_ms = json.loads(message)["E"]
            assert last_ms <= event_ms <= stage.clock.now_us // 1_000
            last_ms = event_ms
    assert last_ms > NOW_US // 1_000


async def test_trade_ids_stay_contiguous_over_the_minute(stage: Stage) -> None:
    client = stage.join("btcusdt@trade")
    ids: list[int] = []
    while stage.clock.now_us // 1_000 < (MINUTE + 1) * MINUTE_MS + 5_000:
        ids += [json.loads(message)["t"] for message in await stage.advance(5_000, client)]
    assert ids == list(range(ids[0], ids[-1] + 1))
    assert len(ids) > 1_000


async def test_each_client_gets_its_streams_wrapped_as_it_wants(stage: Stage) -> None:
    bare = stage.join("btcusdt@trade")
    wrapped = stage.join("btcusdt@trade", "ethusdt@bookTicker", combined=True)
    silent = stage.join("nothing@trade")
    mine = await stage.advance(3_000, bare)
    theirs = [json.loads(message) for message in wrapped.take()]
    assert {frame["stream"] for frame in theirs} == {"btcusdt@trade", "ethusdt@bookTicker"}
    trades = [frame["data"] for frame in theirs if frame["stream"] == "btcusdt@trade"]
    common = min(len(mine), len(trades))
    assert common > 10
    assert [json.loads(message) for message in mine][:common] == trades[:common]
    assert silent.take() == []


async def test_a_changed_subscription_takes_effect_and_leaving_ends_it(stage: Stage) -> None:
    client = stage.join("btcusdt@trade")
    other = stage.join(*TRADES)
    before = client.control.streams
    client.control.streams = ["ethusdt@trade"]
    stage.hub.resubscribe(client, before)
    symbols = {json.loads(message)["s"] for message in await stage.advance(2_000, client)}
    assert symbols == {"ETHUSDT"}
    stage.hub.leave(client)
    await stage.advance(1_000, other)
    assert [json.loads(m)["s"] for m in client.take()] == []


async def test_a_client_that_does_not_read_is_cut_and_its_send_aborted(stage: Stage) -> None:
    client = stage.join()
    aborted = asyncio.Event()
    client.abort = aborted.set
    for number in range(MAX_BACKLOG + 1):
        client.put(str(number))
    assert client.closing == POLICY
    assert aborted.is_set()
    assert client.take() == []
    client.put("more")
    assert client.take() == []


@pytest.mark.parametrize("jump_ms", [MAX_LAG_MS + 1_000, -MAX_LAG_MS - 1_000])
async def test_after_a_jump_of_the_clock_connections_are_cut_and_the_player_follows(
    stage: Stage, jump_ms: int
) -> None:
    client = stage.join(*TRADES)
    await stage.advance(500, client)
    stage.clock.now_us += jump_ms * 1_000
    while client.closing is None:
        await asyncio.wait_for(client.wake.wait(), 5)
        client.take()
    assert client.closing == TRY_AGAIN_LATER
    again = stage.join(*TRADES)
    messages = await stage.advance(200, again)
    assert json.loads(messages[0])["E"] >= stage.clock.now_us // 1_000 - 200 - CHUNK_MS


async def test_shutting_down_announces_itself_last(stage: Stage) -> None:
    bare, combined = stage.join(*TRADES), stage.join(combined=True)
    ending = asyncio.create_task(stage.hub.shut_down())
    await bare.wake.wait()
    for client in (bare, combined):
        stage.hub.leave(client)
    await asyncio.wait_for(ending, 5)
    assert bare.closing == combined.closing == GOING_AWAY
    bare.put("too late")
    assert json.loads(bare.take()[-1])["e"] == "serverShutdown"
    assert json.loads(combined.take()[-1])["stream"] == "!serverShutdown"


async def test_shutting_down_does_not_wait_for_ever(stage: Stage) -> None:
    stage.join()
    await asyncio.wait_for(stage.hub.shut_down(), 5)


def test_a_reel_holds_all_frames_of_its_minute_in_order() -> None:
    tape = Tape(Simulator(7), 250)
    reel = load_reel(tape, MINUTE)
    frames = [
        frame
        for chunk_ms in range(MINUTE * MINUTE_MS, reel.end_ms, CHUNK_MS)
        for frame in reel.frames(chunk_ms)
    ]
    assert len(frames) == pytest.approx(250 * 60, rel=0.01)
    assert [frame.event_ms for frame in frames] == sorted(frame.event_ms for frame in frames)
