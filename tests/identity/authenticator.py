"""A passkey in software: it answers the two ceremonies of WebAuthn, and misbehaves where it is told to."""

import base64
import json
import secrets
import struct
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass(slots=True)
class Authenticator:
    """One passkey. `rp_id` None: the one that is asked for; `verifies`: whether it knows its user."""

    rp_id: str | None = None
    verifies: bool = True
    count: int = 0
    counts: bool = True
    cross_origin: bool = False
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    user_handle: bytes = b""

    def create(self, options: dict[str, Any], origin: str) -> dict[str, Any]:
        """The answer of `navigator.credentials.create()` to registration options."""
        self.user_handle = decoded(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        credential = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id
        data = self._data(options["rp"]["id"], ATTESTED) + credential + public
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options, origin)
        return self._answer(
            clientDataJSON=encoded(client),
            attestationObject=encoded(attestation),
            transports=["internal"],
        )

    def get(self, options: dict[str, Any], origin: str) -> dict[str, Any]:
        """The answer of `navigator.credentials.get()` to authentication options."""
        data = self._data(options["rpId"], 0)
        client = self._client("webauthn.get", options, origin)
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            clientDataJSON=encoded(client),
            authenticatorData=encoded(data),
            signature=encoded(signature),
            userHandle=encoded(self.user_handle),
        )

    def _client(self, kind: str, options: dict[str, Any], origin: str) -> bytes:
        client = {"type": kind, "challenge": options["challenge"], "origin": origin}
        return json.dumps(client | {"crossOrigin": self.cross_origin}).encode()

    def _data(self, rp_id: str, flags: int) -> bytes:
        self.count += self.counts
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return sha256((self.rp_id or rp_id).encode()).digest() + struct.pack(
            ">BI", flags, self.count
        )

    def _answer(self, **response: Any) -> dict[str, Any]:
        id_ = encoded(self.credential_id)
        return {"id": id_, "rawId": id_, "type": "public-key", "response": response}


def encoded(data: bytes) -> str:
    """In base64url, as browsers write it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """What `encoded` wrote."""
    return base64.urlsafe_b64decode(text + "==")
