"""The page over HTTP: open where no mail is sent and only this machine asks, and not there otherwise."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from api.config import ApiConfig, IdentityConfig
from delivery.letters import Letter, post
from market.clock import datetime_of
from tests.api.harness import Api, serve

PATHS = ("/development/outbox", "/api/outbox")
LINK = "http://localhost:8000/verify#token=twm_a"


@pytest.fixture
async def shown(config: ApiConfig) -> AsyncIterator[Api]:
    """The application on a machine that shows its mail, with one letter."""
    identity = IdentityConfig.for_tests(mail_shown=True)
    async with serve(replace(config, identity=identity)) as api:
        services = api.app.state.services
        async with services.writes.transaction() as connection:
            await post(
                connection,
                identity.ring,
                Letter.REGISTRATION,
                "ann@example.com",
                {"link": LINK},
                now=datetime_of(config.clock()),
            )
        yield api


async def test_the_page_shows_the_letter_with_its_link(shown: Api) -> None:
    response = await shown.get("/development/outbox")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert f'href="{LINK}"' in response.text
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["cache-control"] == "no-store"


async def test_the_same_as_json(shown: Api) -> None:
    (message,) = await shown.data("/api/outbox")
    assert (message["address"], message["letter"]) == ("ann@example.com", "registration")
    assert LINK in message["text"]


async def test_who_does_not_call_this_machine_by_name_is_told_that_nothing_is_there(
    shown: Api,
) -> None:
    for path in PATHS:
        for headers in (
            {"Host": "evil.example"},
            {"Host": f"evil.example:{shown.port}"},
            {"X-Forwarded-For": "203.0.113.7"},
            {"Forwarded": "for=203.0.113.7"},
        ):
            response = await shown.client.get(path, headers=headers)
            assert response.status_code == 404
            assert response.json()["error"]["code"] == "NOT_FOUND"
            assert "ann@" not in response.text


async def test_where_mail_is_sent_it_is_not_there(alone: Api) -> None:
    for path in PATHS:
        assert (await alone.get(path)).status_code == 404
