"""The outbox: what is committed leaves, at least once, if its condition holds then."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from storage import outbox
from storage.identity import users
from storage.outbox import Claim
from storage.pools import Connection, WritePool
from tests.storage.identity.making import DAY, MINUTE, NOW, new_user

ADA = "ada@example.org"
LEASE_S = 60.0


async def post(
    connection: Connection, condition: str = "always", *, now: datetime = NOW, address: str = ADA
) -> UUID:
    message_id = uuid4()
    await outbox.enqueue(
        connection,
        message_id,
        address=address,
        condition=condition,
        template="new_device",
        context=b"sealed",
        now=now,
    )
    return message_id


async def claim(connection: Connection, *, most: int = 10, now: datetime = NOW) -> Claim:
    return await outbox.claim(connection, most=most, lease_s=LEASE_S, now=now)


async def states(connection: Connection) -> dict[str, int]:
    return dict(await outbox.counts(connection))


class TestClaim:
    async def test_what_is_due_is_given_the_oldest_first(self, open_connection: Connection) -> None:
        second = await post(open_connection)
        first = await post(open_connection, now=NOW - MINUTE)
        await post(open_connection, now=NOW + MINUTE)
        found = await claim(open_connection)
        assert [each.id for each in found.messages] == [first, second]
        assert found.seen == 2
        message = found.messages[1]
        assert (message.channel, message.address, message.template) == ("email", ADA, "new_device")
        assert (message.context, message.attempts, message.created_at) == (b"sealed", 1, NOW)

    async def test_no_more_than_asked_for(self, open_connection: Connection) -> None:
        for _ in range(3):
            await post(open_connection)
        assert [(await claim(open_connection, most=2)).seen for _ in range(3)] == [2, 1, 0]

    async def test_what_is_not_heard_of_is_given_again_after_the_lease(
        self, open_connection: Connection
    ) -> None:
        await post(open_connection)
        assert (await claim(open_connection)).messages[0].attempts == 1
        late = NOW + timedelta(seconds=LEASE_S)
        assert (await claim(open_connection, now=late - timedelta(seconds=1))).messages == []
        again = (await claim(open_connection, now=late)).messages[0]
        assert again.attempts == 2
        assert not await outbox.finish(open_connection, again.id, attempt=1, now=late)
        assert await outbox.finish(open_connection, again.id, attempt=2, now=late)

    async def test_many_who_claim_at_once_share_what_there_is(self, writes: WritePool) -> None:
        async with writes.transaction() as connection:
            posted = {await post(connection) for _ in range(40)}

        async def take() -> list[UUID]:
            async with writes.transaction() as connection:
                return [each.id for each in (await claim(connection, most=5)).messages]

        taken = [
            each for some in await asyncio.gather(*(take() for _ in range(16))) for each in some
        ]
        assert len(taken) == len(set(taken))
        assert set(taken) <= posted
        async with writes.transaction() as connection:
            taken += [each.id for each in (await claim(connection, most=40)).messages]
        assert sorted(taken) == sorted(posted)

    async def test_nobody_waits_for_what_another_is_taking(self, writes: WritePool) -> None:
        async with writes.transaction() as connection:
            first = await post(connection, now=NOW - MINUTE)
            second = await post(connection)
        async with writes.transaction() as one, writes.transaction() as other:
            assert [each.id for each in (await claim(one, most=1)).messages] == [first]
            assert [each.id for each in (await claim(other)).messages] == [second]

    async def test_what_was_rolled_back_never_leaves(self, writes: WritePool) -> None:
        with pytest.raises(KeyError):
            async with writes.transaction() as connection:
                await post(connection)
                raise KeyError("refused")
        async with writes.transaction() as connection:
            assert await claim(connection) == Claim([], 0)


class TestCondition:
    @pytest.mark.parametrize(
        ("account", "kept"),
        [
            ("none", ["always", "if_no_account"]),
            ("active", ["always", "if_account"]),
            ("locked", ["always", "if_account"]),
            ("deleted", ["always", "if_no_account"]),
        ],
    )
    async def test_it_is_decided_when_the_letter_leaves(
        self, open_connection: Connection, account: str, kept: list[str]
    ) -> None:
        for condition in ("always", "if_account", "if_no_account"):
            await post(open_connection, condition)
        if account != "none":
            user = await new_user(open_connection)
            if account == "locked":
                await users.lock(open_connection, user.id, reason="x", now=NOW)
            if account == "deleted":
                await users.delete(open_connection, user.id, now=NOW)
        shown = await outbox.recent(open_connection, limit=9)
        found = await claim(open_connection)
        assert sorted(each.condition for each in found.messages) == kept
        assert {each.id for each in shown} == {each.id for each in found.messages}
        assert found.seen == 3
        assert await states(open_connection) == {"waiting": 2, "dropped": 1}

    async def test_what_is_dropped_says_nothing_any_more(self, open_connection: Connection) -> None:
        await post(open_connection, "if_account")
        assert await claim(open_connection) == Claim([], 1)
        cursor = await open_connection.execute("SELECT context, attempts FROM delivery.outbox")
        assert await cursor.fetchall() == [(b"", 0)]


class TestOutcome:
    async def test_what_was_sent_is_done_and_forgets_what_it_said(
        self, open_connection: Connection
    ) -> None:
        forgotten, kept = await post(open_connection), await post(open_connection, now=NOW - MINUTE)
        await claim(open_connection)
        assert await outbox.finish(open_connection, forgotten, attempt=1, now=NOW)
        assert await outbox.finish(open_connection, kept, attempt=1, now=NOW, keep=True)
        assert not await outbox.finish(open_connection, kept, attempt=1, now=NOW)
        found = await outbox.recent(open_connection, limit=9)
        assert [(each.id, each.context) for each in found] == [(forgotten, b""), (kept, b"sealed")]
        assert {(each.state, each.finished_at, each.last_error) for each in found} == {
            ("sent", NOW, None)
        }
        assert (await claim(open_connection, now=NOW + DAY)).seen == 0

    async def test_what_failed_is_tried_again_later_and_later_and_then_is_dead(
        self, open_connection: Connection
    ) -> None:
        posted, now, pauses = await post(open_connection), NOW, []
        for attempt in range(1, 11):
            assert (await claim(open_connection, now=now)).messages[0].attempts == attempt
            state = await outbox.retry(
                open_connection, posted, attempt=attempt, error="no answer", now=now
            )
            assert state == ("dead" if attempt == 10 else "waiting")
            pauses.append(outbox.pause_s(attempt))
            soon = now + timedelta(seconds=pauses[-1] - 1)
            assert (await claim(open_connection, now=soon)).seen == 0
            now += timedelta(seconds=pauses[-1])
        assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
        assert (await claim(open_connection, now=now + DAY)).seen == 0
        found = await outbox.recent(open_connection, limit=1)
        assert [(each.state, each.last_error, each.context) for each in found] == [
            ("dead", "no answer", b"")
        ]

    async def test_what_is_refused_for_good_is_dead_at_once(
        self, open_connection: Connection
    ) -> None:
        posted = await post(open_connection)
        await claim(open_connection)
        assert not await outbox.bury(open_connection, posted, attempt=2, error="550", now=NOW)
        late = await outbox.retry(open_connection, posted, attempt=2, error="550", now=NOW)
        assert late == ""
        assert await outbox.bury(open_connection, posted, attempt=1, error="5" * 999, now=NOW)
        assert await states(open_connection) == {"dead": 1}
        found = await outbox.recent(open_connection, limit=1)
        assert found[0].last_error == "5" * 500
