"""Passwords: what may be one, and their Argon2id hashes, made by a few threads beside the event loop."""

import asyncio
import base64
import importlib
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from identity.errors import TooManyHashesError, WeakPasswordError

T = TypeVar("T")

MIN_LENGTH = 12
MAX_LENGTH = 256
THREADS = 2
MAX_WAITING = 400
"""Passwords that are hashed or wait for it: at 25 ms each and two threads, the last waits 5 s."""
_SALT_BYTES = 16
_HASH_BYTES = 32
_MAX_ADDED = 6
"""Characters around a common word that do not make a password of it."""
_MAX_STEADY = 0.75
"""The share of neighbours at most one apart (`aa`, `ab`, `21`) from which on it is a sequence."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a hash costs. The default is the least that OWASP recommends for Argon2id."""

    memory_kib: int = 19_456
    time: int = 2
    lanes: int = 1


class PasswordHasher:
    """Hashes in at most `threads` threads, with at most `most_waiting` at a time.

    Belongs to one event loop, which it never blocks: threads start as they are needed, and Argon2 runs
    without the interpreter's lock.
    """

    def __init__(
        self, cost: Cost, *, threads: int = THREADS, most_waiting: int = MAX_WAITING
    ) -> None:
        self.cost = cost
        self._argon2 = argon2.PasswordHasher(
            time_cost=cost.time,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
        )
        self._nobody = _hash_of_nothing(cost)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._most = most_waiting
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """What is stored of a password, in the PHC form `$argon2id$…`. Raises TooManyHashesError."""
        return await self.run(lambda: self._argon2.hash(_bytes(password)))

    async def verify(self, hash_: str | None, password: str) -> bool:
        """Whether it is the password of that hash. None takes the same work, and is False.

        Raises TooManyHashesError.
        """
        return await self.run(lambda: self._verify(hash_ or self._nobody, password))

    async def run(self, work: Callable[[], T]) -> T:
        """Anything that costs about a hash, done in the threads and counted among what waits.

        Raises TooManyHashesError.
        """
        if self._waiting >= self._most:
            raise TooManyHashesError(self._most)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1

    def needs_rehash(self, hash_: str) -> bool:
        """Whether it was made at another cost than passwords are hashed at now."""
        try:
            return self._argon2.check_needs_rehash(hash_)
        except InvalidHashError:
            return True

    def close(self) -> None:
        """Let the threads end; what waits is cancelled."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, hash_: str, password: str) -> bool:
        try:
            return self._argon2.verify(hash_, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False


def check_password(password: str, email: str) -> None:
    """Refuse with WeakPasswordError what is too short, too long, or among the first that is guessed.

    Length is counted in code points. Nothing is asked of its composition.
    """
    text = unicodedata.normalize("NFC", password)
    if len(text) < MIN_LENGTH:
        raise WeakPasswordError(f"has fewer than {MIN_LENGTH} characters")
    if len(text) > MAX_LENGTH:
        raise WeakPasswordError(f"has more than {MAX_LENGTH} characters")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise WeakPasswordError("has characters that nobody can type")
    folded = text.casefold()
    if _is_sequence(folded):
        raise WeakPasswordError("is a sequence, or the same few characters again and again")
    if len(_without_address(folded, email.casefold())) < MIN_LENGTH:
        raise WeakPasswordError("is made of the e-mail address")
    if _is_common(folded):
        raise WeakPasswordError("is one of those that are guessed first")


def _without_address(text: str, email: str) -> str:
    local = email.partition("@")[0]
    text = text.replace(email, "") if email else text
    return text.replace(local, "") if len(local) > 2 else text


def _is_sequence(text: str) -> bool:
    steps = [abs(ord(after) - ord(before)) for before, after in pairwise(text)]
    return len(set(text)) < 5 or sum(step <= 1 for step in steps) > _MAX_STEADY * len(steps)


def _is_common(text: str) -> bool:
    """Whether it is a common password, one again and again, or one with a few digits or signs around."""
    unit = text[: (text + text).index(text, 1)]
    word = text.strip("".join({character for character in text if not character.isalpha()}))
    few = len(text) - len(word) <= _MAX_ADDED
    common = _common_passwords()
    return text in common or unit in common or (few and word in common)


@cache
def _common_passwords() -> frozenset[str]:
    """The 30,000 of zxcvbn: read at the first use, which takes 0.05 s and 12 MB."""
    lists = importlib.import_module("zxcvbn.frequency_lists").FREQUENCY_LISTS
    return frozenset(lists["passwords"]) | {"tradewind"}


def _bytes(password: str) -> bytes:
    """One spelling of what may be typed in several: é is one character, however a keyboard makes it."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _hash_of_nothing(cost: Cost) -> str:
    """A hash that no password has, at the same cost."""
    salt, hash_ = (
        base64.b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()
        for size in (_SALT_BYTES, _HASH_BYTES)
    )
    parameters = f"m={cost.memory_kib},t={cost.time},p={cost.lanes}"
    return f"$argon2id$v={argon2.low_level.ARGON2_VERSION}${parameters}${salt}${hash_}"
