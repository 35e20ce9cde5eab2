"""Both ceremonies, with an authenticator that behaves and one that does not."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.errors import InvalidCeremonyError
from identity.passkeys import (
    PasskeyData,
    authentication_options,
    credential_id_of,
    registration_options,
    verify_authentication,
    verify_registration,
)
from tests.identity.authenticator import Authenticator, decoded, encoded

RP_ID = "tradewind.test"
ORIGIN = "https://tradewind.test"
USER = uuid4()
Answer = dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """What a database keeps of a passkey."""

    user_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int


def asked_to_register() -> tuple[dict[str, Any], bytes]:
    return registration_options(
        rp_id=RP_ID, rp_name="Tradewind", user_id=USER.bytes, email="ann@example.com", name="Ann"
    )


def asked_to_prove() -> tuple[dict[str, Any], bytes]:
    return authentication_options(rp_id=RP_ID)


def registered(authenticator: Authenticator) -> PasskeyData:
    options, challenge = asked_to_register()
    answer = authenticator.create(options, ORIGIN)
    return verify_registration(answer, challenge, rp_id=RP_ID, origins=[ORIGIN])


def kept(authenticator: Authenticator) -> Kept:
    data = registered(authenticator)
    return Kept(USER, data.credential_id, data.public_key, data.sign_count)


class TestRegistration:
    def test_of_a_verified_user_gives_the_passkey(self) -> None:
        authenticator = Authenticator()
        data = registered(authenticator)
        assert data.credential_id == authenticator.credential_id
        assert (data.sign_count, data.transports, data.backed_up) == (1, ("internal",), False)

    def test_options_ask_for_a_discoverable_passkey_of_a_verified_user(self) -> None:
        options, challenge = registration_options(
            rp_id=RP_ID,
            rp_name="Tradewind",
            user_id=USER.bytes,
            email="ann@example.com",
            name="Ann",
            exclude=[b"known"],
        )
        assert options["authenticatorSelection"] == {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        }
        assert options["user"] == {
            "id": encoded(USER.bytes),
            "name": "ann@example.com",
            "displayName": "Ann",
        }
        assert [known["id"] for known in options["excludeCredentials"]] == [encoded(b"known")]
        assert options["attestation"] == "none"
        assert decoded(options["challenge"]) == challenge
        assert len(challenge) >= 32

    def test_challenges_differ(self) -> None:
        assert asked_to_register()[1] != asked_to_register()[1]

    @pytest.mark.parametrize(
        ("authenticator", "origin"),
        [
            pytest.param(Authenticator(), "https://tradewind.test.evil.test", id="origin"),
            pytest.param(Authenticator(), "http://tradewind.test", id="scheme"),
            pytest.param(Authenticator(), "https://tradewind.test:8443", id="port"),
            pytest.param(Authenticator(rp_id="evil.test"), ORIGIN, id="rp id"),
            pytest.param(Authenticator(verifies=False), ORIGIN, id="user not verified"),
            pytest.param(Authenticator(cross_origin=True), ORIGIN, id="in another site's frame"),
            pytest.param(Authenticator(credential_id=bytes(1_024)), ORIGIN, id="huge id"),
            pytest.param(Authenticator(credential_id=b""), ORIGIN, id="no id"),
        ],
    )
    def test_elsewhere_or_without_the_user_is_refused(
        self, authenticator: Authenticator, origin: str
    ) -> None:
        options, challenge = asked_to_register()
        answer = authenticator.create(options, origin)
        with pytest.raises(InvalidCeremonyError):
            verify_registration(answer, challenge, rp_id=RP_ID, origins=[ORIGIN])

    def test_with_another_challenge_is_refused(self) -> None:
        options, _ = asked_to_register()
        _, other = asked_to_register()
        with pytest.raises(InvalidCeremonyError, match="challenge"):
            verify_registration(
                Authenticator().create(options, ORIGIN), other, rp_id=RP_ID, origins=[ORIGIN]
            )

    def test_with_an_answer_to_the_other_ceremony_is_refused(self) -> None:
        options, challenge = asked_to_prove()
        authenticator = Authenticator()
        answer = authenticator.get(options, ORIGIN)
        with pytest.raises(InvalidCeremonyError):
            verify_registration(answer, challenge, rp_id=RP_ID, origins=[ORIGIN])

    def test_unknown_transports_are_left_out(self) -> None:
        options, challenge = asked_to_register()
        answer = Authenticator().create(options, ORIGIN)
        answer["response"]["transports"] = ["usb", "pigeon"]
        data = verify_registration(answer, challenge, rp_id=RP_ID, origins=[ORIGIN])
        assert data.transports == ("usb",)


class TestAuthentication:
    def test_of_a_verified_user_gives_the_new_count(self) -> None:
        authenticator = Authenticator()
        stored = kept(authenticator)
        assert prove(authenticator, stored) == 2
        assert prove(authenticator, replace(stored, sign_count=2)) == 3

    def test_of_a_passkey_that_does_not_count_may_go_on_without(self) -> None:
        authenticator = Authenticator(counts=False)
        stored = kept(authenticator)
        assert (prove(authenticator, stored), prove(authenticator, stored)) == (0, 0)

    def test_options_ask_for_a_verified_user(self) -> None:
        options, challenge = authentication_options(rp_id=RP_ID, allow=[b"mine"])
        assert (options["rpId"], options["userVerification"]) == (RP_ID, "required")
        assert [known["id"] for known in options["allowCredentials"]] == [encoded(b"mine")]
        assert decoded(options["challenge"]) == challenge

    @pytest.mark.parametrize("count", [5, 6, 1_000])
    def test_with_a_count_that_did_not_grow_is_refused(self, count: int) -> None:
        authenticator = Authenticator(count=4)
        stored = replace(kept(authenticator), sign_count=count + 1)
        with pytest.raises(InvalidCeremonyError, match="sign count"):
            prove(authenticator, stored)

    @pytest.mark.parametrize(
        "spoil",
        [
            pytest.param(lambda one: setattr(one, "rp_id", "evil.test"), id="rp id"),
            pytest.param(lambda one: setattr(one, "verifies", False), id="user not verified"),
            pytest.param(lambda one: setattr(one, "cross_origin", True), id="in another's frame"),
            pytest.param(lambda one: setattr(one, "key", Authenticator().key), id="another key"),
            pytest.param(lambda one: setattr(one, "credential_id", b"x" * 32), id="another id"),
            pytest.param(lambda one: setattr(one, "user_handle", uuid4().bytes), id="other user"),
        ],
    )
    def test_of_a_passkey_that_is_not_right_is_refused(
        self, spoil: Callable[[Authenticator], None]
    ) -> None:
        authenticator = Authenticator()
        stored = kept(authenticator)
        spoil(authenticator)
        with pytest.raises(InvalidCeremonyError):
            prove(authenticator, stored)

    @pytest.mark.parametrize("origin", ["https://evil.test", "http://tradewind.test", ""])
    def test_on_another_page_is_refused(self, origin: str) -> None:
        authenticator = Authenticator()
        stored = kept(authenticator)
        options, challenge = asked_to_prove()
        answer = authenticator.get(options, origin)
        with pytest.raises(InvalidCeremonyError, match="origin"):
            verify_authentication(answer, challenge, stored, rp_id=RP_ID, origins=[ORIGIN])

    def test_with_another_challenge_is_refused(self) -> None:
        authenticator = Authenticator()
        stored = kept(authenticator)
        options, _ = asked_to_prove()
        answer = authenticator.get(options, ORIGIN)
        with pytest.raises(InvalidCeremonyError, match="challenge"):
            verify_authentication(
                answer, asked_to_prove()[1], stored, rp_id=RP_ID, origins=[ORIGIN]
            )

    def test_without_a_user_handle_is_taken_where_the_passkey_is_known(self) -> None:
        authenticator = Authenticator()
        stored = kept(authenticator)
        options, challenge = asked_to_prove()
        answer = authenticator.get(options, ORIGIN)
        del answer["response"]["userHandle"]
        count = verify_authentication(answer, challenge, stored, rp_id=RP_ID, origins=[ORIGIN])
        assert count == 2


def prove(authenticator: Authenticator, stored: Kept) -> int:
    options, challenge = asked_to_prove()
    answer = authenticator.get(options, ORIGIN)
    return verify_authentication(answer, challenge, stored, rp_id=RP_ID, origins=[ORIGIN])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=5,
)
BYTES = st.binary(max_size=80).map(encoded)


class TestNonsense:
    @given(
        where=st.sampled_from(["id", "rawId", "type", "response", "authenticatorAttachment"]),
        value=JSON | BYTES,
    )
    def test_in_an_answer_is_refused_or_ignored(self, where: str, value: object) -> None:
        options, challenge = asked_to_register()
        answer: Answer = AUTHENTICATOR.create(options, ORIGIN) | {where: value}
        refused_or_good(lambda: verify_registration(answer, challenge, **PLACE))

    @given(
        where=st.sampled_from(["clientDataJSON", "attestationObject", "transports"]),
        value=JSON | BYTES | JSON.map(lambda value: encoded(repr(value).encode())),
    )
    def test_in_the_response_of_a_registration(self, where: str, value: object) -> None:
        options, challenge = asked_to_register()
        answer = AUTHENTICATOR.create(options, ORIGIN)
        answer["response"][where] = value
        refused_or_good(lambda: verify_registration(answer, challenge, **PLACE))

    @given(
        where=st.sampled_from(["clientDataJSON", "authenticatorData", "signature", "userHandle"]),
        value=JSON | BYTES,
    )
    def test_in_the_response_of_an_authentication(self, where: str, value: object) -> None:
        options, challenge = asked_to_prove()
        stored = replace(STORED, sign_count=AUTHENTICATOR.count)
        answer = AUTHENTICATOR.get(options, ORIGIN)
        answer["response"][where] = value
        refused_or_good(lambda: verify_authentication(answer, challenge, stored, **PLACE))

    @given(JSON)
    def test_as_a_credential_id(self, value: object) -> None:
        refused_or_good(lambda: credential_id_of({"rawId": value}))

    def test_as_a_credential_id_is_refused(self) -> None:
        with pytest.raises(InvalidCeremonyError):
            credential_id_of({})


PLACE: dict[str, Any] = {"rp_id": RP_ID, "origins": [ORIGIN]}
AUTHENTICATOR = Authenticator()
STORED = kept(AUTHENTICATOR)


def refused_or_good(act: Callable[[], object]) -> None:
    """Whatever came, nothing else than this room's error comes out."""
    try:
        act()
    except InvalidCeremonyError as error:
        assert len(str(error)) < 300
