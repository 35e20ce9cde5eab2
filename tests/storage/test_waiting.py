"""Waiting no longer than a while."""

import asyncio

import pytest

from storage.errors import DatabaseUnavailableError
from storage.waiting import taken, within

OVERDUE = DatabaseUnavailableError("no answer")


class Stubborn:
    """An answer that does not come, and takes its time to be cancelled."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.let_go = asyncio.Event()
        self.ended = asyncio.Event()

    async def answer(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await self.let_go.wait()
            self.ended.set()


async def test_an_answer_in_time_is_the_answer() -> None:
    async def answer() -> int:
        return 7

    assert await within(5, answer(), OVERDUE) == 7


async def test_an_error_in_time_is_the_error() -> None:
    async def answer() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await within(5, answer(), OVERDUE)


async def test_what_takes_longer_is_given_up_and_not_waited_for() -> None:
    stubborn = Stubborn()
    with pytest.raises(DatabaseUnavailableError):
        await within(0.001, stubborn.answer(), OVERDUE)
    assert not stubborn.ended.is_set()
    stubborn.let_go.set()
    await asyncio.wait_for(stubborn.ended.wait(), 5)


async def test_who_is_cancelled_cancels_the_answer() -> None:
    stubborn = Stubborn()
    stubborn.let_go.set()
    waiting = asyncio.ensure_future(within(60, stubborn.answer(), OVERDUE))
    await stubborn.begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.wait_for(stubborn.ended.wait(), 5)


async def test_a_place_that_is_free_is_taken_and_costs_no_time() -> None:
    slots = asyncio.Semaphore(1)
    assert 4 < await taken(slots, 5, OVERDUE) <= 5
    assert slots.locked()


async def test_a_place_that_does_not_get_free_is_not_taken() -> None:
    slots = asyncio.Semaphore(0)
    with pytest.raises(DatabaseUnavailableError):
        await taken(slots, 0.001, OVERDUE)
    slots.release()
    assert await taken(slots, 5, OVERDUE) > 0
