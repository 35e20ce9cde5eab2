"""Accounts: one an address, whose row outlives them."""

import asyncio
from uuid import uuid4

import pytest
from psycopg.errors import CheckViolation

from storage.identity import users
from storage.identity.users import Status, User, UserQuery
from storage.pools import Connection, WritePool
from tests.storage.identity.making import DAY, MINUTE, NOW, new_user


async def make(connection: Connection, email: str) -> User | None:
    return await users.create(connection, uuid4(), email=email, password_hash=None, now=NOW)


class TestCreate:
    async def test_it_is_found_by_its_id_and_its_address(self, open_connection: Connection) -> None:
        made = await new_user(open_connection)
        assert (made.status, made.role, made.exists) == (Status.ACTIVE, "user", True)
        assert (made.created_at, made.password_changed_at) == (NOW, NOW)
        assert await users.get(open_connection, made.id) == made
        assert await users.hold(open_connection, made.id) == made
        assert await users.by_email(open_connection, "ada@example.org") == made
        assert await users.by_email(open_connection, "eve@example.org") is None
        assert await users.get(open_connection, uuid4()) is None

    async def test_an_address_has_one(self, open_connection: Connection) -> None:
        assert await make(open_connection, "ada@example.org") is not None
        assert await make(open_connection, "ada@example.org") is None

    async def test_an_address_is_in_lower_case(self, open_connection: Connection) -> None:
        with pytest.raises(CheckViolation):
            await make(open_connection, "Ada@example.org")

    async def test_of_twenty_at_once_one_is_made(self, writes: WritePool) -> None:
        async def attempt() -> bool:
            async with writes.transaction() as connection:
                return await make(connection, "ada@example.org") is not None

        assert sum(await asyncio.gather(*(attempt() for _ in range(20)))) == 1


class TestChange:
    async def test_a_password(self, open_connection: Connection) -> None:
        made = await new_user(open_connection)
        later = NOW + MINUTE
        assert await users.set_password(open_connection, made.id, password_hash="new", now=later)
        assert await users.rehash(open_connection, made.id, before="new", after="newer")
        assert not await users.rehash(open_connection, made.id, before="new", after="newest")
        found = await users.get(open_connection, made.id)
        assert found is not None
        assert (found.password_hash, found.password_changed_at) == ("newer", later)
        assert not await users.set_password(open_connection, uuid4(), password_hash="x", now=later)

    async def test_a_profile(self, open_connection: Connection) -> None:
        made = await new_user(open_connection)
        named = await users.set_name(open_connection, made.id, name="Ada L.", now=NOW + MINUTE)
        assert named is not None
        assert (named.name, named.updated_at) == ("Ada L.", NOW + MINUTE)
        reached = await users.set_phone(
            open_connection, made.id, sealed=b"sealed", digest=b"digest", now=NOW
        )
        assert reached is not None
        assert (reached.phone_sealed, reached.phone_verified) == (b"sealed", False)
        gone = await users.set_phone(open_connection, made.id, sealed=None, digest=None, now=NOW)
        assert gone is not None
        assert gone.phone_sealed is None

    async def test_a_number_that_nobody_verified_may_be_entered_twice(
        self, open_connection: Connection
    ) -> None:
        for email in ("ada@example.org", "eve@example.org"):
            made = await new_user(open_connection, email)
            assert await users.set_phone(
                open_connection, made.id, sealed=b"sealed", digest=b"digest", now=NOW
            )

    async def test_a_role(self, open_connection: Connection) -> None:
        made = await new_user(open_connection)
        changed = await users.set_role(open_connection, made.id, role="support", now=NOW)
        assert changed is not None
        assert changed.role == "support"
        with pytest.raises(CheckViolation):
            await users.set_role(open_connection, made.id, role="god", now=NOW)


class TestLock:
    async def test_it_is_locked_and_unlocked_once(self, open_connection: Connection) -> None:
        made = await new_user(open_connection)
        assert await users.unlock(open_connection, made.id, now=NOW) is None
        locked = await users.lock(open_connection, made.id, reason="abuse", now=NOW)
        assert locked is not None
        assert (locked.status, locked.lock_reason, locked.exists) == ("locked", "abuse", True)
        assert await users.lock(open_connection, made.id, reason="again", now=NOW) is None
        assert await users.by_email(open_connection, made.email) == locked
        unlocked = await users.unlock(open_connection, made.id, now=NOW)
        assert unlocked is not None
        assert (unlocked.status, unlocked.lock_reason) == ("active", None)

    async def test_who_holds_it_is_waited_for(self, writes: WritePool) -> None:
        async with writes.transaction() as connection:
            made = await new_user(connection)

        async def lock() -> None:
            async with writes.transaction() as other:
                await users.lock(other, made.id, reason="abuse", now=NOW)

        async with writes.transaction() as connection:
            assert await users.hold(connection, made.id) == made
            locking = asyncio.ensure_future(lock())
            done, _ = await asyncio.wait({locking}, timeout=0.1)
            assert not done
            assert await users.get(connection, made.id) == made
        await locking
        async with writes.transaction() as connection:
            held = await users.hold(connection, made.id)
        assert held is not None
        assert held.status == "locked"


class TestDelete:
    async def test_its_row_stays_and_its_address_is_free(self, open_connection: Connection) -> None:
        made = await new_user(open_connection)
        await users.lock(open_connection, made.id, reason="abuse", now=NOW)
        deleted = await users.delete(open_connection, made.id, now=NOW + DAY)
        assert deleted is not None
        assert (deleted.status, deleted.deleted_at) == (Status.DELETED, NOW + DAY)
        assert not deleted.exists
        assert await users.by_email(open_connection, made.email) is None
        again = await new_user(open_connection)
        assert await users.by_email(open_connection, made.email) == again

    async def test_nothing_more_happens_to_it(self, open_connection: Connection) -> None:
        made = await new_user(open_connection)
        await users.delete(open_connection, made.id, now=NOW)
        assert await users.delete(open_connection, made.id, now=NOW) is None
        assert await users.lock(open_connection, made.id, reason="x", now=NOW) is None
        assert await users.set_name(open_connection, made.id, name="x", now=NOW) is None
        assert not await users.set_password(open_connection, made.id, password_hash="x", now=NOW)


class TestFind:
    async def test_by_the_beginning_of_the_address_or_name(
        self, open_connection: Connection
    ) -> None:
        ada = await new_user(open_connection, "ada@example.org", name="Lady Ada")
        bob = await new_user(open_connection, "bob_b@example.org", name=None)
        for begins, found in (
            ("ADA@", [ada]),
            ("lady", [ada]),
            ("bob_", [bob]),
            ("bob%", []),
            ("b\\", []),
        ):
            assert await users.find(open_connection, UserQuery(begins), limit=9) == found
            assert await users.count(open_connection, UserQuery(begins)) == len(found)

    async def test_by_status_and_role_in_pages(self, open_connection: Connection) -> None:
        made = [await new_user(open_connection, f"{number}@example.org") for number in range(3)]
        await users.lock(open_connection, made[0].id, reason="x", now=NOW)
        await users.set_role(open_connection, made[1].id, role="admin", now=NOW)
        assert await users.count(open_connection, UserQuery(status="active")) == 2
        assert await users.count(open_connection, UserQuery(status="active", role="admin")) == 1
        pages = [
            await users.find(open_connection, UserQuery(), limit=2, offset=offset)
            for offset in (0, 2)
        ]
        assert {user.id for page in pages for user in page} == {user.id for user in made}
        assert [len(page) for page in pages] == [2, 1]
