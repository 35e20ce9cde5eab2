"""The relay: takes letters from the outbox, sends them, and notes what became of each.

claim → render → send → finish. A claim is a lease: where this process dies before it has noted that a
letter was sent, the letter is sent again once the lease is over, with the id that it had. Several relays
may work on one outbox.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog

from delivery.email import EmailChannel, message_of
from delivery.errors import DeliveryError, PostponedError, RefusedError, UnfitAddressError
from delivery.letters import Letter, Ring, opened
from delivery.rendering import rendered
from market.clock import Clock, datetime_of, system_clock
from storage import outbox
from storage.errors import StorageError
from storage.outbox import Message
from storage.pools import WritePool

POLL_INTERVAL_S = 0.5
PARALLEL = 4
"""Letters that are on their way at once."""
LEASE_S = 60
SEND_WITHIN_S = 45.0
"""Well within the lease, so that nobody else sends what is still being sent."""
LEAVE_WITHIN_S = 1.5
"""How long letters on their way are waited for at the end."""

log = structlog.get_logger(__name__)


class Relay:
    """Delivers the letters of one outbox. Without a channel they are only taken: a page shows them."""

    def __init__(
        self,
        pool: WritePool,
        ring: Ring,
        channel: EmailChannel | None,
        *,
        clock: Clock = system_clock,
        poll_interval_s: float = POLL_INTERVAL_S,
        leave_within_s: float = LEAVE_WITHIN_S,
    ) -> None:
        self._pool = pool
        self._ring = ring
        self._channel = channel
        self._clock = clock
        self._poll_interval_s = poll_interval_s
        self._leave_within_s = leave_within_s
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; then what is on its way has a moment to arrive.

        A database that is away is waited for.
        """
        stopping = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                if await self._take():
                    continue
                await asyncio.wait(
                    {stopping, *self._sending},
                    timeout=self._poll_interval_s,
                    return_when=asyncio.FIRST_COMPLETED,
                )
        finally:
            stopping.cancel()
            await self._leave()

    async def _take(self) -> bool:
        """Put on their way what may be sent and there is room for; whether there may be more."""
        room = PARALLEL - len(self._sending)
        if not room:
            return False
        try:
            messages, more = await self._claim(room)
        except StorageError as error:
            log.warning("mail waits for the database", reason=str(error))
            return False
        for message in messages:
            task = asyncio.ensure_future(self._deliver(message))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return more

    async def _claim(self, most: int) -> tuple[Sequence[Message], bool]:
        async with self._pool.transaction() as connection:
            claim = await outbox.claim(
                connection, most=most, lease_s=LEASE_S, now=datetime_of(self._clock())
            )
        return claim.messages, claim.seen == most

    async def _deliver(self, message: Message) -> None:
        """Send one letter and note what became of it; what can't be noted is sent again."""
        try:
            try:
                await self._send(message)
            except (RefusedError, UnfitAddressError) as error:
                await self._bury(message, str(error))
            except DeliveryError as error:
                await self._retry(message, str(error))
            else:
                await self._finish(message)
        except StorageError as error:
            log.warning("could not note a letter", id=str(message.id), reason=str(error))
        except Exception as error:  # the top of a letter's task: the others go on
            log.exception("letter failed", id=str(message.id), letter=message.template)
            with suppress(StorageError):
                await self._retry(message, type(error).__name__)

    async def _send(self, message: Message) -> None:
        if self._channel is None:
            return
        facts = opened(self._ring, message.id, message.context)
        letter = rendered(Letter(message.template), facts)
        sender, written_at = self._channel.sender, message.created_at
        outgoing = message_of(message.id, sender, message.address, letter, written_at)
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                await self._channel.send(outgoing)
        except TimeoutError:
            raise PostponedError(f"it took longer than {SEND_WITHIN_S:.0f} s") from None

    async def _finish(self, message: Message) -> None:
        # What is shown instead of sent is kept, for the page.
        async with self._pool.transaction() as connection:
            await outbox.finish(
                connection,
                message.id,
                attempt=message.attempts,
                keep=self._channel is None,
                now=datetime_of(self._clock()),
            )

    async def _bury(self, message: Message, error: str) -> None:
        async with self._pool.transaction() as connection:
            await outbox.bury(
                connection,
                message.id,
                attempt=message.attempts,
                error=error,
                now=datetime_of(self._clock()),
            )
        log.warning("letter is dead", id=str(message.id), letter=message.template, reason=error)

    async def _retry(self, message: Message, error: str) -> None:
        async with self._pool.transaction() as connection:
            state = await outbox.retry(
                connection,
                message.id,
                attempt=message.attempts,
                error=error,
                now=datetime_of(self._clock()),
            )
        said = "letter is dead" if state == "dead" else "letter waits"
        log.warning(said, id=str(message.id), letter=message.template, reason=error)

    async def _leave(self) -> None:
        if not self._sending:
            return
        _, late = await asyncio.wait(self._sending, timeout=self._leave_within_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
