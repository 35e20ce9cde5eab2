"""Limits: who may ask for how much at once."""

import pytest
from fastapi import Request

from api.errors import TooManyQueriesError
from api.limits import HeavyLease, HeavyRequests


def request(host: str | None) -> Request:
    client = None if host is None else (host, 50_000)
    return Request({"type": "http", "client": client, "headers": []})


async def test_a_caller_has_so_many_places_and_gets_them_back() -> None:
    heavy = HeavyRequests(in_all=4, a_caller=2)
    async with heavy.taken(request("a")):
        async with heavy.taken(request("a")):
            with pytest.raises(TooManyQueriesError, match="for one caller"):
                async with heavy.taken(request("a")):
                    pass
            async with heavy.taken(request("b")):
                assert heavy.running == 3
        async with heavy.taken(request("a")):
            assert heavy.running == 2
    assert heavy.running == 0


async def test_all_callers_share_the_places() -> None:
    heavy = HeavyRequests(in_all=2, a_caller=2)
    async with heavy.taken(request("a")), heavy.taken(request(None)):
        with pytest.raises(TooManyQueriesError, match="in all"):
            async with heavy.taken(request("b")):
                pass
    async with heavy.taken(request("b")):
        assert heavy.running == 1


async def test_an_error_gives_the_place_back() -> None:
    heavy = HeavyRequests()
    with pytest.raises(ZeroDivisionError):
        async with heavy.taken(request("a")):
            _ = 1 / 0
    assert heavy.running == 0


def test_a_lease_counts_once() -> None:
    heavy = HeavyRequests(a_caller=1)
    lease = HeavyLease(heavy, request("a"))
    lease.give_back()
    lease.take()
    lease.take()
    assert heavy.running == 1
    lease.give_back()
    lease.give_back()
    assert heavy.running == 0
