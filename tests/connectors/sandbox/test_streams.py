"""The hub and its clients: what sessions say goes out, what they end is ended, faults strike."""

import asyncio

import numpy as np
import pytest

from connectors.sandbox.faults import Faults
from connectors.sandbox.sessions import Cut
from connectors.sandbox.spoiling import FAREWELLS, GARBAGE
from connectors.sandbox.streams import GOING_AWAY, MAX_BACKLOG, POLICY, Client, Hub
from connectors.sandbox.tape import KRAKEN, VENUE_PAIRS, Pair, Quotes, Trades
from tests.connectors.sandbox.conftest import NOW_US

BITCOIN, ETHER = VENUE_PAIRS[KRAKEN][:2]


class Talk:
    """A session that says what happens to it."""

    def opened(self, now_us: int) -> list[str]:
        return ["hello"]

    def received(self, message: str, now_us: int) -> list[str]:
        if message == "enough":
            raise Cut(POLICY)
        return [f"{message}?"]

    def traded(self, pair: Pair, trades: Trades, now_us: int) -> list[str]:
        return [f'{{"price":1.5,"id":{number}}}' for number in trades.ids.tolist()]

    def quoted(self, pair: Pair, quotes: Quotes, now_us: int) -> list[str]:
        return [f"{pair.instrument.symbol} quoted" for _ in quotes.ids]

    def passed(self, now_us: int) -> list[str]:
        return ["tick"]

    def ending(self, now_us: int) -> list[str]:
        return ["goodbye"]


class Line:
    """A connection that remembers what was done to it."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def abort(self) -> None:
        self.done.append("abort")

    def reset(self) -> None:
        self.done.append("reset")

    def fall_silent(self, *, pongs: bool) -> None:
        self.done.append(f"silent {pongs}")


class Stage:
    """A hub of Kraken and its faults."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.hub = Hub(KRAKEN, lambda: NOW_US, self.faults)

    def join(self) -> tuple[Client, Line]:
        line = Line()
        client = Client(Talk(), line)
        self.hub.join(client)
        return client, line


@pytest.fixture
def stage() -> Stage:
    return Stage()


def trades(*ids: int) -> Trades:
    column = np.array(ids, np.int64)
    return Trades(column, column, column, column, column > 0)


def frames(*ids: int) -> list[str]:
    return [f'{{"price":1.5,"id":{number}}}' for number in ids]


def test_a_client_is_greeted_answered_told_and_forgotten(stage: Stage) -> None:
    client, _ = stage.join()
    stage.hub.received(client, "what")
    stage.hub.traded(BITCOIN, trades(1, 2))
    quotes = Quotes(*(np.zeros(1, np.int64) for _ in range(6)))
    stage.hub.quoted(ETHER, quotes)
    assert client.take() == ["hello", "what?", *frames(1, 2), "ETH-USD quoted"]
    stage.hub.leave(client)
    stage.hub.traded(BITCOIN, trades(3))
    assert client.take() == []
    assert len(stage.hub) == 0


async def test_sessions_hear_that_time_passes(stage: Stage) -> None:
    client, _ = stage.join()
    client.take()
    passing = asyncio.create_task(stage.hub.pass_time())
    await asyncio.wait_for(client.wake.wait(), 5)
    assert client.take() == ["tick"]
    passing.cancel()


def test_a_session_that_cuts_ends_its_connection_alone(stage: Stage) -> None:
    client, _ = stage.join()
    other, _ = stage.join()
    stage.hub.received(client, "enough")
    assert (client.closing, other.closing) == (POLICY, None)
    stage.hub.traded(BITCOIN, trades(1))
    assert client.take() == ["hello"]
    assert other.take() == ["hello", *frames(1)]


def test_a_client_that_does_not_read_is_cut_and_its_send_aborted(stage: Stage) -> None:
    client, line = stage.join()
    for number in range(MAX_BACKLOG + 1):
        client.put([str(number)])
    assert client.closing == POLICY
    assert line.done == ["abort"]
    assert client.take() == []
    client.put(["more"])
    assert client.take() == []


async def test_shutting_down_announces_itself_last(stage: Stage) -> None:
    client, _ = stage.join()
    client.take()
    ending = asyncio.create_task(stage.hub.shut_down())
    await client.wake.wait()
    stage.hub.leave(client)
    await asyncio.wait_for(ending, 5)
    client.put(["too late"])
    assert client.take() == ["goodbye"]
    assert client.closing == GOING_AWAY


async def test_shutting_down_does_not_wait_for_ever(stage: Stage) -> None:
    client, _ = stage.join()  # and it never leaves
    await asyncio.wait_for(stage.hub.shut_down(), 5)
    assert client.closing == GOING_AWAY


class TestFaults:
    @pytest.mark.parametrize("pongs", [True, False])
    async def test_a_silent_connection_says_nothing_more_and_is_reset_at_the_end(
        self, stage: Stage, pongs: bool
    ) -> None:
        client, line = stage.join()
        stage.faults.set(KRAKEN, "ws_silent", times=1, pongs=pongs)
        stage.hub.received(client, "what")
        stage.hub.traded(BITCOIN, trades(1))
        client.cut(GOING_AWAY)
        assert (client.take(), client.closing) == ([], None)
        other, _ = stage.join()
        assert other.take() == ["hello"]
        await stage.hub.shut_down()
        assert line.done == [f"silent {pongs}", "reset"]

    def test_a_new_connection_falls_silent_before_its_greeting(self, stage: Stage) -> None:
        stage.faults.set(KRAKEN, "ws_silent")
        client, _ = stage.join()
        assert client.take() == []

    def test_a_shutdown_is_announced_to_all_who_are_there(self, stage: Stage) -> None:
        clients = [stage.join()[0] for _ in range(3)]
        stage.faults.set(KRAKEN, "ws_shutdown", times=2)
        assert [client.closing for client in clients] == [GOING_AWAY, GOING_AWAY, None]
        assert clients[0].take() == ["hello", FAREWELLS[KRAKEN], "goodbye"]

    def test_a_reset_is_the_lines(self, stage: Stage) -> None:
        _, line = stage.join()
        stage.faults.set(KRAKEN, "ws_reset", times=1)
        assert line.done == ["reset"]

    def test_garbage_and_a_replay_come_once_a_connection(self, stage: Stage) -> None:
        client, _ = stage.join()
        stage.hub.traded(BITCOIN, trades(1, 2, 3))
        client.take()
        stage.faults.set(KRAKEN, "ws_replay", frames=2)
        stage.faults.set(KRAKEN, "ws_garbage")
        assert client.take() == [*frames(2, 3), GARBAGE]

    def test_skipped_and_repeated_trades_are_so_for_every_client(self, stage: Stage) -> None:
        both = [stage.join()[0] for _ in range(2)]
        stage.faults.set(KRAKEN, "ws_skip", times=2, symbol="BTC-USD")
        stage.hub.traded(ETHER, trades(1))
        stage.hub.traded(BITCOIN, trades(1, 2, 3))
        stage.faults.set(KRAKEN, "ws_repeat", times=1)
        stage.hub.traded(BITCOIN, trades(4, 5))
        for client in both:
            assert client.take() == ["hello", *frames(1, 3, 4, 4, 5)]

    def test_prices_become_none(self, stage: Stage) -> None:
        client, _ = stage.join()
        client.take()
        stage.faults.set(KRAKEN, "ws_nan", times=1)
        stage.hub.traded(BITCOIN, trades(1, 2))
        stage.faults.set(KRAKEN, "ws_overflow", times=1)
        stage.hub.traded(BITCOIN, trades(3))
        assert client.take() == ['{"price":NaN,"id":1}', *frames(2), '{"price":1e400,"id":3}']
