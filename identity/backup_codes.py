"""Backup codes: the second factor of who has lost the first, ten of them, each good once.

They are few enough characters to be written down (50 bits), so they are stored as passwords are, by
Argon2id; with one salt for each user, so that one hash finds a code among the ten.
"""

import secrets
from collections.abc import Sequence

from argon2.low_level import Type, hash_secret_raw

from identity.passwords import Cost, PasswordHasher

CODES = 10
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base32: without i, l, o and u, so that what looks alike is alike."""
_HALF = 5
_HASH_BYTES = 32
_SALT_BYTES = 16
_MAX_CODE = 64
"""Characters of what may be a code; more are not looked at."""
_ALIKE = str.maketrans({"i": "1", "l": "1", "o": "0"})


def new_codes() -> list[str]:
    """Ten codes, `xxxxx-xxxxx`, no two alike."""
    codes: set[str] = set()
    while len(codes) < CODES:
        text = "".join(secrets.choice(ALPHABET) for _ in range(2 * _HALF))
        codes.add(f"{text[:_HALF]}-{text[_HALF:]}")
    return list(codes)


def new_salt() -> bytes:
    """A salt for the codes of one user."""
    return secrets.token_bytes(_SALT_BYTES)


def normalised(code: str) -> str:
    """The code in its one spelling: however it was grouped, in capitals, or with an O for a 0.

    What is no code stays none: it is the hash that tells.
    """
    letters = code[:_MAX_CODE].lower().translate(_ALIKE)
    return "".join(letter for letter in letters if letter not in "- \t")


def hash_code(code: str, salt: bytes, cost: Cost) -> bytes:
    """What is stored of a code, in any spelling: 32 bytes. Blocks for as long as a password's hash."""
    return hash_secret_raw(
        normalised(code).encode("utf-8", "surrogatepass"),
        salt,
        time_cost=cost.time,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
        hash_len=_HASH_BYTES,
        type=Type.ID,
    )


async def hash_codes(codes: Sequence[str], salt: bytes, hasher: PasswordHasher) -> list[bytes]:
    """The hashes of codes, made in the hasher's threads and at its cost. Raises TooManyHashesError."""
    return await hasher.run(lambda: [hash_code(code, salt, hasher.cost) for code in codes])
