"""Backup codes: unguessable, typed in any way, and found by one hash."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.backup_codes import (
    ALPHABET,
    hash_code,
    hash_codes,
    new_codes,
    new_salt,
    normalised,
)
from identity.passwords import Cost, PasswordHasher

CHEAP = Cost(memory_kib=64, time=1, lanes=1)
SALT = bytes(16)


class TestNewCodes:
    def test_are_ten_and_no_two_alike(self) -> None:
        codes = new_codes()
        assert len(codes) == len(set(codes)) == 10
        assert all(re.fullmatch(f"[{ALPHABET}]{{5}}-[{ALPHABET}]{{5}}", code) for code in codes)

    def test_use_the_whole_alphabet(self) -> None:
        used = {letter for _ in range(50) for code in new_codes() for letter in code}
        assert used == {*ALPHABET, "-"}
        assert len(ALPHABET) == 32

    def test_never_come_again(self) -> None:
        assert not set(new_codes()) & set(new_codes())
        assert new_salt() != new_salt()


class TestHashCode:
    @pytest.mark.parametrize(
        "typed",
        [
            "01abc-defgh",
            "01ABC-DEFGH",
            "01abcdefgh",
            " 01abc - defgh ",
            "oIabc-defgh",
            "0labc-defgh",
        ],
    )
    def test_is_the_same_however_it_is_typed(self, typed: str) -> None:
        assert hash_code(typed, SALT, CHEAP) == hash_code("01abc-defgh", SALT, CHEAP)

    def test_differs_by_code_and_by_salt(self) -> None:
        hashes = {
            hash_code("01abc-defgh", SALT, CHEAP),
            hash_code("01abc-defgj", SALT, CHEAP),
            hash_code("01abc-defgh", new_salt(), CHEAP),
        }
        assert len(hashes) == 3

    @given(st.text(max_size=100))
    def test_is_taken_of_anything(self, text: str) -> None:
        assert len(hash_code(text, SALT, CHEAP)) == 32
        assert normalised(normalised(text)) == normalised(text)

    def test_does_not_look_at_more_than_can_be_a_code(self) -> None:
        assert len(normalised("0" * 1_000_000)) == 64

    async def test_of_many_is_made_by_the_hasher_in_order(self) -> None:
        hasher = PasswordHasher(CHEAP)
        codes = new_codes()
        hashes = await hash_codes(codes, SALT, hasher)
        hasher.close()
        assert hashes == [hash_code(code, SALT, CHEAP) for code in codes]
