"""From a request to its principal: which credential counts, and what each must come with."""

import pytest
from starlette.requests import HTTPConnection

from api.access.authentication import authenticated, authenticated_stream, bearer
from api.access.csrf import csrf_token
from api.access.errors import CsrfError, UnauthenticatedError
from api.services import ServiceSet
from tests.api.access.making import connection
from tests.api.access.people import Person, access_token, make_person


def asked(services: ServiceSet, *, method: str = "GET", **headers: str) -> HTTPConnection:
    request = connection(services.config.identity, method=method, **headers)
    request.app.state.services = services
    request.scope["query_string"] = b""
    return request


async def test_nothing_is_nobody(services: ServiceSet) -> None:
    with pytest.raises(UnauthenticatedError) as refused:
        await authenticated(asked(services))
    assert not refused.value.presented


async def test_a_bearer_token_a_key_and_a_cookie_are_their_owner(
    services: ServiceSet, person: Person
) -> None:
    token = access_token(services, person)
    for by, request in {
        "bearer": asked(services, authorization=f"Bearer {token}"),
        "api_key": asked(services, authorization=f"bearer {person.key}"),
        "cookie": asked(services, cookie=f"tradewind_access={token}"),
    }.items():
        found = await authenticated(request)
        assert (found.user_id, found.by) == (person.user.id, by)


async def test_a_header_goes_before_a_cookie_even_a_bad_one(
    services: ServiceSet, person: Person
) -> None:
    other = await make_person(services)
    cookie = f"tradewind_access={access_token(services, person)}"
    header = f"Bearer {access_token(services, other)}"
    found = await authenticated(asked(services, cookie=cookie, authorization=header))
    assert found.user_id == other.user.id
    with pytest.raises(UnauthenticatedError):
        await authenticated(asked(services, cookie=cookie, authorization="Bearer garbage"))


async def test_where_cookies_do_not_count_one_is_nobody(
    services: ServiceSet, person: Person
) -> None:
    cookie = f"tradewind_access={access_token(services, person)}"
    with pytest.raises(UnauthenticatedError):
        await authenticated(asked(services, cookie=cookie), cookies=False)


async def test_a_write_by_cookie_needs_its_proof_and_one_by_header_does_not(
    services: ServiceSet, person: Person
) -> None:
    token = access_token(services, person)
    cookie = f"tradewind_access={token}"
    with pytest.raises(CsrfError):
        await authenticated(asked(services, method="POST", cookie=cookie))
    proved = asked(
        services,
        method="POST",
        cookie=cookie,
        sec_fetch_site="same-origin",
        x_csrf_token=csrf_token(services.config.identity, person.session_id),
    )
    assert (await authenticated(proved)).by == "cookie"
    header = asked(services, method="POST", authorization=f"Bearer {token}")
    assert (await authenticated(header)).by == "bearer"


async def test_a_stream_by_cookie_is_read_by_our_pages_alone(
    services: ServiceSet, person: Person
) -> None:
    cookie = f"tradewind_access={access_token(services, person)}"
    await authenticated_stream(asked(services, cookie=cookie, sec_fetch_site="same-origin"))
    with pytest.raises(CsrfError):
        await authenticated_stream(asked(services, cookie=cookie, origin="https://evil.example"))


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "token"])
def test_what_is_no_bearer_token_is_refused(header: str) -> None:
    with pytest.raises(UnauthenticatedError):
        bearer(connection(authorization=header))
