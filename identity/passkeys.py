"""Passkeys: the two ceremonies of WebAuthn, with the user verified and the origin exact.

Which device made a passkey is not asked (attestation "none"). Passkeys are discoverable, so that signing
in needs no name, and what is no proof is an InvalidCeremonyError, whatever is wrong with it.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import webauthn
from webauthn.helpers import base64url_to_bytes, options_to_json_dict, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from identity.errors import InvalidCeremonyError

CHALLENGE_LASTS_S = 300
MAX_CREDENTIAL_ID = 1_023
"""Bytes, as the specification bounds it."""
MAX_PUBLIC_KEY = 2_048
_TRANSPORTS = frozenset({"usb", "nfc", "ble", "smart-card", "internal", "cable", "hybrid"})
_MALFORMED = (
    WebAuthnException,
    ValueError,  # base64, UTF-8, JSON, CBOR, enumerations
    TypeError,
    AttributeError,
    LookupError,
    RecursionError,
    OverflowError,
    NotImplementedError,
    struct.error,
)
"""What the library lets through when an answer is not even formed like one."""


class Stored(Protocol):
    """What is kept of a passkey, as far as a proof needs it."""

    @property
    def user_id(self) -> UUID:
        """Whose it is."""

    @property
    def credential_id(self) -> bytes:
        """By which it is found."""

    @property
    def public_key(self) -> bytes:
        """In COSE."""

    @property
    def sign_count(self) -> int:
        """As it last was."""


@dataclass(frozen=True, slots=True)
class PasskeyData:
    """A passkey that was proved: what to keep of it."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: str
    transports: tuple[str, ...]
    backed_up: bool


def registration_options(
    *,
    rp_id: str,
    rp_name: str,
    user_id: bytes,
    email: str,
    name: str,
    exclude: Sequence[bytes] = (),
) -> tuple[dict[str, Any], bytes]:
    """What a browser makes a passkey by, as JSON, and the challenge in it, which is good once.

    `exclude`: the ids of those that the user has; the device of one of them makes no other.
    """
    options = webauthn.generate_registration_options(
        rp_id=rp_id,
        rp_name=rp_name,
        user_id=user_id,
        user_name=email,
        user_display_name=name,
        timeout=CHALLENGE_LASTS_S * 1_000,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=id_) for id_ in exclude],
    )
    return options_to_json_dict(options), options.challenge


def authentication_options(
    *, rp_id: str, allow: Sequence[bytes] = ()
) -> tuple[dict[str, Any], bytes]:
    """What a browser asks a passkey with, as JSON, and the challenge in it; `allow` empty: any passkey."""
    options = webauthn.generate_authentication_options(
        rp_id=rp_id,
        timeout=CHALLENGE_LASTS_S * 1_000,
        allow_credentials=[PublicKeyCredentialDescriptor(id=id_) for id_ in allow],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options), options.challenge


def verify_registration(
    response: Mapping[str, Any], challenge: bytes, *, rp_id: str, origins: Sequence[str]
) -> PasskeyData:
    """The passkey that an answer proves to be made now, here, and by a verified user."""
    try:
        found = webauthn.verify_registration_response(
            credential=dict(response),
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=list(origins),
            require_user_verification=True,
        )
        _require_own_frame(response)
        data = PasskeyData(
            found.credential_id,
            found.credential_public_key,
            found.sign_count,
            found.aaguid,
            _transports(response),
            found.credential_backed_up,
        )
    except _MALFORMED as error:
        raise InvalidCeremonyError(_told(error)) from error
    if len(data.credential_id) > MAX_CREDENTIAL_ID or len(data.public_key) > MAX_PUBLIC_KEY:
        raise InvalidCeremonyError("its credential is larger than any")
    return data


def verify_authentication(
    response: Mapping[str, Any],
    challenge: bytes,
    stored: Stored,
    *,
    rp_id: str,
    origins: Sequence[str],
) -> int:
    """The new count of a passkey that was used now, here, and by its verified user.

    The count must have grown, unless the passkey does not count: a copy would lag behind.
    """
    try:
        if credential_id_of(response) != stored.credential_id:
            raise InvalidCeremonyError("it is another passkey")
        found = webauthn.verify_authentication_response(
            credential=dict(response),
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=list(origins),
            credential_public_key=stored.public_key,
            credential_current_sign_count=stored.sign_count,
            require_user_verification=True,
        )
        _require_own_frame(response)
        handle = response["response"].get("userHandle")
        if handle is not None and base64url_to_bytes(handle) != stored.user_id.bytes:
            raise InvalidCeremonyError("it says that it is somebody else's")
    except _MALFORMED as error:
        raise InvalidCeremonyError(_told(error)) from error
    return found.new_sign_count


def credential_id_of(response: Mapping[str, Any]) -> bytes:
    """The id of the passkey that an answer says it is of, which proves nothing."""
    try:
        return base64url_to_bytes(response["rawId"])
    except _MALFORMED as error:
        raise InvalidCeremonyError("it names no credential") from error


def _require_own_frame(response: Mapping[str, Any]) -> None:
    """Somebody else's page that holds ours in a frame may have moved the user's hand."""
    data = parse_client_data_json(base64url_to_bytes(response["response"]["clientDataJSON"]))
    if data.cross_origin:
        raise InvalidCeremonyError("it was made in a frame of another site")


def _transports(response: Mapping[str, Any]) -> tuple[str, ...]:
    given = response["response"].get("transports") or ()
    return tuple(sorted(_TRANSPORTS.intersection(given)))


def _told(error: BaseException) -> str:
    """The library's sentence, for the log; it may quote what was sent, so it is cut."""
    return f"{type(error).__name__}: {error}"[:200]
