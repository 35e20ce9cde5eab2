"""The threads in which answers are computed."""

import asyncio
import threading

from connectors.sandbox.answering import STOPPING, Threads
from connectors.sandbox.wire import Answer, Request, World
from tests.connectors.sandbox.conftest import get


async def test_prices_do_not_wait_for_histories(premium: World) -> None:
    threads, released = Threads(), threading.Event()

    def slow(world: World, request: Request) -> Answer:
        assert released.wait(10)
        return Answer(b"history")

    history = asyncio.create_task(threads.answer(slow, premium, get(), history=True))
    price = await threads.answer(lambda *_: Answer(b"price"), premium, get(), history=False)
    assert (price.body, history.done()) == (b"price", False)
    released.set()
    assert (await history).body == b"history"
    threads.close()


async def test_a_stop_answers_what_was_not_computed(premium: World) -> None:
    threads, released, begun = Threads(), threading.Event(), threading.Event()

    def slow(world: World, request: Request) -> Answer:
        begun.set()
        assert released.wait(10)
        return Answer(b"late")

    waiting = [
        asyncio.create_task(threads.answer(slow, premium, get(), history=True)) for _ in range(3)
    ]
    await asyncio.to_thread(begun.wait)
    threads.close()
    assert await asyncio.gather(*waiting) == [STOPPING] * 3
    assert await threads.answer(slow, premium, get(), history=True) == STOPPING
    released.set()
