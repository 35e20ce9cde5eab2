"""Around every request: ids, counts, and what is told when something breaks."""

import asyncio
import logging
import re

import pytest

from api.middleware import security_headers
from tests.api.harness import Api


async def test_every_answer_has_an_id_of_its_own(alone: Api) -> None:
    answers = [await alone.get(path) for path in ("/health", "/health", "/api/nothing", "/")]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == 4
    assert all(re.fullmatch(r"req_[0-9a-f]{16}", id_) for id_ in ids)
    assert answers[0].json()["meta"]["request_id"] == ids[0]


@pytest.mark.parametrize("path", ["/health", "/api/nothing", "/api/auth/me", "/docs", "/"])
async def test_every_answer_says_what_browsers_may_do_with_it(alone: Api, path: str) -> None:
    headers = (await alone.get(path)).headers
    assert "default-src" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] in ("no-referrer", "same-origin")
    assert headers["cache-control"] in ("no-store", "no-cache")
    assert "strict-transport-security" not in headers


def test_where_browsers_come_by_https_they_are_to_stay_there() -> None:
    assert dict(security_headers(https=True))[b"strict-transport-security"].startswith(b"max-age=")


async def test_an_answer_of_the_api_is_no_page(alone: Api) -> None:
    headers = (await alone.get("/api/market/instruments")).headers
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_a_client_may_name_its_request(alone: Api) -> None:
    response = await alone.client.get("/health", headers={"X-Request-Id": "trace-1.a_B"})
    assert response.headers["x-request-id"] == "trace-1.a_B"
    assert response.json()["meta"]["request_id"] == "trace-1.a_B"


@pytest.mark.parametrize("name", ["", "a b", "<script>", "x" * 65, "é"])
async def test_a_name_that_is_not_well_formed_is_replaced(alone: Api, name: str) -> None:
    response = await alone.client.get("/health", headers={b"X-Request-Id": name.encode()})
    assert response.headers["x-request-id"].startswith("req_")


async def test_an_unexpected_error_is_logged_and_tells_nothing(
    alone: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(*_: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(type(alone.app.state.services.board), "price", explode)
    with caplog.at_level(logging.ERROR, "api.middleware"):
        response = await alone.get("/api/market/prices", symbols="EUR-USD")
    # Without Redis the question goes to the database first, which is not there either.
    assert response.status_code == 503
    alone.app.state.services.follower.attached.set()
    response = await alone.get("/api/market/prices", symbols="EUR-USD")
    assert response.status_code == 500
    assert response.json()["error"] == {
        "code": "INTERNAL_ERROR",
        "message": "Something went wrong on our side.",
        "details": {},
    }
    assert "hunter2" not in response.text
    assert response.headers["x-request-id"] in caplog.text
    assert "hunter2" in caplog.text


async def test_answers_are_counted_by_the_template_of_their_route(alone: Api) -> None:
    await alone.get("/api/market/prices", symbols="NOPE")
    await alone.get("/nothing/1")
    await alone.client.post("/api/market/prices")
    sample = alone.app.state.services.metrics.registry.get_sample_value
    name = "tradewind_http_requests_total"
    assert (
        sample(name, {"method": "GET", "route": "/api/market/prices", "status": "404"}),
        sample(name, {"method": "GET", "route": "unmatched", "status": "200"}),
        sample(name, {"method": "POST", "route": "/api/market/prices", "status": "405"}),
    ) == (1, 1, 1)


async def test_types_are_not_guessed(alone: Api) -> None:
    answers = await asyncio.gather(*(alone.get(path) for path in ("/", "/docs", "/api/x")))
    assert {answer.headers["x-content-type-options"] for answer in answers} == {"nosniff"}


async def test_an_answer_that_is_our_fault_is_logged_without_its_query(
    alone: Api, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "api.middleware"):
        assert (await alone.get("/api/market/prices", symbols="NOPE")).status_code == 404
        assert not [line for line in caplog.records if line.name == "api.middleware"]
        assert (await alone.get("/api/market/prices", symbols="EUR-USD")).status_code == 503
    assert "answered 503: GET /api/market/prices, " in caplog.text
    assert "EUR-USD" not in caplog.text
