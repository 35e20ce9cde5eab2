"""The envelope: pages counted, bodies of refusals."""

import json

import pytest

from api.envelope import failure_body, page_pagination
from tests.api.conftest import NOW_US
from tests.api.harness import Api, Hands


@pytest.mark.parametrize(
    ("page", "limit", "total", "total_pages", "has_next", "has_prev"),
    [
        (2, 20, 487, 25, True, True),
        (25, 20, 487, 25, False, True),
        (1, 20, 20, 1, False, False),
        (1, 20, 0, 0, False, False),
        (3, 20, 0, 0, False, False),
    ],
)
def test_page_pagination(
    page: int, limit: int, total: int, total_pages: int, has_next: bool, has_prev: bool
) -> None:
    assert page_pagination(page, limit, total) == {
        "page": page,
        "limit": limit,
        "total": total,
        "total_pages": total_pages,
        "has_next": has_next,
        "has_prev": has_prev,
    }


def test_a_refusal_carries_code_message_details_and_meta() -> None:
    body = json.loads(failure_body(Hands(NOW_US), "req_1", "CODE", "Sentence.", {"a": 1}))
    assert body == {
        "success": False,
        "error": {"code": "CODE", "message": "Sentence.", "details": {"a": 1}},
        "meta": {"timestamp": "2026-11-24T15:00:30Z", "request_id": "req_1"},
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "NOT_FOUND"),
        ("GET", "/api/market/prices/", 404, "NOT_FOUND"),
        ("POST", "/nothing", 404, "NOT_FOUND"),
        ("POST", "/api/market/prices", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "/health", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/api/market/prices?x=1", 422, "VALIDATION_ERROR"),
        ("GET", "/api/market/candles?symbol=EUR-USD", 503, "SERVICE_UNAVAILABLE"),
    ],
)
async def test_every_refusal_is_in_the_envelope(
    alone: Api, method: str, path: str, status: int, code: str
) -> None:
    response = await alone.client.request(method, path)
    assert response.status_code == status
    body = response.json()
    assert body.keys() == {"success", "error", "meta"}
    assert body["success"] is False
    assert body["error"].keys() == {"code", "message", "details"}
    assert body["error"]["code"] == code
    assert body["meta"].keys() == {"timestamp", "request_id"}
    assert ("allow" in response.headers) == (status == 405)
    assert ("retry-after" in response.headers) == (status == 503)
