"""Log lines are JSON, and no secret is in them."""

import io
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog

from tradewind.logs import HIDDEN, Redaction, configure

KEY = "k3y-of-the-user"
PREFIXES = ("twr_", "twd_", "twk_", "twm_", "twt_")
BODY = "AbC-_9" * 7


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process that logs from `info` says on stderr."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    configure("info", [KEY])
    yield said
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers[:], root.level = handlers, level


def parsed(said: io.StringIO) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in said.getvalue().splitlines()]


def test_an_event_of_ours_is_one_json_line(lines: io.StringIO) -> None:
    structlog.get_logger("tradewind.test").info("started", port=8000, path=Path("/x"))
    (event,) = parsed(lines)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "started",
        "logger": "tradewind.test",
        "level": "info",
        "port": 8000,
        "path": "/x",
    }


def test_a_library_event_has_the_same_shape(lines: io.StringIO) -> None:
    logging.getLogger("some.library").warning("late by %d s", 3, extra={"feed": "fixer"})
    (event,) = parsed(lines)
    assert (event["event"], event["logger"], event["level"], event["feed"]) == (
        "late by 3 s",
        "some.library",
        "warning",
        "fixer",
    )


def test_what_is_below_the_level_is_not_said(lines: io.StringIO) -> None:
    structlog.get_logger().debug("detail")
    logging.getLogger("httpx2").info("GET https://host/?access_key=1")
    logging.getLogger("uvicorn.access").info("GET /api/stream/prices?ticket=1")
    assert lines.getvalue() == ""


def test_an_exception_comes_with_its_traceback_and_without_the_key(lines: io.StringIO) -> None:
    try:
        raise ValueError(f"refused {KEY}")
    except ValueError:
        structlog.get_logger().exception("poll failed")
    (event,) = parsed(lines)
    assert event["event"] == "poll failed"
    assert f"ValueError: refused {HIDDEN}" in event["exception"]
    assert KEY not in lines.getvalue()


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("GET /latest?access_key=abc&base=EUR", f"GET /latest?access_key={HIDDEN}&base=EUR"),
        ("GET /query?symbol=X&apikey=abc", f"GET /query?symbol=X&apikey={HIDDEN}"),
        ("postgresql://me:pass@host/db", f"postgresql://me:{HIDDEN}@host/db"),
        ("redis://:pass@host/0", f"redis://:{HIDDEN}@host/0"),
        ("http://127.0.0.1:8000/a@b", "http://127.0.0.1:8000/a@b"),
        (f"the key {KEY} was refused", f"the key {HIDDEN} was refused"),
        ("EUR-USD=1.08", "EUR-USD=1.08"),
        *((f"got {prefix}{BODY}.", f"got {prefix}{HIDDEN}.") for prefix in PREFIXES),
        (f"http://h/verify#token=twm_{BODY}", f"http://h/verify#token={HIDDEN}"),
        ("Bearer eyJhbGciOi.eyJzdWIiOiIx.c2ln-_x, x", f"Bearer eyJ{HIDDEN}, x"),
        ("cut off: eyJhbGciOiJFZERTQSJ9.eyJzd", f"cut off: eyJ{HIDDEN}"),
        ("see otpauth://totp/T:a@b.c?secret=JBSW&x=1 there", f"see otpauth://{HIDDEN} there"),
        ("""{"password": "a 'b", "n": 1}""", f"""{{"password": {HIDDEN}, "n": 1}}"""),
        (
            "{'new_password': 'abc', 'code': '123456'}",
            f"{{'new_password': {HIDDEN}, 'code': '{HIDDEN}'}}",
        ),
        ("test@example.com and x.y+z@mail.example.org", "t***@e***.com and x***@m***.org"),
        ("to <test@example.com>: 550", "to <t***@e***.com>: 550"),
        ("postgresql://me@db.example.com/x", "postgresql://me@db.example.com/x"),
        ("call +442079460167 or +44 20 7946 0167", "call +4***67 or +4***67"),
        ("2026-11-24T15:00:00+00:00 +12.5 1e+10", "2026-11-24T15:00:00+00:00 +12.5 1e+10"),
        ('"code":"RATE_LIMITED"', '"code":"RATE_LIMITED"'),
    ],
)
def test_secrets_in_a_text_are_hidden(text: str, cleaned: str) -> None:
    assert Redaction([KEY])(None, "", {"event": text}) == {"event": cleaned}


def test_fields_named_like_secrets_are_hidden_at_any_depth() -> None:
    event = {"fixer_key": "a", "headers": {"Authorization": "b", "accept": "c"}, "keys_known": 2}
    assert Redaction()(None, "", event) == {
        "fixer_key": HIDDEN,
        "headers": {"Authorization": HIDDEN, "accept": "c"},
        "keys_known": 2,
    }


def test_what_json_does_not_know_is_still_said(lines: io.StringIO) -> None:
    structlog.get_logger().info("odd", huge=2**70, name="\udce9", parts=(1, None, Path("/y")))
    (event,) = parsed(lines)
    assert (event["huge"], event["name"], event["parts"]) == (
        str(2**70),
        "\\udce9",
        [1, None, "/y"],
    )


def test_a_record_of_a_library_is_masked_and_has_the_request_s_id(lines: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="req_1"):
        logging.getLogger("some.library").warning("refused %s", "test@example.com")
    (event,) = parsed(lines)
    assert (event["event"], event["request_id"]) == ("refused t***@e***.com", "req_1")
