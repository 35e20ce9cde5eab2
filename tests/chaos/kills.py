"""Kills in a running `up`: a process at a counted tick, and how long all is well again after it.

Who is killed and when follows from a seed, so that a failure can be repeated. The victims are started
again by the supervisor of `up`.
"""

import os
import random
import signal
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg
import redis

from market.clock import datetime_of, system_clock
from storage.live import stream_key
from tests.chaos.invariants import Connection, committed_ticks
from tests.chaos.shown import FEED, Cache
from tests.chaos.trades import VENUES
from tests.tradewind.support import Up, wait_until
from tradewind.supervisor import BackOff

VICTIMS = ("store", "live", "feeds", "postgres", "valkey")
ALL_VICTIMS = (*VICTIMS, "api", "sandbox")
STREAMS = tuple(f"{venue}-{FEED.value}-0" for venue in VENUES)
RECOVERED_WITHIN_S = BackOff().longest_s + 30.0
"""What was killed again and again is started again ever later: flow `live` ends with PostgreSQL too, and
so seldom runs for long enough to have its failures forgotten. The rest is for a busy machine."""


@dataclass(frozen=True)
class Kill:
    """A process of an `up`, and how many more ticks are to be committed before it is killed."""

    victim: str
    after_ticks: int


@dataclass(frozen=True)
class Recovery:
    """Seconds from a kill until all ran and was ready, and until what came later was stored and shown."""

    victim: str
    ready_s: float
    fresh_s: float


def seeded_kills(seed: int, victims: Sequence[str], count: int, ticks: range) -> list[Kill]:
    """So many kills, in rounds of all victims; nobody is killed twice with less than two between."""
    chance = random.Random(seed)
    order: list[str] = []
    while len(order) < count:
        following = chance.sample(victims, len(victims))
        if not set(following[:2]) & set(order[-2:]):
            order += following
    return [Kill(victim, chance.choice(ticks)) for victim in order[:count]]


def rampage(up: Up, kills: Sequence[Kill], check: Callable[[Connection], None]) -> list[Recovery]:
    """Kill each victim at its count, wait for the recovery, and check what must hold.

    AssertionError where a recovery takes longer than `RECOVERED_WITHIN_S`.
    """
    recoveries = []
    for number, kill in enumerate(kills, 1):
        what = f"kill {number}, of {kill.victim}"
        wait_for_more_ticks(up, kill.after_ticks, f"before {what}")
        recoveries.append(kill_and_wait(up, kill.victim, what))
        with psycopg.connect(up.state().database_url, autocommit=True) as connection:
            check(connection)
    return recoveries


def kill_and_wait(up: Up, victim: str, what: str) -> Recovery:
    """`kill -9` of a process; how long it took until all was well again."""
    pid = up.pids()[victim]
    killed_us, began_s = system_clock(), time.monotonic()
    os.kill(pid, signal.SIGKILL)

    def runs_again() -> bool:
        assert up.process.poll() is None, up.output.read_text()
        return up.pids().get(victim, pid) != pid and up.is_ready()

    wait_until(runs_again, RECOVERED_WITHIN_S, f"all ready after {what}")
    ready_s = time.monotonic() - began_s
    wait_until_fresh(up, killed_us, RECOVERED_WITHIN_S - ready_s, what)
    return Recovery(victim, ready_s, time.monotonic() - began_s)


def wait_until_fresh(up: Up, since_us: int, within_s: float, what: str) -> None:
    """Until of every venue's stream something that was received later is stored, and shown."""
    stored: dict[str, int] = {}

    def is_stored() -> bool:
        stored.update(_read_since(up, since_us))
        return len(stored) == len(STREAMS)

    deadline_s = time.monotonic() + within_s
    wait_until(is_stored, within_s, f"what is new of all venues is stored after {what}")
    within_s = deadline_s - time.monotonic()
    wait_until(lambda: _is_shown(up, stored), within_s, f"what is new is shown after {what}")


def wait_for_more_ticks(up: Up, more: int, when: str) -> None:
    """Until so many more ticks are committed than are now."""
    goal = _ticks(up) + more
    wait_until(lambda: _ticks(up) >= goal, RECOVERED_WITHIN_S, f"{more} more ticks {when}")


def summary(recoveries: Sequence[Recovery]) -> str:
    """The recoveries of each victim: how many, and their median and longest seconds."""
    by_victim: dict[str, list[Recovery]] = defaultdict(list)
    for each in recoveries:
        by_victim[each.victim].append(each)
    return "\n".join(
        f"{victim}: {len(found)} kills, ready {_spread([each.ready_s for each in found])},"
        f" fresh {_spread([each.fresh_s for each in found])}"
        for victim, found in sorted(by_victim.items())
    )


def _spread(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.1f} s (at most {max(seconds):.1f} s)"


def _ticks(up: Up) -> int:
    """Ticks committed so far; -1 while the database is away."""
    try:
        with psycopg.connect(up.state().database_url, autocommit=True) as connection:
            return committed_ticks(connection)
    except psycopg.OperationalError:
        return -1


def _read_since(up: Up, since_us: int) -> dict[str, int]:
    """The offset of each venue's last stored record, where that was received later."""
    try:
        with psycopg.connect(up.state().database_url, autocommit=True) as connection:
            rows = connection.execute(
                "SELECT name, log_offset FROM market.inbox_consumers"
                " JOIN market.inbox USING (partition_id, log_offset)"
                " JOIN market.inbox_partitions ON id = partition_id"
                " WHERE consumer = %s AND name = ANY(%s) AND received_at > %s",
                (f"store-{FEED.value}", list(STREAMS), datetime_of(since_us)),
            ).fetchall()
    except psycopg.OperationalError:
        return {}
    return dict(rows)


def _is_shown(up: Up, stored: dict[str, int]) -> bool:
    """Whether the live streams have come so far."""
    try:
        with redis.Redis.from_url(up.state().redis_url) as cache:
            return all(newest_offset(cache, name) >= offset for name, offset in stored.items())
    except redis.RedisError:
        return False


def newest_offset(cache: Cache, partition: str) -> int:
    """The log offset of a live stream's newest entry; -1 where there is none."""
    entries = cache.xrevrange(stream_key(FEED, partition), count=1)
    return int(entries[0][0].partition(b"-")[0]) if entries else -1
