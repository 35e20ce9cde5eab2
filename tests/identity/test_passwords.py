"""Which passwords are taken, and that hashing them neither blocks the loop nor piles up."""

import asyncio
import threading
from collections.abc import AsyncIterator

import argon2
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from identity.errors import TooManyHashesError, WeakPasswordError
from identity.passwords import Cost, PasswordHasher, check_password

CHEAP = Cost(memory_kib=64, time=1, lanes=1)
EMAIL = "annmiller@example.com"


@pytest_asyncio.fixture
async def hasher() -> AsyncIterator[PasswordHasher]:
    hasher = PasswordHasher(CHEAP, threads=2, most_waiting=4)
    yield hasher
    hasher.close()


class TestHasher:
    async def test_verifies_what_it_hashed_and_nothing_else(self, hasher: PasswordHasher) -> None:
        hash_ = await hasher.hash("correct horse battery")
        assert await hasher.verify(hash_, "correct horse battery")
        assert not await hasher.verify(hash_, "correct horse batterz")

    async def test_never_gives_one_hash_twice(self, hasher: PasswordHasher) -> None:
        assert await hasher.hash("correct horse") != await hasher.hash("correct horse")

    async def test_takes_an_accent_however_it_was_typed(self, hasher: PasswordHasher) -> None:
        hash_ = await hasher.hash("caf\u00e9 au lait, please")
        assert await hasher.verify(hash_, "cafe\u0301 au lait, please")

    async def test_takes_what_no_encoding_has(self, hasher: PasswordHasher) -> None:
        assert not await hasher.verify(await hasher.hash("x"), "\ud800")

    async def test_says_no_where_there_is_no_hash(self, hasher: PasswordHasher) -> None:
        assert not await hasher.verify(None, "correct horse battery")

    async def test_does_the_same_work_where_there_is_no_hash(
        self, hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done: list[object] = []
        verify_secret = argon2.low_level.verify_secret

        def noted(hash_: bytes, secret: bytes, type_: argon2.Type) -> bool:
            done.append((argon2.extract_parameters(hash_.decode()), secret))
            return verify_secret(hash_, secret, type_)

        hash_ = await hasher.hash("another password")
        # Where the library calls what computes: one to verify, and none to hash.
        monkeypatch.setattr("argon2._password_hasher.verify_secret", noted)
        monkeypatch.setattr("argon2._password_hasher.hash_secret", done.append)
        assert not await hasher.verify(hash_, "correct horse battery")
        assert not await hasher.verify(None, "correct horse battery")
        known, unknown = done
        assert known == unknown

    async def test_says_no_to_a_hash_that_is_none(self, hasher: PasswordHasher) -> None:
        assert not await hasher.verify("$argon2id$nonsense", "correct horse battery")
        assert not await hasher.verify("", "correct horse battery")

    async def test_sees_a_hash_of_another_cost(self, hasher: PasswordHasher) -> None:
        hash_ = await hasher.hash("correct horse battery")
        assert not hasher.needs_rehash(hash_)
        dearer = PasswordHasher(Cost(memory_kib=128, time=1, lanes=1))
        assert dearer.needs_rehash(hash_)
        assert dearer.needs_rehash("nonsense")

    async def test_refuses_more_than_may_wait_and_goes_on_after(
        self, hasher: PasswordHasher
    ) -> None:
        release = threading.Event()
        running = [asyncio.ensure_future(hasher.run(release.wait)) for _ in range(4)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyHashesError, match="4 passwords"):
            await hasher.hash("one too many")
        release.set()
        assert await asyncio.gather(*running) == [True] * 4
        assert await hasher.hash("correct horse battery")

    async def test_runs_in_no_more_threads_than_it_may(self, hasher: PasswordHasher) -> None:
        release = threading.Event()
        loop, two = asyncio.get_running_loop(), asyncio.Event()

        def met() -> None:
            loop.call_soon_threadsafe(two.set)

        both = threading.Barrier(2, met)
        started: list[str] = []

        def hold() -> None:
            started.append(threading.current_thread().name)
            if not two.is_set():
                both.wait()
            release.wait()

        running = [asyncio.ensure_future(hasher.run(hold)) for _ in range(4)]
        await two.wait()
        assert len(set(started)) == 2
        assert threading.current_thread().name not in started
        release.set()
        await asyncio.gather(*running)
        assert len(started) == 4
        assert len(set(started)) == 2

    async def test_forgets_who_waited_and_went_away(self, hasher: PasswordHasher) -> None:
        release = threading.Event()
        running = [asyncio.ensure_future(hasher.run(release.wait)) for _ in range(4)]
        await asyncio.sleep(0)
        for future in running[2:]:
            future.cancel()
        await asyncio.gather(*running[2:], return_exceptions=True)
        release.set()
        assert await hasher.hash("correct horse battery")
        await asyncio.gather(*running[:2])

    async def test_hashes_by_argon2id_at_what_owasp_asks_for(self) -> None:
        hasher = PasswordHasher(Cost())
        hash_ = await hasher.hash("correct horse battery")
        hasher.close()
        assert hash_.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


class TestCheckPassword:
    @pytest.mark.parametrize(
        "password",
        [
            "correct horse battery staple",
            "Sup3r-secret-River",
            "ein Bär kauft Möhren",
            "пароль из кириллицы",
            "x7#Kq9!mZp2w",
            "savannah-annmiller-77-rivers",
            "x7#Kq9!mZp2w" * 21,
        ],
    )
    def test_takes_what_is_not_guessed(self, password: str) -> None:
        check_password(password, EMAIL)

    @pytest.mark.parametrize(
        ("password", "reason"),
        [
            ("x7#Kq9!mZp2", "fewer than 12"),
            ("", "fewer than 12"),
            ("é" * 11, "fewer than 12"),
            ("x7#" * 86, "more than 256"),
            ("x7#Kq9!mZp2\x00", "nobody can type"),
            ("x7#Kq9!mZp2\ud800", "nobody can type"),
            ("1qaz2wsx3edc", "guessed first"),
            ("1QAZ2wsx3EDC", "guessed first"),
            ("passwordpassword", "guessed first"),
            ("Password1234", "guessed first"),
            ("!!sunshine!!", "guessed first"),
            ("Tradewind2026!", "guessed first"),
            ("aaaaaaaaaaaa", "sequence"),
            ("azazazazazaz", "sequence"),
            ("abcdefghijkl", "sequence"),
            ("123456789012", "sequence"),
            ("998877665544", "sequence"),
            ("annmiller@example.com", "e-mail address"),
            ("annmiller2026!", "e-mail address"),
            ("ANNMILLER2026!", "e-mail address"),
        ],
    )
    def test_refuses_what_is(self, password: str, reason: str) -> None:
        with pytest.raises(WeakPasswordError, match=reason):
            check_password(password, EMAIL)

    def test_counts_code_points_not_bytes(self) -> None:
        check_password("ñøßþðåéüïö" + "字漢", EMAIL)

    @given(st.text(max_size=300), st.text(max_size=30))
    def test_never_shows_the_password_and_never_fails_otherwise(
        self, password: str, email: str
    ) -> None:
        try:
            check_password(password, email)
        except WeakPasswordError as error:
            assert len(password) < 6 or password not in str(error)
