"""JSON of the contract's shape, or a typed error."""

import msgspec
import pytest

from connectors.answers import Request, decode, decode_or_none, fields_of
from connectors.errors import MalformedError

NOT_JSON = [b"", b"<html>", b"{", b'{"a":NaN}', b"\xff", b'{"a":1}x', b"[" * 100_000]


@pytest.mark.parametrize("payload", NOT_JSON)
def test_what_is_not_json_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedError, match=r"^fixer: not the JSON of the contract"):
        decode("fixer", payload, dict[str, msgspec.Raw])
    assert decode_or_none(payload, dict[str, msgspec.Raw]) is None


def test_json_of_another_shape_is_malformed() -> None:
    with pytest.raises(MalformedError):
        decode("fixer", b"[1]", dict[str, int])
    assert decode("fixer", b'{"a":1}', dict[str, int]) == {"a": 1}


def test_the_fields_under_a_key() -> None:
    body = {"a": msgspec.Raw(b'{"b":1}'), "c": msgspec.Raw(b"1")}
    assert {name: bytes(raw) for name, raw in (fields_of(body, "a") or {}).items()} == {"b": b"1"}
    assert fields_of(body, "c") is None
    assert fields_of(body, "d") is None


def test_a_request_names_itself_without_its_parameters() -> None:
    request = Request("latest", "", "http://x/", {"access_key": "secret"})
    assert str(request) == "latest"
