"""Where REST answers are computed: prices in one thread, histories in another.

Prices never wait for a history, and more threads would only fight over the interpreter: four took
three times as long for the same histories.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import HTTPConnection
from starlette.requests import Request as HttpRequest
from starlette.types import ASGIApp

from connectors.sandbox import misbehaving
from connectors.sandbox.fault_kinds import Place
from connectors.sandbox.mounts import Mount, Responder
from connectors.sandbox.wire import Answer, Request, World
from market.clock import Clock

STOPPING = Answer(b"", status=503)
NOTHING = Answer(b"")


class Threads:
    """The two threads."""

    def __init__(self) -> None:
        self._prices = ThreadPoolExecutor(1, "sandbox-prices")
        self._histories = ThreadPoolExecutor(1, "sandbox-histories")
        self._answering: set[asyncio.Future[Answer]] = set()
        self._closed = False

    async def answer(
        self, responder: Responder, world: World, request: Request, *, history: bool
    ) -> Answer:
        """What the responder says; `STOPPING` where the server stops before."""
        if self._closed:
            return STOPPING
        thread = self._histories if history else self._prices
        loop = asyncio.get_running_loop()
        answering = loop.run_in_executor(thread, responder, world, request)
        self._answering.add(answering)
        try:
            return await answering
        except asyncio.CancelledError:
            return STOPPING
        finally:
            self._answering.discard(answering)

    def close(self) -> None:
        """Wait for no answer any more; what a thread has begun ends by itself."""
        self._closed = True
        for answering in self._answering:
            answering.cancel()
        for thread in (self._prices, self._histories):
            thread.shutdown(wait=False, cancel_futures=True)


class Answering:
    """Answers REST requests of any provider, as its faults let it."""

    def __init__(self, world: World, threads: Threads, clock: Clock) -> None:
        self._world = world
        self._threads = threads
        self._clock = clock

    def request(self, http: HTTPConnection, path: str) -> Request:
        """The request as a provider sees it."""
        return Request(path, dict(http.query_params), dict(http.headers), self._clock())

    async def answer(self, provider: str, mount: Mount, path: str, http: HttpRequest) -> ASGIApp:
        """The answer to a provider's path, counted; a fault may make something else of it."""
        request = self.request(http, path)
        self._world.calls.count(provider, path, request.now_us)
        fault = self._world.faults.take(provider, Place.ANSWER, path=path)
        if fault is not None and not misbehaving.needs_answer(fault):
            return misbehaving.struck(provider, fault, NOTHING, http)
        answer = await self._threads.answer(
            mount.respond, self._world, request, history=mount.is_history(request)
        )
        if fault is not None:
            return misbehaving.struck(provider, fault, answer, http)
        return misbehaving.well_behaved(answer)
