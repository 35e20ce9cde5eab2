"""What is wrong with a query is told in so many words, whatever the body holds."""

import json
from typing import Any

import pytest

from pricing_engine.quant.errors import MAX_FAULTS
from tests.api.harness import Api
from tests.api.query.conftest import PATH, days

HALF = "\ud800"
"""No character, but half of one: JSON can name it, UTF-8 cannot."""


async def refusal(api: Api, body: dict[str, object]) -> tuple[dict[str, Any], int]:
    """The error, and how many bytes tell it."""
    # httpx2 would not send the half of a character; JSON's own escape of it is plain ASCII.
    headers = {"Content-Type": "application/json"}
    response = await api.client.post(PATH, content=json.dumps(body), headers=headers)
    assert response.status_code == 422, response.text
    error = response.json()["error"]
    assert error["code"] == "VALIDATION_ERROR"
    return error, len(response.content)


@pytest.mark.parametrize(
    "change",
    [
        {"columns": [{"op": "ewma", HALF: 1}]},
        {"columns": [{"op": HALF}]},
        {"columns": [{"op": "ewma", "name": HALF, "of": HALF}]},
        {"columns": [{"op": "beta", "benchmark": HALF}]},
        {"columns": [HALF]},
        {"symbols": [HALF]},
        {"universe": {HALF: 1}},
        {"interval": HALF},
        {"timezone": HALF},
        {HALF: 1},
    ],
)
async def test_half_a_character_is_refused_anywhere(alone: Api, change: dict[str, object]) -> None:
    error, _ = await refusal(alone, {**days(("AAPL",), ["close"]), **change})
    assert error["details"]["fields"]


@pytest.mark.parametrize("place", ["columns", "universe", "body"])
async def test_some_faults_are_told_and_the_rest_counted(alone: Api, place: str) -> None:
    many = {f"colour_{n}": 1 for n in range(20_000)}
    changes: dict[str, dict[str, object]] = {
        "columns": {"columns": [{"op": "ewma", **many}]},
        "universe": {"universe": many},
        "body": dict(many),
    }
    error, size = await refusal(alone, {**days(("AAPL",), ["close"]), **changes[place]})
    details = error["details"]
    assert len(details["fields"]) == MAX_FAULTS
    assert details["more"] == len(many) - MAX_FAULTS
    assert size < 40_000


async def test_a_long_word_is_cut(alone: Api) -> None:
    column = {"op": "ewma", "x" * 800_000: 1}
    _, size = await refusal(alone, days(("AAPL",), [column]))
    assert size < 5_000
