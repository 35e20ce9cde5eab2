"""Turns: so many at once, the others in their order, and an end of waiting."""

import asyncio

import pytest

from api.auth.turns import Turns
from identity.errors import TooManyHashesError


async def test_so_many_are_let_in_and_the_others_follow_in_their_order() -> None:
    turns, let_go = Turns(at_once=2), asyncio.Event()
    inside: list[int] = []

    async def enter(number: int) -> None:
        async with turns.taken():
            inside.append(number)
            await let_go.wait()

    entering = [asyncio.ensure_future(enter(number)) for number in range(5)]
    for _ in range(3):
        await asyncio.sleep(0)
    assert inside == [0, 1]
    let_go.set()
    await asyncio.gather(*entering)
    assert inside == [0, 1, 2, 3, 4]


async def test_who_finds_too_many_waiting_is_sent_away() -> None:
    turns = Turns(at_once=1, most=1)
    async with turns.taken():
        with pytest.raises(TooManyHashesError):
            async with turns.taken():
                pass
    async with turns.taken():
        pass
