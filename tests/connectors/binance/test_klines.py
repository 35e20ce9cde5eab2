"""Klines become one-minute bars, and their calls cover a day without a hole."""

from decimal import Decimal

import pytest

from connectors.answers import Answer
from connectors.binance.checks import check
from connectors.binance.klines import kline_requests, parse_klines
from connectors.errors import (
    BurstError,
    ConnectorError,
    MalformedError,
    TransientError,
    UnknownAtProviderError,
)
from market.bars import BAR_US, LAST, Bar
from market.instruments import CATALOGUE
from market.log import Parsed
from tests.connectors.binance.samples import KLINE as ROW
from tests.connectors.support import NOW_US, record, us

BTC = CATALOGUE.by_symbol("BTC-USDT")
OPENED_US = 1_499_040_000_000_000


def parsed(payload: str, received_us: int = NOW_US) -> Parsed:
    context = '{"symbol":"BTCUSDT"}'
    return parse_klines(record("binance", "klines", payload, context, received_us), CATALOGUE)


def test_a_row_becomes_a_bar() -> None:
    (bar,) = parsed(f"[{ROW}]").bars.rows()
    assert bar == Bar(
        OPENED_US,
        BTC.id,
        11,
        LAST,
        Decimal("0.0163479"),
        Decimal("0.8"),
        Decimal("0.015758"),
        Decimal("0.015771"),
        volume=Decimal("148976.11427815"),
    )


def test_a_minute_that_still_runs_is_left_out() -> None:
    assert len(parsed(f"[{ROW}]", OPENED_US + BAR_US - 1).bars) == 0
    assert len(parsed(f"[{ROW}]", OPENED_US + BAR_US).bars) == 1


@pytest.mark.parametrize(
    "row",
    [
        ROW.replace("0.80000000", "0.00000000"),
        ROW.replace("0.80000000", "0.01"),
        ROW.replace('"148976.11427815"', '"-1"'),
        ROW.replace("1499040000000", "true"),
        "[]",
        "null",
    ],
)
def test_a_bad_row_is_refused_alone(row: str) -> None:
    outcome = parsed(f"[{ROW},{row}]")
    assert len(outcome.bars) == 1
    assert [each.excerpt for each in outcome.refused] == [row[:200]]


def test_an_answer_of_another_shape_is_malformed() -> None:
    with pytest.raises(MalformedError):
        parsed('{"code":-1121,"msg":"Invalid symbol."}')


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, b"{}", BurstError),
        (418, b"{}", BurstError),
        (503, b"<html>", TransientError),
        (400, b'{"code":-1121,"msg":"Invalid symbol."}', UnknownAtProviderError),
        (200, b'{"code":-1121,"msg":"Invalid symbol."}', UnknownAtProviderError),
        (200, b"<html>", MalformedError),
    ],
)
def test_an_error_is_typed(status: int, body: bytes, error: type[ConnectorError]) -> None:
    with pytest.raises(error):
        check(Answer(status, body, NOW_US), "klines BTCUSDT")


def test_retry_after_is_kept() -> None:
    with pytest.raises(BurstError, match="again in 7 s"):
        check(Answer(429, b"", NOW_US, 7.0), "klines")


def test_klines_are_no_error() -> None:
    check(Answer(200, f"[{ROW}]".encode(), NOW_US), "klines")


def test_two_calls_cover_a_day() -> None:
    start_us = us("2026-11-23T12:00:30")
    first, second = kline_requests("http://x/api/v3", BTC, start_us, us("2026-11-24T12:00:30"))
    assert first.url == "http://x/api/v3/klines"
    assert first.context == '{"symbol":"BTCUSDT"}'
    assert first.params["startTime"] == str(us("2026-11-23T12:00:00") // 1_000)
    assert int(second.params["startTime"]) == int(first.params["endTime"]) + 1
    assert int(second.params["endTime"]) == us("2026-11-24T12:00:30") // 1_000 - 1
