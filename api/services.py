"""What the requests share: made with the application, running from its start to its end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.config import ApiConfig
from api.limits import HeavyRequests, PageTurns
from api.market.board import PriceBoard
from api.market.references import keep_references
from api.metrics import Metrics
from api.stream.follower import Follower
from api.stream.hub import Hub
from api.stream.watching import Watching
from storage.columns import ColumnReader
from storage.guarded_sql.reader import GuardedSql
from storage.live_reader import LiveReader
from storage.pools import ReadPool
from storage.wants import Watched

_RESTART_AFTER_S = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServiceSet:
    """Made without any input or output: the application starts while what it needs is down."""

    config: ApiConfig
    metrics: Metrics
    database: ReadPool
    columns: ColumnReader
    sql: GuardedSql
    heavy: HeavyRequests
    pages: PageTurns
    cache: LiveReader
    """For questions; the follower has a connection of its own, which blocks."""
    board: PriceBoard
    hub: Hub
    follower: Follower
    watching: Watching

    @classmethod
    def of(cls, config: ApiConfig) -> "ServiceSet":
        """The services of this configuration."""
        metrics = Metrics()
        database = ReadPool(config.database_url)
        board = PriceBoard(config.instruments, config.feed, config.clock)
        hub = Hub(board, metrics, config.max_streams)
        live = LiveReader(config.redis_url, config.feed)
        return cls(
            config=config,
            metrics=metrics,
            database=database,
            columns=ColumnReader(config.database_url),
            sql=GuardedSql(config.quant_url, config.database_url, config.feed),
            heavy=HeavyRequests(),
            pages=PageTurns(),
            cache=LiveReader(config.redis_url, config.feed),
            board=board,
            hub=hub,
            follower=Follower(live, board, hub, database, metrics),
            watching=Watching(hub, Watched(config.redis_url)),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the market while the context lasts, then end every stream and close."""
        # The calendar of stocks takes a second to load, which no request should wait for.
        await asyncio.to_thread(self.board.warm_up)
        tasks = [
            asyncio.ensure_future(_for_ever(name, run))
            for name, run in (
                ("follower", self.follower.run),
                ("hub", self.hub.run),
                ("references", self._keep_references),
                ("watching", self.watching.run),
            )
        ]
        try:
            yield
        finally:
            self.hub.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.follower.close()
            await self.watching.close()
            await self.cache.close()
            await self.sql.close()
            await self.columns.close()
            await self.database.close()

    async def _keep_references(self) -> None:
        await keep_references(self.board, self.database, self.hub.publish)


async def _services(request: Request) -> ServiceSet:
    services: ServiceSet = request.app.state.services
    return services


Services = Annotated[ServiceSet, Depends(_services)]
"""The parameter of a route that needs them."""


async def _for_ever(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """The top of a background task: what it does not know how to handle is logged, and it goes on."""
    while True:
        try:
            await run()
        except Exception:
            _log.exception("%s failed and starts again", name)
        await asyncio.sleep(_RESTART_AFTER_S)
