"""What one request, one caller and all of them together may ask for."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, Request

from api.access.rates import caller as caller_of
from api.errors import TooManyPagesError, TooManyQueriesError

MAX_STREAMED_ROWS = 10_000_000
"""Rows of an answer that is streamed."""
MAX_PAGE_ROWS = 100_000
"""Rows of a page as CSV, Arrow or Parquet."""
MAX_LIGHT_ROWS = 10_000
"""Rows of a page that is no heavy request."""
MAX_PAGES_A_CALLER = 3
"""Pages that are read at once for one caller: fewer than there are readers of the database."""
TURN_WITHIN_S = 10.0
"""How long a page waits for its caller's pages before it."""
MAX_QUERY_ROWS = 2_500_000
"""Rows that a quant query may read or answer with: they are whole in memory."""
MAX_QUERY_VALUES = 5_000_000
"""The same of values: fields and columns of every row. At either bound a query takes 300 MB at its peak."""
MAX_QUERY_JSON_ROWS = 50_000
"""Rows of its answer as JSON."""
MAX_QUERY_JSON_VALUES = 1_000_000
"""The same of values, times and symbols among them: JSON is whole in memory."""
MAX_SQL_ROWS = 1_000_000
"""Rows of the answer to a statement of SQL."""
MAX_SQL_JSON_ROWS = 50_000
MAX_SQL_JSON_CELLS = 1_000_000
MAX_SQL_JSON_BYTES = 32 * 1024 * 1024
"""The same as JSON, which is whole in memory: rows, rows times columns, and bytes of the text."""
MAX_HEAVY = 4
"""Heavy requests at once in a process: streams of whole ranges, large pages, queries."""
MAX_HEAVY_A_CALLER = 2


class HeavyRequests:
    """Counts the heavy requests that run, by caller: the principal, or the address."""

    def __init__(self, in_all: int = MAX_HEAVY, a_caller: int = MAX_HEAVY_A_CALLER) -> None:
        self._in_all = in_all
        self._a_caller = a_caller
        self._running: Counter[str] = Counter()

    @property
    def running(self) -> int:
        """How many run now."""
        return self._running.total()

    @asynccontextmanager
    async def taken(self, request: Request) -> AsyncIterator[None]:
        """A place while the block runs. TooManyQueriesError where there is none.

        For an answer that is streamed, which outlives the route's function, there is `HeavyPlace`.
        """
        lease = HeavyLease(self, request)
        lease.take()
        try:
            yield
        finally:
            lease.give_back()

    def take(self, caller: str) -> None:
        """Count one more. TooManyQueriesError where that is too many."""
        if self._running[caller] >= self._a_caller:
            raise TooManyQueriesError(self._a_caller, "for one caller")
        if self.running >= self._in_all:
            raise TooManyQueriesError(self._in_all, "in all")
        self._running[caller] += 1

    def give_back(self, caller: str) -> None:
        """Count one less."""
        self._running[caller] -= 1
        if not self._running[caller]:
            del self._running[caller]


class HeavyLease:
    """A place among the heavy requests, for a request that only now and then needs one."""

    def __init__(self, heavy: HeavyRequests, request: Request) -> None:
        self._heavy = heavy
        self._caller = caller_of(request)
        self._taken = False

    def take(self) -> None:
        """Take it, unless it is taken. TooManyQueriesError where there is none."""
        if not self._taken:
            self._heavy.take(self._caller)
            self._taken = True

    def give_back(self) -> None:
        """Give it back, if it was taken."""
        if self._taken:
            self._heavy.give_back(self._caller)
            self._taken = False


class PageTurns:
    """Has one caller's pages read a few at once, whatever many are asked for, so that others' are too."""

    def __init__(self, a_caller: int = MAX_PAGES_A_CALLER, within_s: float = TURN_WITHIN_S) -> None:
        self._a_caller = a_caller
        self._within_s = within_s
        self._asked: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def taken(self, request: Request) -> AsyncIterator[None]:
        """The caller's turn while the block runs. TooManyPagesError where it does not come in time."""
        caller = caller_of(request)
        turn = self._turns.setdefault(caller, asyncio.Semaphore(self._a_caller))
        self._asked[caller] += 1
        try:
            await self._wait(turn)
            try:
                yield
            finally:
                turn.release()
        finally:
            self._asked[caller] -= 1
            if not self._asked[caller]:
                del self._asked[caller], self._turns[caller]

    async def _wait(self, turn: asyncio.Semaphore) -> None:
        try:
            async with asyncio.timeout(self._within_s):
                await turn.acquire()
        except TimeoutError:
            raise TooManyPagesError(self._a_caller) from None


async def _place(request: Request) -> AsyncIterator[HeavyLease]:
    lease = HeavyLease(request.app.state.services.heavy, request)
    try:
        yield lease
    finally:
        lease.give_back()


HeavyPlace = Annotated[HeavyLease, Depends(_place)]
"""The parameter of a route that is sometimes heavy: `place.take()` holds until the answer, or the
stream that it is, has ended or its client has gone."""
