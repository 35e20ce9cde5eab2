"""The audit: added to, asked, and never changed but for where an act came from."""

from datetime import timedelta
from ipaddress import IPv4Address
from typing import LiteralString
from uuid import UUID, uuid4

import pytest
from psycopg.errors import RestrictViolation

from storage.identity import audit
from storage.identity.audit import AuditQuery
from storage.pools import Connection, WritePool
from tests.storage.identity.making import MINUTE, NOW

ADA, EVE = uuid4(), uuid4()


async def record(
    connection: Connection,
    action: str = "login",
    *,
    actor: UUID | None = ADA,
    user: UUID | None = ADA,
    after: timedelta = timedelta(),
) -> None:
    await audit.add(
        connection,
        action=action,
        actor_id=actor,
        user_id=user,
        ip_address="203.0.113.7",
        user_agent="Firefox",
        request_id="r1",
        details={"transport": "cookie"},
        now=NOW + after,
    )


async def test_a_row_says_who_did_what_to_whom_from_where(open_connection: Connection) -> None:
    await record(open_connection, actor=EVE)
    found = (await audit.find(open_connection, AuditQuery(), limit=9))[0]
    assert (found.at, found.action, found.actor_id, found.user_id) == (NOW, "login", EVE, ADA)
    assert (found.ip_address, found.user_agent) == (IPv4Address("203.0.113.7"), "Firefox")
    assert (found.request_id, found.details) == ("r1", {"transport": "cookie"})


async def test_it_is_asked_by_user_actor_action_and_time_in_pages(
    open_connection: Connection,
) -> None:
    for minute, (action, actor, user) in enumerate(
        [("login", ADA, ADA), ("lock", EVE, ADA), ("login", None, EVE), ("login", EVE, EVE)]
    ):
        await record(open_connection, action, actor=actor, user=user, after=minute * MINUTE)
    for query, minutes in (
        (AuditQuery(), [3, 2, 1, 0]),
        (AuditQuery(user_id=ADA), [1, 0]),
        (AuditQuery(actor_id=EVE), [3, 1]),
        (AuditQuery(action="login", user_id=EVE), [3, 2]),
        (AuditQuery(since=NOW + MINUTE, until=NOW + 3 * MINUTE), [2, 1]),
        (AuditQuery(user_id=uuid4()), []),
    ):
        found = await audit.find(open_connection, query, limit=9)
        assert [each.at for each in found] == [NOW + minute * MINUTE for minute in minutes]
        assert await audit.count(open_connection, query) == len(minutes)
    page = await audit.find(open_connection, AuditQuery(), limit=2, offset=1)
    assert [each.at for each in page] == [NOW + 2 * MINUTE, NOW + MINUTE]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM auth.audit",
        "TRUNCATE auth.audit",
        "UPDATE auth.audit SET action = 'nothing'",
        "UPDATE auth.audit SET details = '{}'",
        "UPDATE auth.audit SET ip_address = '203.0.113.8'",
        "UPDATE auth.audit SET ip_address = NULL, user_agent = NULL, actor_id = NULL",
        "UPDATE auth.audit SET user_agent = NULL",
    ],
)
async def test_the_database_itself_keeps_it(writes: WritePool, statement: LiteralString) -> None:
    async with writes.transaction() as connection:
        await record(connection)
    with pytest.raises(RestrictViolation):
        async with writes.transaction() as connection:
            await connection.execute(statement)
    async with writes.transaction() as connection:
        assert await audit.count(connection, AuditQuery()) == 1


async def test_where_an_accounts_acts_came_from_is_forgotten(open_connection: Connection) -> None:
    await record(open_connection)
    await record(open_connection, actor=None)
    await record(open_connection, actor=EVE, user=EVE)
    assert await audit.forget_origins(open_connection, ADA, most=1) == 1
    assert await audit.forget_origins(open_connection, ADA, most=9) == 1
    assert await audit.forget_origins(open_connection, ADA, most=9) == 0
    found = await audit.find(open_connection, AuditQuery(), limit=9)
    assert [each.user_agent for each in found] == ["Firefox", None, None]
    assert [each.ip_address is None for each in found] == [False, True, True]
    assert {each.action for each in found} == {"login"}
