"""What is sealed opens where it was sealed, by who has the key, unchanged: and nowhere else."""

import base64

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from identity.errors import MalformedKeyRingError, UnknownKeyError, UnsealError
from identity.keyring import KeyRing

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
RING = KeyRing({"new": NEW, "old": OLD})
PLACE = "auth.two_factor_auth/7/secret"
TEXT_OF_OLD = f"old:{base64.b64encode(OLD).decode()}"


class TestSeal:
    @given(st.binary(max_size=200), st.text(max_size=40))
    def test_opens_to_what_it_was(self, plaintext: bytes, of: str) -> None:
        assert RING.open(RING.seal(plaintext, of=of), of=of) == plaintext

    @given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
    def test_with_one_byte_changed_does_not_open(self, at: int, by: int) -> None:
        sealed = bytearray(RING.seal(b"secret", of=PLACE))
        sealed[at % len(sealed)] ^= by
        with pytest.raises(UnsealError):
            RING.open(bytes(sealed), of=PLACE)

    @given(st.integers(min_value=0))
    def test_cut_short_does_not_open(self, length: int) -> None:
        sealed = RING.seal(b"secret", of=PLACE)
        with pytest.raises(UnsealError):
            RING.open(sealed[: length % len(sealed)], of=PLACE)

    @given(st.binary(max_size=80))
    def test_of_chance_does_not_open(self, data: bytes) -> None:
        with pytest.raises(UnsealError):
            RING.open(data, of=PLACE)

    @pytest.mark.parametrize(
        "elsewhere", ["auth.two_factor_auth/8/secret", "auth.two_factor_auth/7/salt", ""]
    )
    def test_moved_elsewhere_does_not_open(self, elsewhere: str) -> None:
        with pytest.raises(UnsealError, match="elsewhere"):
            RING.open(RING.seal(b"secret", of=PLACE), of=elsewhere)

    def test_under_the_name_of_another_key_does_not_open(self) -> None:
        """Even where both names are of one key: the name is sealed with it."""
        twins = KeyRing({"one": OLD, "two": OLD})
        sealed = twins.seal(b"secret", of=PLACE)
        with pytest.raises(UnsealError):
            twins.open(sealed.replace(b"one", b"two", 1), of=PLACE)

    def test_is_never_the_same_twice_and_shows_nothing(self) -> None:
        one, two = (RING.seal(b"secret" * 4, of=PLACE) for _ in range(2))
        assert one != two
        assert b"secret" not in one

    def test_is_aes_256_gcm_under_a_derived_key(self) -> None:
        sealed = RING.seal(b"secret", of=PLACE)
        key = HKDF(SHA256(), 32, salt=None, info=b"tradewind/1/seal").derive(NEW)
        header, nonce, ciphertext = sealed[:5], sealed[5:17], sealed[17:]
        assert header == b"\x01\x03new"
        opened = AESGCM(key).decrypt(nonce, ciphertext, header + PLACE.encode())
        assert opened == b"secret"


class TestRotation:
    def test_the_first_key_seals(self) -> None:
        assert RING.current_id == "new"
        assert RING.sealed_by(RING.seal(b"secret", of=PLACE), of=PLACE) == "new"

    def test_an_older_key_still_opens(self) -> None:
        sealed = KeyRing({"old": OLD}).seal(b"secret", of=PLACE)
        assert RING.open(sealed, of=PLACE) == b"secret"

    def test_a_newer_key_that_is_behind_opens_already(self) -> None:
        sealed = RING.seal(b"secret", of=PLACE)
        assert KeyRing({"old": OLD, "new": NEW}).open(sealed, of=PLACE) == b"secret"

    def test_a_key_that_is_gone_opens_nothing(self) -> None:
        sealed = KeyRing({"old": OLD}).seal(b"secret", of=PLACE)
        with pytest.raises(UnsealError, match="no master key 'old'"):
            KeyRing({"new": NEW}).open(sealed, of=PLACE)


class TestMac:
    def test_is_of_the_purpose_the_key_and_the_data(self) -> None:
        codes = {
            RING.mac("csrf", b"data"),
            RING.mac("attempts", b"data"),
            RING.mac("csrf", b"other"),
            RING.mac("csrf", b"data", "old"),
        }
        assert len(codes) == 4
        assert {len(code) for code in codes} == {32}

    def test_is_the_same_after_a_rotation_where_the_key_is_named(self) -> None:
        before = KeyRing({"old": OLD}).mac("csrf", b"data")
        assert RING.mac("csrf", b"data", "old") == before

    def test_of_a_key_that_is_gone_is_told(self) -> None:
        with pytest.raises(UnknownKeyError, match="'gone'"):
            RING.mac("csrf", b"data", "gone")


class TestText:
    def test_gives_the_keys_newest_first(self) -> None:
        ring = KeyRing.of(f"new:{base64.b64encode(NEW).decode()}, {TEXT_OF_OLD}")
        assert ring.current_id == "new"
        assert ring.open(RING.seal(b"secret", of=PLACE), of=PLACE) == b"secret"

    def test_is_what_a_ring_writes(self) -> None:
        ring = KeyRing.generate()
        assert KeyRing.of(ring.text()).open(ring.seal(b"x", of=PLACE), of=PLACE) == b"x"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            ",",
            "old",
            f"{TEXT_OF_OLD},",
            f"{TEXT_OF_OLD},{TEXT_OF_OLD}",
            f":{base64.b64encode(OLD).decode()}",
            f"a/b:{base64.b64encode(OLD).decode()}",
            f"{'x' * 33}:{base64.b64encode(OLD).decode()}",
            f"old:{base64.b64encode(OLD[:31]).decode()}",
            "old:5ecret-5ecret-5ecret-5ecret-5ecret-5ecret-5",
            "old:5ecret\N{LATIN SMALL LETTER E WITH ACUTE}5ecret",
        ],
    )
    def test_that_is_malformed_is_refused_without_being_shown(self, text: str) -> None:
        with pytest.raises(MalformedKeyRingError) as caught:
            KeyRing.of(text)
        assert "5ecret" not in str(caught.value)
        assert base64.b64encode(OLD).decode()[:8] not in str(caught.value)

    def test_of_a_ring_itself_shows_no_key(self) -> None:
        assert repr(RING) == "KeyRing(new, old)"

    def test_a_ring_without_keys_is_none(self) -> None:
        with pytest.raises(MalformedKeyRingError, match="there is none"):
            KeyRing({})
