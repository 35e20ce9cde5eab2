"""Watching: what is looked at through this process is told to whoever asks providers for prices."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable

from api.stream.hub import Hub
from storage.errors import CacheUnavailableError
from storage.wants import Watched

TELL_EVERY_S = 15.0
LOOKED_FOR_S = 60.0
"""Who asked for an instrument's history has it on the screen for about so long."""

_log = logging.getLogger(__name__)


class Watching:
    """Tells the instruments of the open streams, and those whose history was asked for lately."""

    def __init__(
        self, hub: Hub, watched: Watched, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._hub = hub
        self._watched = watched
        self._monotonic = monotonic
        self._looked_s: dict[int, float] = {}

    def looked_at(self, ids: Iterable[int]) -> None:
        """Somebody asked for these, without a stream of them."""
        now_s = self._monotonic()
        self._looked_s.update((id_, now_s) for id_ in ids)

    def watchers(self) -> dict[int, int]:
        """How many look at each instrument now."""
        since_s = self._monotonic() - LOOKED_FOR_S
        self._looked_s = {id_: at_s for id_, at_s in self._looked_s.items() if at_s > since_s}
        counted = Counter(self._hub.watched())
        counted.update(self._looked_s.keys())
        return dict(counted)

    async def run(self) -> None:
        """Tell, for ever; while Redis is away nobody listens, and nothing is lost."""
        while True:
            try:
                await self._watched.tell(self.watchers())
            except CacheUnavailableError as error:
                _log.debug("what is watched is not told: %s", error)
            await asyncio.sleep(TELL_EVERY_S)

    async def close(self) -> None:
        """Give the connection back."""
        await self._watched.close()
