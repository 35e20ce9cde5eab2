"""Opaque tokens: unguessable, of one spelling, and followed by what only the server can tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.errors import UnknownKeyError
from identity.keyring import KeyRing
from identity.opaque import API_KEY, REFRESH, digest, new_token, successor, well_formed

RING = KeyRing({"new": bytes(range(32)), "old": bytes(32)})
TOKEN = REFRESH + "A" * 43


class TestNewToken:
    def test_has_its_prefix_and_is_well_formed(self) -> None:
        token = new_token(API_KEY)
        assert token.startswith("twk_")
        assert len(token) == 47
        assert well_formed(token, API_KEY)

    def test_is_never_the_same(self) -> None:
        assert len({new_token(REFRESH) for _ in range(1_000)}) == 1_000


class TestWellFormed:
    @pytest.mark.parametrize(
        "token",
        [
            "",
            "twr_",
            "A" * 47,
            "twk_" + "A" * 43,
            "twr_" + "A" * 42,
            "twr_" + "A" * 44,
            "twr_" + "A" * 42 + "B",  # the same bytes as A there: another spelling of one token
            "twr_" + "A" * 42 + "=",
            "twr_" + "A" * 43 + "\n",
            "twr_" + "A" * 42 + "é",
            "twr_" + "A" * 42 + "+",
        ],
    )
    def test_is_false_of_what_is_no_refresh_token(self, token: str) -> None:
        assert not well_formed(token, REFRESH)

    def test_is_true_of_one(self) -> None:
        assert well_formed(TOKEN, REFRESH)


class TestDigest:
    def test_is_sha_256(self) -> None:
        assert digest("abc").hex().startswith("ba7816bf8f01cfea414140de5dae2223")

    @given(st.text())
    def test_is_taken_of_anything(self, text: str) -> None:
        assert len(digest(text)) == 32


class TestSuccessor:
    @given(st.just("old"), st.binary(min_size=32, max_size=32).filter(any))
    def test_is_a_refresh_token_and_always_the_same(self, key_id: str, other: bytes) -> None:
        following = successor(RING, key_id, TOKEN)
        assert well_formed(following, REFRESH)
        assert following == successor(RING, key_id, TOKEN) != TOKEN
        assert following != successor(KeyRing({key_id: other}), key_id, TOKEN)

    def test_differs_by_token_and_by_key(self) -> None:
        following = {
            successor(RING, "new", TOKEN),
            successor(RING, "old", TOKEN),
            successor(RING, "new", new_token(REFRESH)),
        }
        assert len(following) == 3

    def test_is_the_same_after_the_ring_was_rotated(self) -> None:
        before = successor(KeyRing({"old": bytes(32)}), "old", TOKEN)
        assert successor(RING, "old", TOKEN) == before

    def test_of_a_chain_never_comes_back(self) -> None:
        chain = [TOKEN]
        for _ in range(100):
            chain.append(successor(RING, "new", chain[-1]))
        assert len(set(chain)) == 101

    def test_under_a_key_that_is_gone_is_told(self) -> None:
        with pytest.raises(UnknownKeyError):
            successor(RING, "gone", TOKEN)
