"""The private stream: who may open it, and that it ends with the credential that opened it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from api.config import ApiConfig, IdentityConfig
from api.services import ServiceSet
from market.sources import Feed
from tests.api.access.people import Person, access_token, end_session, lock, make_person
from tests.api.auth.harness import OTHER_PASSWORD, PASSWORD, bearer, signed_in
from tests.api.harness import Api, EventReader, Hands

TICKET, EVENTS = "/api/stream/ticket", "/api/stream/events"
ENDS_WITHIN_S = 5.0


@pytest.fixture
def config(database_url: str, redis_url: str, feed: Feed, clock: Hands) -> ApiConfig:
    identity = IdentityConfig.for_tests()
    return ApiConfig(database_url, redis_url, feed, clock=clock, identity=identity)


def services_of(api: Api) -> ServiceSet:
    services: ServiceSet = api.app.state.services
    return services


@asynccontextmanager
async def opened(
    api: Api, *, params: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> AsyncIterator[EventReader]:
    async with api.client.stream("GET", EVENTS, params=params, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["cache-control"] == "no-store"
        reader = EventReader(response)
        assert (await reader.next()).name == "snapshot"
        yield reader


async def ticket(api: Api, person: Person) -> str:
    header = {"Authorization": f"Bearer {access_token(services_of(api), person)}"}
    answer = await api.client.post(TICKET, headers=header)
    assert answer.json()["data"]["expires_in"] == 30
    found: str = answer.json()["data"]["ticket"]
    return found


async def ends(reader: EventReader) -> None:
    with pytest.raises(EOFError):
        while True:
            await reader.next()


async def test_a_ticket_opens_one_stream(api: Api) -> None:
    person = await make_person(services_of(api))
    given = await ticket(api, person)
    async with opened(api, params={"ticket": given, "symbols": "EUR-USD"}):
        again = await api.get(EVENTS, ticket=given)
        assert again.status_code == 401
    assert given not in again.text


async def test_a_cookie_opens_it_for_our_own_pages(api: Api) -> None:
    services = services_of(api)
    token = access_token(services, await make_person(services))
    cookie = {"Cookie": f"tradewind_access={token}"}
    async with opened(api, headers=cookie | {"Sec-Fetch-Site": "same-origin"}):
        pass
    refused = await api.client.get(EVENTS, headers=cookie | {"Origin": "https://evil.example"})
    assert refused.json()["error"]["code"] == "CSRF_FAILED"


@pytest.mark.parametrize("by", ["bearer", "ticket", "api_key"])
async def test_it_ends_when_its_account_is_locked(api: Api, by: str) -> None:
    services = services_of(api)
    person = await make_person(services)
    token = {"bearer": access_token(services, person), "api_key": person.key}.get(by)
    headers = None if token is None else {"Authorization": f"Bearer {token}"}
    params = None if token is not None else {"ticket": await ticket(api, person)}
    async with opened(api, params=params, headers=headers) as reader:
        await lock(services, person.user.id)
        await ends(reader)
    assert services.private_streams.open == 0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "logout", {}),
        ("POST", "logout", {"everywhere": True}),
        ("PATCH", "password", {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}),
        ("DELETE", "account", None),
    ],
)
async def test_it_ends_in_time_after_what_its_owner_does(
    api: Api, method: str, path: str, body: object
) -> None:
    ann = await signed_in(api)
    async with opened(api, headers=bearer(ann.access_token)) as reader:
        assert (await ann.send(method, path, body)).status_code == 200
        async with asyncio.timeout(ENDS_WITHIN_S):
            await ends(reader)
    assert (await ann.send("GET", "me")).status_code == 401


async def test_it_ends_by_itself_after_a_sign_out_elsewhere(api: Api) -> None:
    """Another process's sign-out is learnt from the database, within the second that it is looked at."""
    services = services_of(api)
    elsewhere = ServiceSet.of(services.config)
    person = await make_person(services)
    async with opened(api, params={"ticket": await ticket(api, person)}) as reader:
        await end_session(elsewhere, person.session_id)
        await ends(reader)
    await elsewhere.close()


async def test_it_ends_with_its_token(api: Api) -> None:
    services = services_of(api)
    person = await make_person(services)
    short = access_token(services, person, lasts_s=1)
    async with opened(api, headers={"Authorization": f"Bearer {short}"}) as reader:
        await ends(reader)
