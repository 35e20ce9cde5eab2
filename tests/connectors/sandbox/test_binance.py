"""Binance's frames, control messages and klines."""

import gzip
import json
import os
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from connectors.sandbox.binance import (
    MAX_STREAMS,
    Control,
    Frame,
    klines,
    quote_frames,
    shutdown_frame,
    trade_frames,
)
from connectors.sandbox.tape import MINUTE_MS, PAIRS
from connectors.sandbox.wire import World
from tests.connectors.sandbox.conftest import NOW_US, body, get

MINUTE = NOW_US // 1_000 // MINUTE_MS
BITCOIN = PAIRS[0]


@pytest.fixture(scope="module")
def frames(premium: World) -> list[Frame]:
    return [
        *trade_frames(BITCOIN, premium.tape.trades(BITCOIN, MINUTE)),
        *quote_frames(BITCOIN, premium.tape.quotes(BITCOIN, MINUTE)),
    ]


@pytest.fixture(scope="module")
def recorded_frames() -> dict[str, Any]:
    """The first recorded frame of each stream."""
    default = Path(__file__).parents[4] / "shared" / "data"
    root = Path(os.environ.get("TRADEWIND_TEST_DATA", default))
    found: dict[str, Any] = {}
    path = root / "crypto_ws" / "binance_spot_2024" / "btcusdt_20240808.gz"
    with gzip.open(path, "rt") as lines:
        for line in lines:
            frame = json.loads(line.split(" ", 1)[1])
            found.setdefault(frame.get("stream", "snapshot"), frame)
            if {"btcusdt@trade", "btcusdt@bookTicker"} <= set(found):
                break
    return found


class TestFrames:
    def test_they_have_the_shape_of_the_recorded_ones(
        self, frames: list[Frame], recorded_frames: dict[str, Any]
    ) -> None:
        for stream in ("btcusdt@trade", "btcusdt@bookTicker"):
            ours = json.loads(next(f.wrapped for f in frames if f.stream == stream))
            theirs = recorded_frames[stream]
            assert list(ours) == list(theirs)
            assert [(key, type(value)) for key, value in ours["data"].items()] == [
                (key, type(value)) for key, value in theirs["data"].items()
            ]

    def test_every_number_has_eight_decimals_and_is_positive(self, frames: list[Frame]) -> None:
        for frame in frames:
            data = json.loads(frame.bare)
            texts = [value for key, value in data.items() if key in "pqbBaA"]
            assert {len(text.split(".")[1]) for text in texts} == {8}
            assert all(float(text) > 0 for text in texts)

    def test_a_trade_is_told_a_millisecond_after_it_happened(self, frames: list[Frame]) -> None:
        trades = [(f, json.loads(f.bare)) for f in frames if f.stream.endswith("@trade")]
        assert all(data["E"] == data["T"] + 1 == frame.event_ms for frame, data in trades)
        assert {data["m"] for _, data in trades} == {True, False}
        assert {data["M"] for _, data in trades} == {True}

    def test_a_quote_knows_no_time(self, frames: list[Frame]) -> None:
        quote = next(f for f in frames if f.stream.endswith("@bookTicker"))
        assert list(json.loads(quote.bare)) == ["u", "s", "b", "B", "a", "A"]

    def test_the_shutdown_event(self) -> None:
        frame = shutdown_frame(NOW_US)
        event = {"e": "serverShutdown", "E": NOW_US // 1_000}
        assert json.loads(frame.bare) == event
        assert json.loads(frame.wrapped) == {"stream": "!serverShutdown", "data": event}


class TestControl:
    def test_subscribe_list_and_unsubscribe(self) -> None:
        control = Control(True, ["btcusdt@trade"])
        assert ask(control, method="SUBSCRIBE", params=["a@trade", "btcusdt@trade"], id=1) == {
            "result": None,
            "id": 1,
        }
        assert ask(control, method="LIST_SUBSCRIPTIONS", id="x") == {
            "result": ["btcusdt@trade", "a@trade"],
            "id": "x",
        }
        assert ask(control, method="UNSUBSCRIBE", params=["btcusdt@trade"], id=None) == {
            "result": None,
            "id": None,
        }
        assert control.streams == ["a@trade"]

    def test_the_combined_property(self) -> None:
        control = Control(False)
        assert ask(control, method="GET_PROPERTY", params=["combined"], id=2)["result"] is False
        assert ask(control, method="SET_PROPERTY", params=["combined", True], id=3) == {
            "result": None,
            "id": 3,
        }
        assert control.combined

    @pytest.mark.parametrize(
        "request_",
        [
            {"method": "EXPLODE", "id": 1},
            {"method": "SUBSCRIBE", "id": 1},
            {"method": "SUBSCRIBE", "params": [], "id": 1},
            {"method": "SUBSCRIBE", "params": [1], "id": 1},
            {"method": "SUBSCRIBE", "params": ["a"] * 2 + [f"s{n}" for n in range(1024)], "id": 1},
            {"method": "SET_PROPERTY", "params": ["combined"], "id": 1},
            {"method": "GET_PROPERTY", "params": ["colour"], "id": 1},
        ],
    )
    def test_an_invalid_request_is_refused_and_changes_nothing(
        self, request_: dict[str, object]
    ) -> None:
        control = Control(True, ["btcusdt@trade"])
        refusal = ask(control, **request_)
        assert refusal["code"] == 2
        assert refusal["msg"].startswith("Invalid request: ")
        assert refusal["id"] == 1
        assert control == Control(True, ["btcusdt@trade"])

    @pytest.mark.parametrize(("text", "code"), [("{", 3), ("[]", 2), ('{"id":1.5}', 2)])
    def test_what_is_no_request_is_refused(self, text: str, code: int) -> None:
        assert json.loads(Control(True).handle(text))["code"] == code

    def test_streams_are_bounded_to_what_the_exchange_allows(self) -> None:
        control = Control(True)
        names = [f"s{n}" for n in range(MAX_STREAMS)]
        assert ask(control, method="SUBSCRIBE", params=names, id=1)["result"] is None
        assert ask(control, method="SUBSCRIBE", params=["more"], id=1)["code"] == 2


class TestKlines:
    def test_a_row_is_the_sum_of_its_minutes_trades(self, premium: World) -> None:
        minute = MINUTE - 30
        trades = [
            json.loads(frame.bare)
            for frame in trade_frames(BITCOIN, premium.tape.trades(BITCOIN, minute))
        ]
        (row,) = rows(premium, startTime=minute * MINUTE_MS, limit=1)
        prices = [trade["p"] for trade in trades]
        assert row[0] == minute * MINUTE_MS
        assert row[1:5] == [prices[0], max(prices), min(prices), prices[-1]]
        assert row[6] == row[0] + MINUTE_MS - 1
        assert row[8] == len(trades)
        bought = [t for t in trades if not t["m"]]
        for index, chosen in ((5, trades), (9, bought)):
            assert Decimal(row[index]) == sum(Decimal(t["q"]) for t in chosen)
        for index, chosen in ((7, trades), (10, bought)):
            money = sum(Decimal(t["q"]) * Decimal(t["p"]) for t in chosen)
            assert Decimal(row[index]) == money
        assert row[11] == "0"
        assert all(len(row[index].split(".")[1]) == 8 for index in (1, 2, 3, 4, 5, 7, 9, 10))

    def test_the_running_minute_comes_last_and_is_what_has_been_traded(
        self, premium: World
    ) -> None:
        newest = rows(premium)[-1]
        seen = premium.tape.trades(BITCOIN, MINUTE).time_ms < NOW_US // 1_000
        assert newest[0] == MINUTE * MINUTE_MS
        assert newest[8] == int(np.count_nonzero(seen))

    def test_the_running_row_is_the_sum_of_what_was_told(self, premium: World) -> None:
        newest = rows(premium, limit=1)[-1]
        trades = premium.tape.trades(BITCOIN, MINUTE).between(0, NOW_US // 1_000)
        assert Decimal(newest[5]).scaleb(BITCOIN.lot_decimals) == int(trades.size.sum())
        assert newest[5] != rows(premium, startTime=newest[0] - MINUTE_MS, limit=1)[0][5]

    def test_a_minute_before_its_first_trade_has_no_row(self, premium: World) -> None:
        first_ms = int(premium.tape.trades(BITCOIN, MINUTE).time_ms[0])
        for told, count in ((0, 0), (1, 1)):
            request = get(
                "klines",
                (first_ms + told) * 1_000,
                symbol="BTCUSDT",
                interval="1m",
                startTime=str(MINUTE * MINUTE_MS),
            )
            assert len(body(klines(premium, request))) == count

    def test_a_thousand_come_soon(self, premium: World) -> None:
        rows(premium, limit=1_000)
        took_s = []
        for _ in range(5):
            premium.tape.block.cache_clear()
            begun_s = time.thread_time()
            rows(premium, limit=1_000)
            took_s.append(time.thread_time() - begun_s)
        assert min(took_s) < 0.2  # half of it, where nobody else fights for the caches

    def test_defaults_limits_and_spans(self, premium: World) -> None:
        start = (MINUTE - 1_440) * MINUTE_MS
        assert len(rows(premium)) == 500
        assert len(rows(premium, limit=5_000)) == 1_000
        assert [row[0] for row in rows(premium, startTime=start, limit=2)] == [
            start,
            start + MINUTE_MS,
        ]
        assert len(rows(premium, startTime=start, endTime=start + 10 * MINUTE_MS)) == 11
        assert len(rows(premium, startTime=start + 1, endTime=start + 10 * MINUTE_MS - 1)) == 9
        assert rows(premium, startTime=(MINUTE + 5) * MINUTE_MS) == []
        assert [row[0] for row in rows(premium, endTime=start, limit=2)] == [
            start - MINUTE_MS,
            start,
        ]

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ({"interval": "1m"}, -1102),
            ({"symbol": "BTCUSDT"}, -1102),
            ({"symbol": "NOPE", "interval": "1m"}, -1121),
            ({"symbol": "BTCUSDT", "interval": "2m"}, -1120),
            ({"symbol": "BTCUSDT", "interval": "1m", "limit": "-1"}, -1100),
        ],
    )
    def test_errors_are_400_with_a_code(
        self, premium: World, query: dict[str, str], code: int
    ) -> None:
        answer = klines(premium, get("klines", **query))
        assert answer.status == 400
        assert body(answer)["code"] == code
        assert body(answer)["msg"]


def ask(control: Control, /, **request: object) -> Any:
    return json.loads(control.handle(json.dumps(request)))


def rows(world: World, /, **numbers: int) -> list[Any]:
    query = {name: str(number) for name, number in numbers.items()}
    answer = klines(world, get("klines", symbol="BTCUSDT", interval="1m", **query))
    assert answer.status == 200
    parsed: list[Any] = body(answer)
    return parsed
