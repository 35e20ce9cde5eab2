"""A coin that is dropped in silence is told of once."""

import logging

import pytest

from connectors.answers import Answer
from connectors.coingecko.missing import WatchingCheck, coins_in
from connectors.errors import BurstError
from tests.connectors.support import NOW_US

ASKED = 'simple/price {"ids":["bitcoin","monero"],"vs":"usd"}'
OTHERS = 'simple/price {"ids":["pepe"],"vs":"usd"}'


def told(
    check: WatchingCheck, caplog: pytest.LogCaptureFixture, body: str, asked: str
) -> list[str]:
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        check(Answer(200, body.encode(), NOW_US), asked)
    return caplog.messages


def test_a_missing_coin_is_told_once_and_again_after_it_was_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    check = WatchingCheck()
    assert told(check, caplog, '{"bitcoin":{},"monero":{}}', ASKED) == []
    (warning,) = told(check, caplog, '{"bitcoin":{}}', ASKED)
    assert warning.startswith("coingecko: no price of monero in the answer: look whether")
    assert told(check, caplog, '{"bitcoin":{}}', ASKED) == []
    assert len(told(check, caplog, "{}", ASKED)) == 1
    assert told(check, caplog, '{"bitcoin":{},"monero":{}}', ASKED) == []
    assert len(told(check, caplog, "{}", ASKED)) == 2


def test_calls_for_other_coins_do_not_disturb(caplog: pytest.LogCaptureFixture) -> None:
    check = WatchingCheck()
    assert len(told(check, caplog, "{}", ASKED)) == 2
    assert told(check, caplog, '{"pepe":{}}', OTHERS) == []
    assert told(check, caplog, "{}", ASKED) == []


def test_answers_about_one_coin_are_not_watched(caplog: pytest.LogCaptureFixture) -> None:
    asked = 'market_chart {"id":"bitcoin","vs":"usd"}'
    assert told(WatchingCheck(), caplog, '{"prices":[]}', asked) == []
    assert told(WatchingCheck(), caplog, "{}", "simple/price") == []


def test_errors_are_raised() -> None:
    with pytest.raises(BurstError):
        WatchingCheck()(Answer(429, b"", NOW_US), ASKED)


def test_coins_are_found_in_both_kinds_of_answer() -> None:
    assert coins_in(b'{"bitcoin":{},"pepe":{}}') == {"bitcoin", "pepe"}
    assert coins_in(b'[{"id":"bitcoin","x":1},{"id":"pepe"}]') == {"bitcoin", "pepe"}
    assert coins_in(b"1") == set()
