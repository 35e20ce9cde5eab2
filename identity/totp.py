"""Codes of an authenticator app: TOTP (RFC 6238) with SHA-1, six digits and steps of 30 seconds.

Every app has these parameters, and some ignore any other.
"""

import base64
import hmac
import io
import secrets

import pyotp
import segno

STEP_S = 30
DIGITS = 6
WINDOW = 1
"""Steps before and after now whose codes are taken: clocks differ, and people type slowly."""
ISSUER = "Tradewind"
_SECRET_BYTES = 20
"""As many as SHA-1 has: what RFC 4226 recommends."""


def new_secret() -> bytes:
    """A secret that nobody can guess."""
    return secrets.token_bytes(_SECRET_BYTES)


def base32(secret: bytes) -> str:
    """The secret as apps take it when it is typed."""
    return base64.b32encode(secret).decode().rstrip("=")


def uri(secret: bytes, email: str) -> str:
    """The `otpauth:` address by which an app takes the secret; the account is named by the address."""
    return pyotp.TOTP(base32(secret), interval=STEP_S, digits=DIGITS).provisioning_uri(
        name=email, issuer_name=ISSUER
    )


def qr_svg(text: str) -> str:
    """The text as a QR code: an SVG document, dark on white, which fits into whatever holds it."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, omitsize=True, light="#fff", border=4
    )
    return out.getvalue().decode()


def code_of(secret: bytes, step: int, *, digits: int = DIGITS) -> str:
    """The code of a step, which is the number of whole `STEP_S` since 1970."""
    return pyotp.HOTP(base32(secret), digits=digits).at(step)


def step_of(
    secret: bytes, code: str, *, now_s: float, after_step: int | None, digits: int = DIGITS
) -> int | None:
    """The step whose code it is, within `WINDOW` of now; None where there is none.

    No step up to `after_step` counts, which is the last that was used: a code is good once. Spaces
    between the digits do not matter.
    """
    given = "".join(code.split()).encode("utf-8", "surrogatepass")
    now = int(now_s // STEP_S)
    found = None
    for step in range(max(0, now - WINDOW), now + WINDOW + 1):
        right = hmac.compare_digest(code_of(secret, step, digits=digits).encode(), given)
        if right and (after_step is None or step > after_step):
            found = step
    return found
