"""The cookies of a browser that is signed in: same site only, and bound to https where there is https."""

from dataclasses import dataclass
from typing import Literal

from fastapi import Response
from starlette.requests import HTTPConnection

from api.config import IdentityConfig

REFRESH_PATH = "/api/auth"
DEVICE_S = 365 * 86_400
_Kind = Literal["access", "refresh", "csrf", "device"]


@dataclass(frozen=True, slots=True)
class SessionCookies:
    """What a browser keeps of a session; the device's token only where it is a new one."""

    access_token: str
    refresh_token: str
    csrf_token: str
    device_token: str | None = None


def set_cookies(response: Response, identity: IdentityConfig, cookies: SessionCookies) -> None:
    """Have the browser keep them for as long as each is good."""
    _set(response, identity, "access", cookies.access_token, identity.access_s)
    _set(response, identity, "refresh", cookies.refresh_token, identity.refresh_s)
    _set(response, identity, "csrf", cookies.csrf_token, identity.refresh_s)
    if cookies.device_token is not None:
        _set(response, identity, "device", cookies.device_token, DEVICE_S)


def clear_cookies(response: Response, identity: IdentityConfig) -> None:
    """Have the browser forget the session; it remains a known device."""
    kinds: tuple[_Kind, ...] = ("access", "refresh", "csrf")
    for kind in kinds:
        _set(response, identity, kind, "", 0)


def access_cookie(connection: HTTPConnection) -> str | None:
    """The access token of a browser."""
    return _get(connection, "access")


def refresh_cookie(connection: HTTPConnection) -> str | None:
    """The refresh token of a browser; it is sent to `/api/auth` alone."""
    return _get(connection, "refresh")


def device_cookie(connection: HTTPConnection) -> str | None:
    """The token by which a browser that has signed in before is known."""
    return _get(connection, "device")


def cookie_name(identity: IdentityConfig, kind: _Kind) -> str:
    """The name of a cookie. A prefix makes browsers refuse it from anywhere but this very host."""
    name = f"tradewind_{kind}"
    if not identity.secure:
        return name
    return f"__Secure-{name}" if kind == "refresh" else f"__Host-{name}"


def _get(connection: HTTPConnection, kind: _Kind) -> str | None:
    if "cookie" not in connection.headers:
        return None
    identity: IdentityConfig = connection.app.state.config.identity
    return connection.cookies.get(cookie_name(identity, kind)) or None


def _set(
    response: Response, identity: IdentityConfig, kind: _Kind, value: str, max_age_s: int
) -> None:
    response.set_cookie(
        cookie_name(identity, kind),
        value,
        max_age=max_age_s,
        path=REFRESH_PATH if kind == "refresh" else "/",
        secure=identity.secure,
        httponly=kind != "csrf",
        samesite="strict",
    )
