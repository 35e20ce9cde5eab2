"""Limits: who may ask for how much at once."""

import asyncio
from types import SimpleNamespace

import pytest
from fastapi import Request

from api.errors import TooManyPagesError, TooManyQueriesError
from api.limits import HeavyLease, HeavyRequests, PageTurns


def request(host: str | None) -> Request:
    client = None if host is None else (host, 50_000)
    app = SimpleNamespace(state=SimpleNamespace(trusted_proxies=()))
    return Request({"type": "http", "client": client, "headers": [], "state": {}, "app": app})


async def test_a_caller_has_so_many_places_and_gets_them_back() -> None:
    heavy = HeavyRequests(in_all=4, a_caller=2)
    async with heavy.taken(request("10.0.0.1")):
        async with heavy.taken(request("10.0.0.1")):
            with pytest.raises(TooManyQueriesError, match="for one caller"):
                async with heavy.taken(request("10.0.0.1")):
                    pass
            async with heavy.taken(request("10.0.0.2")):
                assert heavy.running == 3
        async with heavy.taken(request("10.0.0.1")):
            assert heavy.running == 2
    assert heavy.running == 0


async def test_all_callers_share_the_places() -> None:
    heavy = HeavyRequests(in_all=2, a_caller=2)
    async with heavy.taken(request("10.0.0.1")), heavy.taken(request(None)):
        with pytest.raises(TooManyQueriesError, match="in all"):
            async with heavy.taken(request("10.0.0.2")):
                pass
    async with heavy.taken(request("10.0.0.2")):
        assert heavy.running == 1


async def test_an_error_gives_the_place_back() -> None:
    heavy = HeavyRequests()
    with pytest.raises(ZeroDivisionError):
        async with heavy.taken(request("10.0.0.1")):
            _ = 1 / 0
    assert heavy.running == 0


def test_a_lease_counts_once() -> None:
    heavy = HeavyRequests(a_caller=1)
    lease = HeavyLease(heavy, request("10.0.0.1"))
    lease.give_back()
    lease.take()
    lease.take()
    assert heavy.running == 1
    lease.give_back()
    lease.give_back()
    assert heavy.running == 0


async def test_pages_of_one_caller_wait_for_each_other_and_not_those_of_another() -> None:
    pages, running, most = PageTurns(a_caller=2), 0, 0
    full, gate = asyncio.Event(), asyncio.Event()

    async def read(host: str) -> None:
        nonlocal running, most
        async with pages.taken(request(host)):
            running += 1
            most = max(most, running)
            if running == 2:
                full.set()
            await gate.wait()
            running -= 1

    async with asyncio.TaskGroup() as tasks:
        for _ in range(7):
            tasks.create_task(read("a"))
        await full.wait()
        async with pages.taken(request("10.0.0.2")):
            gate.set()
    assert (most, running) == (2, 0)


async def test_a_page_whose_turn_does_not_come_is_refused() -> None:
    pages = PageTurns(a_caller=1, within_s=0.01)
    async with pages.taken(request("10.0.0.1")):
        with pytest.raises(TooManyPagesError, match="At most 1 pages"):
            async with pages.taken(request("10.0.0.1")):
                pass
    async with pages.taken(request("10.0.0.1")):
        pass
