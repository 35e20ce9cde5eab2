"""Tokens that say nothing: 256 random bits behind a prefix that tells what they open.

So much chance needs no slow hash: their SHA-256 is what is stored, and nobody finds a token from it.
"""

import base64
import hashlib
import re
import secrets

from identity.keyring import KeyRing

REFRESH = "twr_"
DEVICE = "twd_"
API_KEY = "twk_"
MAIL = "twm_"
TICKET = "twt_"

TOKEN_BYTES = 32
_BODY = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", re.ASCII)
"""43 characters of base64url; the last one has only 4 bits, so a token has one spelling."""


def new_token(prefix: str) -> str:
    """A token that nobody can guess."""
    return prefix + secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> bytes:
    """What is stored of a token, and looked up: 32 bytes."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def well_formed(token: str, prefix: str) -> bool:
    """Whether it can be a token of that kind at all."""
    return token.startswith(prefix) and _BODY.fullmatch(token, len(prefix)) is not None


def successor(ring: KeyRing, key_id: str, token: str) -> str:
    """The refresh token that follows: the same for the same token and key, and known to nobody else.

    UnknownKeyError where the ring does not have the key any more.
    """
    code = ring.mac("refresh-successor", token.encode("utf-8", "surrogatepass"), key_id)
    return REFRESH + base64.urlsafe_b64encode(code).rstrip(b"=").decode()
