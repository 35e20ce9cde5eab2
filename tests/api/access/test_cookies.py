"""The cookies of a browser: how long, where to, and bound to what."""

from typing import Literal

import pytest
from fastapi import Response

from api.access.cookies import (
    SessionCookies,
    access_cookie,
    clear_cookies,
    cookie_name,
    device_cookie,
    refresh_cookie,
    set_cookies,
)
from api.config import IdentityConfig
from tests.api.access.making import connection

PLAIN = IdentityConfig.for_tests()
SECURE = IdentityConfig.for_tests(public_url="https://trade.example")
KINDS: tuple[Literal["access"], Literal["refresh"], Literal["device"]] = (
    "access",
    "refresh",
    "device",
)
COOKIES = SessionCookies("access", "refresh", "csrf", "device")


def lines(response: Response) -> dict[str, str]:
    found = response.headers.getlist("set-cookie")
    return {line.split("=", 1)[0]: line.split("=", 1)[1] for line in found}


def test_by_http_they_have_plain_names() -> None:
    response = Response()
    set_cookies(response, PLAIN, COOKIES)
    assert lines(response) == {
        "tradewind_access": "access; HttpOnly; Max-Age=900; Path=/; SameSite=strict",
        "tradewind_refresh": "refresh; HttpOnly; Max-Age=2592000; Path=/api/auth; SameSite=strict",
        "tradewind_csrf": "csrf; Max-Age=2592000; Path=/; SameSite=strict",
        "tradewind_device": "device; HttpOnly; Max-Age=31536000; Path=/; SameSite=strict",
    }


def test_by_https_they_are_bound_to_the_host() -> None:
    response = Response()
    set_cookies(response, SECURE, COOKIES)
    found = lines(response)
    assert sorted(found) == [
        "__Host-tradewind_access",
        "__Host-tradewind_csrf",
        "__Host-tradewind_device",
        "__Secure-tradewind_refresh",
    ]
    assert all(line.endswith("; Secure") for line in found.values())


def test_a_device_that_is_known_keeps_its_token() -> None:
    response = Response()
    set_cookies(response, PLAIN, SessionCookies("access", "refresh", "csrf"))
    assert "tradewind_device" not in lines(response)


def test_a_sign_out_forgets_the_session_and_not_the_device() -> None:
    response = Response()
    clear_cookies(response, PLAIN)
    found = lines(response)
    assert sorted(found) == ["tradewind_access", "tradewind_csrf", "tradewind_refresh"]
    assert all("Max-Age=0" in line for line in found.values())


@pytest.mark.parametrize("identity", [PLAIN, SECURE], ids=["http", "https"])
def test_they_are_read_by_the_names_that_they_were_set_with(identity: IdentityConfig) -> None:
    names = [cookie_name(identity, kind) for kind in KINDS]
    cookie = "; ".join(f"{name}={kind}" for name, kind in zip(names, KINDS, strict=True))
    asked = connection(identity, cookie=cookie)
    assert (access_cookie(asked), refresh_cookie(asked), device_cookie(asked)) == KINDS


def test_by_https_a_cookie_that_anybody_could_have_set_is_not_read() -> None:
    assert access_cookie(connection(SECURE, cookie="tradewind_access=planted")) is None
