"""Turns: how many requests that hash a password are under way at once.

Two threads hash. Were hundreds of logins under way, they would all wait for the database and for Redis at
the same moment, and be given up there; they wait here instead, where they hold nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, Request

from identity.errors import TooManyHashesError

AT_ONCE = 8
"""Enough to keep the threads that hash busy."""
MOST = 400
"""Under way or waiting; at 25 ms each and two threads, the last of them waits five seconds."""


class Turns:
    """Lets so many in at once, the others in their order. Belongs to one event loop."""

    def __init__(self, at_once: int = AT_ONCE, most: int = MOST) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most = most
        self._here = 0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """A turn, once there is one. TooManyHashesError where too many wait for theirs already."""
        if self._here >= self._most:
            raise TooManyHashesError(self._most)
        self._here += 1
        try:
            async with self._free:
                yield
        finally:
            self._here -= 1


async def _turn(request: Request) -> AsyncIterator[None]:
    async with request.app.state.services.turns.taken():
        yield


TURN: Any = Depends(_turn, scope="function")
"""What a route depends on that hashes a password: it begins when it is its turn."""
