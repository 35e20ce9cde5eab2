"""Rollups beside a flow: they follow without being asked, and no failure ends that."""

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from market.sources import Feed
from storage.errors import DatabaseUnavailableError
from storage.rollups import Refreshed
from tests.storage.rolling import Minutes, minute_bar
from tradewind import rollups as module
from tradewind.rollups import catch_up, rollups_kept

DEADLINE_S = 30.0


def hours(connection: "psycopg.Connection[tuple[Any, ...]]") -> list[tuple[Any, ...]]:
    return connection.execute("SELECT minutes FROM market.candles_1h ORDER BY time").fetchall()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline_s


def test_they_follow_what_is_written(database_url: str) -> None:
    minutes = Minutes(database_url)
    with (
        psycopg.connect(database_url, autocommit=True) as connection,
        rollups_kept(database_url, interval_s=0.01, join_s=None),
    ):
        minutes.write([minute_bar(0)])
        wait_until(lambda: hours(connection) == [(1,)])
        minutes.write([minute_bar(1), minute_bar(60)])
        wait_until(lambda: hours(connection) == [(2,), (1,)])
    minutes.close()


def test_what_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, enough = list[Feed](), threading.Event()
    failures = [DatabaseUnavailableError("gone"), ZeroDivisionError()]

    def refresh(_url: str, feed: Feed, **_: object) -> Refreshed:
        asked.append(feed)
        if len(asked) < 3:
            raise failures[len(asked) - 1]
        if len(asked) == 4:
            enough.set()
        return Refreshed(None)

    monkeypatch.setattr(module, "refresh", refresh)
    with rollups_kept("nowhere", [Feed.LIVE, Feed.RECORDED], interval_s=0.0, join_s=None):
        assert enough.wait(DEADLINE_S)
    assert asked[:4] == [Feed.LIVE, Feed.RECORDED] * 2


@pytest.mark.parametrize(("stopped", "calls"), [(False, 3), (True, 1)])
def test_catching_up_goes_on_until_nothing_is_left_or_a_stop(
    monkeypatch: pytest.MonkeyPatch, stopped: bool, calls: int
) -> None:
    left, stop = [True, True, False], threading.Event()
    if stopped:
        stop.set()
    monkeypatch.setattr(module, "refresh", lambda *_, **__: Refreshed(None, more=left.pop(0)))
    catch_up("nowhere", Feed.RECORDED, stop)
    assert len(left) == 3 - calls
