"""Waiting for an answer no longer than a while, however the database died."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from storage.errors import StorageError

_T = TypeVar("_T")
_given_up: set["asyncio.Task[Any]"] = set()
"""Referenced until they have ended, or they might vanish in between."""


async def within(seconds: float, answer: Coroutine[Any, Any, _T], overdue: StorageError) -> _T:
    """The answer; raises `overdue` where it takes longer.

    It is cancelled then, but not waited for: a server that is stopped, not dead, would hold up its own
    cancellation.
    """
    task = asyncio.ensure_future(answer)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        _give_up(task)
        raise
    if not done:
        _give_up(task)
        raise overdue
    return task.result()


async def taken(slots: asyncio.Semaphore, seconds: float, overdue: StorageError) -> float:
    """Take a place within so many seconds, else raise `overdue`; how many of them are left."""
    began_s = time.monotonic()
    try:
        async with asyncio.timeout(seconds):
            await slots.acquire()
    except TimeoutError:
        raise overdue from None
    return seconds - (time.monotonic() - began_s)


def _give_up(task: "asyncio.Task[Any]") -> None:
    _given_up.add(task)
    task.add_done_callback(_ended)
    task.cancel()


def _ended(task: "asyncio.Task[Any]") -> None:
    _given_up.discard(task)
    if not task.cancelled():
        task.exception()  # seen: nobody waits for it
