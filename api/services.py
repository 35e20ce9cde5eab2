"""What the requests share: made with the application, running from its start to its end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends, Request

from api.access.keys import PresentedKeys
from api.access.revocation import Revocations
from api.access.signing import SigningKeys
from api.access.streams import PrivateStreams
from api.access.tickets import StreamTickets
from api.access.tokens import PresentedTokens
from api.auth.turns import Turns
from api.config import ApiConfig
from api.limits import HeavyRequests, PageTurns
from api.market.board import PriceBoard
from api.market.references import keep_references
from api.metrics import Metrics
from api.stream.follower import Follower
from api.stream.hub import Hub
from api.stream.watching import Watching
from identity.passwords import PasswordHasher
from storage.attempts import Attempts
from storage.columns import ColumnReader
from storage.guarded_sql.reader import GuardedSql
from storage.live_reader import LiveReader
from storage.pools import ReadPool, WritePool
from storage.rates import Rates
from storage.tickets import Tickets
from storage.wants import Watched

_RESTART_AFTER_S = 1.0
_log = logging.getLogger(__name__)


class _Closable(Protocol):
    async def close(self) -> None: ...


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
    writes: WritePool
    hasher: PasswordHasher
    turns: Turns
    attempts: Attempts
    rates: Rates
    tickets: StreamTickets
    keys: SigningKeys
    revocations: Revocations
    tokens: PresentedTokens
    api_keys: PresentedKeys
    private_streams: PrivateStreams

    @classmethod
    def of(cls, config: ApiConfig) -> "ServiceSet":
        """The services of this configuration."""
        metrics = Metrics()
        database = ReadPool(config.database_url)
        board = PriceBoard(config.instruments, config.feed, config.clock)
        hub = Hub(board, metrics, config.max_streams)
        live = LiveReader(config.redis_url, config.feed)
        identity, clock = config.identity, config.clock
        writes = WritePool(config.database_url)
        revocations = Revocations(config.database_url, clock)
        keys = SigningKeys(database, writes, identity.ring, clock)
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
            writes=writes,
            hasher=PasswordHasher(identity.cost),
            turns=Turns(),
            attempts=Attempts(config.redis_url),
            rates=Rates(config.redis_url),
            tickets=StreamTickets(Tickets(config.redis_url), revocations, clock),
            keys=keys,
            revocations=revocations,
            tokens=PresentedTokens(keys, revocations, identity, clock),
            api_keys=PresentedKeys(database, writes, revocations, clock),
            private_streams=PrivateStreams(revocations, clock),
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
                ("revocations", self.revocations.run),
                ("signing keys", self.keys.run),
            )
        ]
        try:
            yield
        finally:
            self.hub.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.close()

    async def close(self) -> None:
        """Give every connection back; nothing of it may run any more."""
        self.hasher.close()
        parts: tuple[_Closable, ...] = (
            self.follower,
            self.watching,
            self.cache,
            self.attempts,
            self.rates,
            self.tickets,
            self.api_keys,
            self.revocations,
            self.sql,
            self.columns,
            self.writes,
            self.database,
        )
        for part in parts:
            await part.close()

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
