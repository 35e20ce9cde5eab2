"""The second factor: enrolled, then each code good once, even when many send it at once."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

from storage.identity import two_factor
from storage.identity.two_factor import TwoFactor
from storage.pools import Connection, WritePool
from tests.storage.identity.making import MINUTE, NOW, new_user

STEP = 58_000_000


async def enrol(connection: Connection) -> UUID:
    user = await new_user(connection)
    assert await two_factor.begin(connection, user.id, secret=b"sealed", salt=b"salt", now=NOW)
    assert await two_factor.enable(connection, user.id, step=STEP, now=NOW)
    return user.id


async def succeeded(
    writes: WritePool, spend: Callable[[Connection], Awaitable[bool]], times: int = 20
) -> int:
    """How many of so many at once had it."""

    async def attempt() -> bool:
        async with writes.transaction() as connection:
            return await spend(connection)

    return sum(await asyncio.gather(*(attempt() for _ in range(times))))


class TestEnrolment:
    async def test_one_that_is_not_ended_is_begun_anew(self, open_connection: Connection) -> None:
        user = await new_user(open_connection)
        assert await two_factor.get(open_connection, user.id) is None
        for secret in (b"first", b"second"):
            assert await two_factor.begin(
                open_connection, user.id, secret=secret, salt=b"salt", now=NOW
            )
        begun = TwoFactor(user.id, b"second", False, 0, b"salt", NOW, None)
        assert await two_factor.get(open_connection, user.id) == begun
        assert not await two_factor.spend_step(open_connection, user.id, step=STEP)

    async def test_a_code_ends_it_and_is_spent(self, open_connection: Connection) -> None:
        user_id = await enrol(open_connection)
        enabled = TwoFactor(user_id, b"sealed", True, STEP, b"salt", NOW, NOW)
        assert await two_factor.get(open_connection, user_id) == enabled
        assert not await two_factor.enable(open_connection, user_id, step=STEP + 1, now=NOW)
        assert not await two_factor.begin(
            open_connection, user_id, secret=b"x", salt=b"x", now=NOW + MINUTE
        )
        assert not await two_factor.spend_step(open_connection, user_id, step=STEP)

    async def test_it_is_removed_with_its_codes(self, open_connection: Connection) -> None:
        user_id = await enrol(open_connection)
        await two_factor.replace_codes(open_connection, user_id, salt=b"s", hashes=[b"1"])
        assert await two_factor.remove(open_connection, user_id)
        assert not await two_factor.remove(open_connection, user_id)
        assert await two_factor.codes_left(open_connection, user_id) == 0
        assert await two_factor.get(open_connection, user_id) is None


class TestSteps:
    async def test_none_is_good_again_nor_one_before_it(self, open_connection: Connection) -> None:
        user_id = await enrol(open_connection)
        spent = [
            await two_factor.spend_step(open_connection, user_id, step=STEP + ahead)
            for ahead in (1, 1, 0, 3, 2)
        ]
        assert spent == [True, False, False, True, False]
        assert not await two_factor.spend_step(open_connection, uuid4(), step=STEP)

    async def test_twenty_at_once_spend_one_once(self, writes: WritePool) -> None:
        async with writes.transaction() as connection:
            user_id = await enrol(connection)

        async def spend(connection: Connection) -> bool:
            return await two_factor.spend_step(connection, user_id, step=STEP + 1)

        assert await succeeded(writes, spend) == 1


class TestBackupCodes:
    async def test_each_is_good_once(self, open_connection: Connection) -> None:
        user_id = await enrol(open_connection)
        await two_factor.replace_codes(open_connection, user_id, salt=b"s", hashes=[b"1", b"2"])
        spent = [
            await two_factor.spend_code(open_connection, user_id, code, now=NOW)
            for code in (b"1", b"1", b"3")
        ]
        assert spent == [True, False, False]
        assert not await two_factor.spend_code(open_connection, uuid4(), b"2", now=NOW)
        assert await two_factor.codes_left(open_connection, user_id) == 1

    async def test_others_take_the_place_of_all_before(self, open_connection: Connection) -> None:
        user_id = await enrol(open_connection)
        for salt, hashes in ((b"a", [b"1", b"2"]), (b"b", [b"3"])):
            await two_factor.replace_codes(open_connection, user_id, salt=salt, hashes=hashes)
        found = await two_factor.get(open_connection, user_id)
        assert found is not None
        assert found.salt == b"b"
        assert not await two_factor.spend_code(open_connection, user_id, b"1", now=NOW)
        assert await two_factor.spend_code(open_connection, user_id, b"3", now=NOW)

    async def test_twenty_at_once_spend_one_once(self, writes: WritePool) -> None:
        async with writes.transaction() as connection:
            user_id = await enrol(connection)
            await two_factor.replace_codes(connection, user_id, salt=b"s", hashes=[b"1", b"2"])

        async def spend(connection: Connection) -> bool:
            return await two_factor.spend_code(connection, user_id, b"1", now=NOW)

        assert await succeeded(writes, spend) == 1

    async def test_two_who_replace_them_at_once_leave_those_of_one(self, writes: WritePool) -> None:
        async with writes.transaction() as connection:
            user_id = await enrol(connection)
        numbers = iter(range(99))

        async def replace(connection: Connection) -> bool:
            salt = bytes([next(numbers)])
            hashes = [salt + bytes([code]) for code in range(10)]
            await two_factor.replace_codes(connection, user_id, salt=salt, hashes=hashes)
            return True

        assert await succeeded(writes, replace, times=8) == 8
        async with writes.transaction() as connection:
            found = await two_factor.get(connection, user_id)
            assert found is not None
            assert await two_factor.codes_left(connection, user_id) == 10
            assert await two_factor.spend_code(connection, user_id, found.salt + b"\x09", now=NOW)
