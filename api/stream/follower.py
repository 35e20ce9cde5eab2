"""Follows the live streams: the one reader of an API process.

What it lost while Redis was away comes from the cache of newest prices and, where that is lost too,
from the database: the board only goes forward, so that reading something twice does no harm.
"""

import asyncio
import logging

from api.market.board import PriceBoard
from api.market.refill import refill
from api.metrics import Metrics
from api.stream.hub import Hub
from storage.errors import CacheUnavailableError, StorageError
from storage.live_reader import EntryId, LiveReader
from storage.pools import ReadPool

BLOCK_S = 0.5
LOOK_EVERY_S = 0.5
"""How soon a new partition is noticed."""
RELOAD_EVERY_S = 30.0
"""How often the newest prices are compared with the cache's: a stream is trimmed under who lags."""
NO_PARTITION_PAUSE_S = 0.1
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 1.0

_log = logging.getLogger(__name__)


class Follower:
    """Brings live ticks to the board and tells the hub."""

    def __init__(
        self, reader: LiveReader, board: PriceBoard, hub: Hub, database: ReadPool, metrics: Metrics
    ) -> None:
        self.attached = asyncio.Event()
        """Set while the live stream is read; not while Redis is away."""
        self._reader = reader
        self._board = board
        self._hub = hub
        self._database = database
        self._metrics = metrics
        self._places: dict[str, EntryId] = {}
        self._pause_s = FIRST_PAUSE_S
        self._database_lost = False

    @property
    def following(self) -> bool:
        """Whether the live stream is read, so that the board holds the newest there is."""
        return self.attached.is_set()

    async def run(self) -> None:
        """Follow for ever, through every loss of Redis."""
        while True:
            try:
                await self._follow()
            except CacheUnavailableError as error:
                if self.following:
                    _log.warning("live stream lost: %s", error)
                self.attached.clear()
                self._metrics.stream_following.set(0)
                await self._fill_from_database(self._board.known_ids())
                await asyncio.sleep(self._pause_s)
                self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    async def close(self) -> None:
        """Give the connection back."""
        await self._reader.close()

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        self._places = await self._reader.ends(self._places)
        await self._load_latest()
        self.attached.set()
        self._metrics.stream_following.set(1)
        self._pause_s = FIRST_PAUSE_S
        looked_at = loaded_at = loop.time()
        while True:
            await self._read()
            if loop.time() - looked_at < LOOK_EVERY_S:
                continue
            looked_at = loop.time()
            if await self._look_around() or looked_at - loaded_at >= RELOAD_EVERY_S:
                loaded_at = looked_at
                await self._load_latest()

    async def _read(self) -> None:
        if not self._places:
            await asyncio.sleep(NO_PARTITION_PAUSE_S)
            return
        entries = await self._reader.read(self._places, BLOCK_S)
        if not entries:
            return
        for entry in entries:
            self._places[entry.partition] = entry.id
        self._metrics.stream_ticks.inc(sum(len(entry.ticks) for entry in entries))
        self._hub.publish(self._board.merge([entry.elected for entry in entries]))

    async def _look_around(self) -> bool:
        """Take in partitions that are new, or that began anew; whether there were any."""
        found = False
        for name, end in (await self._reader.ends(self._places)).items():
            place = self._places.get(name)
            if place is None or end < place:
                self._places[name] = end
                found = True
        return found

    async def _load_latest(self) -> None:
        self._hub.publish(self._board.restore(await self._reader.latest()))
        await self._fill_from_database(self._board.without_price())

    async def _fill_from_database(self, ids: list[int]) -> None:
        try:
            self._hub.publish(await refill(self._board, self._database, ids))
        except StorageError as error:
            if not self._database_lost:
                _log.warning("prices not filled from the database: %s", error)
            self._database_lost = True
        else:
            self._database_lost = False
