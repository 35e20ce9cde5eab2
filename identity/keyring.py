"""The master keys: they seal what is stored of secrets, and make the codes that only we can make.

A sealed value is `version, length of the key id, key id, nonce (96 random bits), AES-256-GCM ciphertext`.
Its associated data is everything before the nonce and the place it belongs to, so that it opens neither
elsewhere nor under another key's name. From each master key HKDF derives one key for sealing and one for
each purpose of `mac`; no master key is used itself.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Mapping
from functools import lru_cache
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from identity.errors import MalformedKeyRingError, UnknownKeyError, UnsealError

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_VERSION = 1
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)


class KeyRing:
    """Keys by id: the first of them, which is the newest, seals; all of them open.

    Rotation without downtime: put the new key behind the old one everywhere, then before it, and take the
    old one away once nothing that it sealed is left.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """`keys`: newest first. MalformedKeyRingError where they cannot be used."""
        if not keys:
            raise MalformedKeyRingError("there is none")
        for key_id, key in keys.items():
            if not _ID.fullmatch(key_id):
                raise MalformedKeyRingError(
                    "an id is not 1 to 32 letters, digits, hyphens or underscores"
                )
            if len(key) != KEY_BYTES:
                raise MalformedKeyRingError(f"key {key_id} is not {KEY_BYTES} bytes long")
        self._keys = dict(keys)
        self.current_id = next(iter(keys))
        """The key that seals."""

    @classmethod
    def of(cls, text: str) -> Self:
        """The keys of `id:base64,id:base64,…`, newest first. MalformedKeyRingError if it is not that."""
        keys: dict[str, bytes] = {}
        for entry in text.split(","):
            key_id, colon, encoded = entry.strip().partition(":")
            if not colon:
                raise MalformedKeyRingError("an entry is not `id:base64`")
            if key_id in keys:
                raise MalformedKeyRingError(f"key {key_id} is there twice")
            try:
                keys[key_id] = base64.b64decode(encoded, validate=True)
            except ValueError:
                # Without its cause, which may quote the key.
                raise MalformedKeyRingError("an entry is not `id:base64`") from None
        return cls(keys)

    @classmethod
    def generate(cls) -> Self:
        """A ring with one new key."""
        return cls({secrets.token_hex(4): secrets.token_bytes(KEY_BYTES)})

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._keys)})"

    def text(self) -> str:
        """What `of` reads: it shows the keys."""
        return ",".join(
            f"{id_}:{base64.b64encode(key).decode()}" for id_, key in self._keys.items()
        )

    def seal(self, plaintext: bytes, *, of: str) -> bytes:
        """The plaintext, unreadable, and bound to the place `of` (table, row and field) it belongs to."""
        header = _header(self.current_id)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = _cipher(self._keys[self.current_id])
        return header + nonce + cipher.encrypt(nonce, plaintext, header + of.encode())

    def open(self, sealed: bytes, *, of: str) -> bytes:
        """What was sealed for the place `of`; UnsealError for anything else."""
        key_id = self.sealed_by(sealed, of=of)
        start = 2 + len(key_id)
        if key_id not in self._keys:
            raise UnsealError(of, f"there is no master key {key_id!r}")
        nonce = bytes(sealed[start : start + _NONCE_BYTES])
        ciphertext = bytes(sealed[start + _NONCE_BYTES :])
        try:
            cipher = _cipher(self._keys[key_id])
            return cipher.decrypt(nonce, ciphertext, _header(key_id) + of.encode())
        except InvalidTag:
            raise UnsealError(of, "it was changed, or belongs elsewhere") from None

    def sealed_by(self, sealed: bytes, *, of: str) -> str:
        """The id of the key that sealed it, which the ring may not have; nothing is proved yet."""
        length = sealed[1] if len(sealed) > 2 else 0
        if len(sealed) < 2 + length + _NONCE_BYTES + _TAG_BYTES or sealed[0] != _VERSION:
            raise UnsealError(of, "it is no sealed value")
        key_id = bytes(sealed[2 : 2 + length]).decode("ascii", "replace")
        if not _ID.fullmatch(key_id):
            raise UnsealError(of, "it is no sealed value")
        return key_id

    def mac(self, purpose: str, data: bytes, key_id: str | None = None) -> bytes:
        """32 bytes that only who has the key can compute: HMAC-SHA-256 under a key of the purpose alone.

        `key_id` None: the current key. UnknownKeyError where the ring does not have it.
        """
        name = self.current_id if key_id is None else key_id
        if name not in self._keys:
            raise UnknownKeyError(name)
        return hmac.digest(_derived(self._keys[name], f"mac/{purpose}"), data, "sha256")


def _header(key_id: str) -> bytes:
    return bytes((_VERSION, len(key_id))) + key_id.encode()


@lru_cache(maxsize=64)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(_derived(key, "seal"))


@lru_cache(maxsize=256)
def _derived(key: bytes, use: str) -> bytes:
    info = b"tradewind/1/" + use.encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)
