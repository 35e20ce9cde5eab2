"""The documented codes are those of the table, with their status."""

import re
from http import HTTPStatus
from pathlib import Path

import orjson

from api.errors import REFUSALS, refusal_body, unexpected_body

PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors.md"
BY_HTTP = (400, 401, 403, 404, 405, 408, 413, 431)
VALIDATION = ("VALIDATION_ERROR", 422)


def code(body: bytes) -> str:
    found: str = orjson.loads(body)["error"]["code"]
    return found


def test_every_code_is_documented_with_its_status_and_no_other() -> None:
    documented = re.findall(r"^\| `([A-Z_]+)` \| (\d{3}) \|", PAGE.read_text(), re.MULTILINE)
    known = {(refusal.code, refusal.status) for refusal in REFUSALS.values()} | {VALIDATION}
    known |= {(code(refusal_body(status, "req", lambda: 0)), status) for status in BY_HTTP}
    known.add((code(unexpected_body("req", lambda: 0)), HTTPStatus.INTERNAL_SERVER_ERROR))
    assert len(documented) == len(set(documented))
    assert {(name, int(status)) for name, status in documented} == known
