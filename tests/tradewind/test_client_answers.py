"""Answers of a server: a body that is read as a file, and what a refusal says."""

import io

import httpx2
import pytest

from tradewind.client_answers import (
    Body,
    BusyError,
    RangeTooLargeError,
    RefusedError,
    UnreachableError,
    refusal_of,
)

REQUEST = httpx2.Request("GET", "http://127.0.0.1/x")


def answer(status: int, code: str, **headers: str) -> httpx2.Response:
    error = {"code": code, "message": "m", "details": {"fields": [{"field": "f", "message": "n"}]}}
    body = {"success": False, "error": error, "meta": {"request_id": "r"}}
    return httpx2.Response(status, json=body, headers=headers, request=REQUEST)


def test_a_body_is_read_to_its_end_whatever_its_pieces() -> None:
    response = httpx2.Response(200, content=bytes(range(256)) * 9, request=REQUEST)
    file = io.BufferedReader(Body(response), buffer_size=16)
    assert b"".join(iter(lambda: file.read(100), b"")) == bytes(range(256)) * 9


def test_a_refusal_says_its_code_its_sentence_and_its_fields() -> None:
    error = refusal_of(answer(422, "VALIDATION_ERROR"))
    assert isinstance(error, RefusedError)
    assert str(error) == "VALIDATION_ERROR: m; f: n"
    assert (error.status, error.request_id) == (422, "r")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (422, "RANGE_TOO_LARGE", RangeTooLargeError),
        (429, "TOO_MANY_QUERIES", BusyError),
        (503, "SERVICE_UNAVAILABLE", BusyError),
        (404, "UNKNOWN_SYMBOL", RefusedError),
    ],
)
def test_what_a_caller_treats_in_its_own_way_is_a_type(
    status: int, code: str, kind: type[RefusedError]
) -> None:
    assert type(refusal_of(answer(status, code))) is kind


def test_a_busy_server_says_when_to_come_back() -> None:
    error = refusal_of(answer(503, "NOT_READY", **{"retry-after": "7"}))
    assert isinstance(error, BusyError)
    assert error.retry_after_s == 7


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"error":{}}', b"\xff"])
def test_an_answer_of_somebody_else_is_none(body: bytes) -> None:
    error = refusal_of(httpx2.Response(502, content=body, request=REQUEST))
    assert isinstance(error, UnreachableError)
    assert "HTTP 502, not by Tradewind" in str(error)
