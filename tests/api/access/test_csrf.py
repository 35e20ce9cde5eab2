"""Writes by cookie: what proves that a page of ours sent them."""

from uuid import uuid4

import pytest

from api.access.csrf import check_csrf, check_same_site, csrf_token, origin_of
from api.access.errors import CsrfError
from api.config import IdentityConfig
from identity.keyring import KeyRing
from tests.api.access.making import connection

IDENTITY = IdentityConfig.for_tests(public_url="https://trade.example")
SESSION = uuid4()
TOKEN = csrf_token(IDENTITY, SESSION)
OURS, THEIRS = "https://trade.example", "https://evil.example"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": OURS},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "same-origin", "origin": "http://127.0.0.1:8000"},
    ],
)
def test_a_page_of_ours_with_the_token_of_its_session_may_write(headers: dict[str, str]) -> None:
    check_csrf(connection(IDENTITY, x_csrf_token=TOKEN, **headers), SESSION)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": THEIRS},
        {"origin": "null"},
        {"origin": OURS + ".evil.example"},
        {"sec_fetch_site": "cross-site", "origin": OURS},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
    ],
)
def test_anybody_elses_page_may_not_even_with_the_token(headers: dict[str, str]) -> None:
    with pytest.raises(CsrfError):
        check_csrf(connection(IDENTITY, x_csrf_token=TOKEN, **headers), SESSION)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        TOKEN[:-1],
        TOKEN.replace(".", ""),
        csrf_token(IDENTITY, uuid4()),
        csrf_token(IdentityConfig.for_tests(), SESSION),
    ],
    ids=["empty", "nonsense", "cut", "without its key", "another session's", "another server's"],
)
def test_without_the_token_of_its_session_a_page_of_ours_may_not(token: str) -> None:
    with pytest.raises(CsrfError, match="token"):
        check_csrf(connection(IDENTITY, origin=OURS, x_csrf_token=token), SESSION)


def test_a_token_is_good_while_its_key_is_in_the_ring() -> None:
    rotated = KeyRing.of(f"{KeyRing.generate().text()},{IDENTITY.ring.text()}")
    after = IdentityConfig.for_tests(public_url=OURS, ring=rotated)
    check_csrf(connection(after, origin=OURS, x_csrf_token=TOKEN), SESSION)
    assert csrf_token(after, SESSION) != TOKEN


def test_a_stream_is_read_by_a_page_of_ours_and_by_what_is_no_page() -> None:
    check_same_site(connection(IDENTITY))
    check_same_site(connection(IDENTITY, origin=OURS))
    check_same_site(connection(IDENTITY, sec_fetch_site="none"))
    for headers in ({"origin": THEIRS}, {"sec_fetch_site": "cross-site"}):
        with pytest.raises(CsrfError):
            check_same_site(connection(IDENTITY, **headers))


def test_an_origin_is_written_as_browsers_write_it() -> None:
    assert origin_of("https://Trade.example:443/x") == "https://trade.example"
    assert origin_of("http://localhost:8000") == "http://localhost:8000"
