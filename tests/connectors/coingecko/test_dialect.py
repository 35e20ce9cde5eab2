"""The subscription step by step, and what the venue may say instead."""

import json

import pytest

from connectors.coingecko.dialect import CoinGeckoDialect
from connectors.connector import KEEP, SKIP, Dialect, Heard
from connectors.errors import BadKeyError, PremiumError, UnknownAtProviderError
from tests.connectors.coingecko.test_frames import DOCUMENTED, OLDER

SUBSCRIBE = r'{"command":"subscribe","identifier":"{\"channel\":\"CGSimplePrice\"}"}'
SET_TOKENS = (
    r'{"command":"message","identifier":"{\"channel\":\"CGSimplePrice\"}","data":'
    r'"{\"coin_id\":[\"bitcoin\",\"pepe\"],\"vs_currencies\":[\"usd\"],\"action\":\"set_tokens\"}"}'
)
CONFIRM = r'{"type":"confirm_subscription","identifier":"{\"channel\":\"CGSimplePrice\"}"}'


def dialect() -> CoinGeckoDialect:
    headers = {"x-cg-pro-api-key": "CG-CANARY"}
    return CoinGeckoDialect("ws://x/v1", ["bitcoin", "pepe"], headers)


def hear(frame: str) -> Heard:
    return dialect().hear(frame.encode())


def test_the_subscription_goes_step_by_step() -> None:
    connection = dialect()
    heard = [
        connection.hear(frame.encode())
        for frame in (
            '{"code":3000,"message":"Connection established","uuid":"S"}',
            '{"type":"welcome","sid":"S"}',
            CONFIRM,
            '{"code":2000,"message":"Subscribed to bitcoin in usd"}',
            '{"code":2000,"message":"Subscription is successful for pepe"}',
        )
    ]
    assert connection.opening() == ()
    assert heard == [SKIP, Heard(replies=(SUBSCRIBE,)), Heard(replies=(SET_TOKENS,)), SKIP, SKIP]


def test_a_connection_names_no_more_coins_than_it_may() -> None:
    coins = [f"coin-{number}" for number in range(150)]
    heard = CoinGeckoDialect("ws://x/v1", coins, {}).hear(CONFIRM.encode())
    data = json.loads(json.loads(heard.replies[0])["data"])
    assert data["coin_id"] == coins[:100]


@pytest.mark.parametrize("frame", [DOCUMENTED, OLDER, '{"p":1}', "[]", "nonsense", "\x00"])
def test_whatever_may_be_a_price_is_kept(frame: str) -> None:
    assert hear(frame) == KEEP


def test_a_ping_is_answered() -> None:
    assert hear('{"type":"ping","message":1780839768}') == Heard(replies=('{"type":"pong"}',))


def test_pings_without_a_price_for_a_minute_are_left() -> None:
    connection = dialect()

    def left(time_s: object) -> bool:
        return connection.hear(f'{{"type":"ping","message":{time_s}}}'.encode()).leave

    assert [left(time_s) for time_s in (1_000, 1_059, '"x"', "null", 1_060)] == [
        False, False, False, False, True,
    ]  # fmt: skip
    connection.hear(DOCUMENTED.encode())
    assert [left(time_s) for time_s in (1_070, 1_129, 1_130)] == [False, False, True]


def test_a_rejected_subscription_wants_another_plan() -> None:
    error = hear('{"type":"reject_subscription","identifier":"x"}').error
    assert isinstance(error, PremiumError)
    assert "polling goes on without it" in str(error)


@pytest.mark.parametrize(
    "frame",
    [
        '{"code":4001,"message":"Unauthorized: CG-CANARY"}',
        '{"message":"Unauthorized"}',
        '{"type":"disconnect","reason":"unauthorized","reconnect":false}',
        '{"code":"x","message":{"text":"unauthorized"}}',
    ],
)
def test_a_bad_key_is_told(frame: str) -> None:
    error = hear(frame).error
    assert isinstance(error, BadKeyError)
    assert "the key of a paid plan" in str(error)


def test_a_disconnection_is_followed() -> None:
    assert hear('{"type":"disconnect","reason":"server_restart"}') == Heard(leave=True)


def test_what_else_the_venue_says_is_told_without_keys() -> None:
    error = hear('{"code":4004,"message":"no coin zcn for CG-CANARY"}').error
    assert isinstance(error, UnknownAtProviderError)
    assert 'it says "no coin zcn for ***"' in str(error)


def test_the_key_is_in_the_header_and_nowhere_else() -> None:
    connection: Dialect = dialect()
    assert connection.headers == {"x-cg-pro-api-key": "CG-CANARY"}
    assert (connection.provider, connection.shard) == ("coingecko", "stream")
    assert (connection.silence_s, connection.max_age_s, connection.ping_s) == (25.0, None, None)
    assert "CANARY" not in repr(connection) + connection.address
