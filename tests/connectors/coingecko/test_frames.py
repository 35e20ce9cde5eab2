"""Frames of the stream: keys in any order, any field null, times whole or not."""

import json
import random
from decimal import Decimal

import pytest
from hypothesis import given, settings

from market.log import Parsed
from market.ticks import RATE, Tick
from tests.connectors.coingecko.samples import EDITS, SOURCE, Edit, edited, instrument, parsed

DOCUMENTED = (
    '{"c":"C1","i":"bitcoin","vs":"usd","p":61696.67928656691,"pp":1.4192404041947198,'
    '"m":1236047139289.684,"v":30595921115.54,"t":1780839768}'
)
OLDER = '{"p":0.0000071,"t":1747808150.269067,"c":"C1","i":"pepe","pp":null,"m":null,"v":null}'
CONTROL = [
    '{"code":3000,"message":"Connection established","uuid":"S"}',
    '{"type":"welcome","sid":"S"}',
    '{"type":"confirm_subscription","identifier":"{\\"channel\\":\\"CGSimplePrice\\"}"}',
    '{"code":2000,"message":"Subscribed to bitcoin in usd"}',
    '{"type":"ping","message":1780839768}',
    '{"c":"G1","n":"bsc","ta":"0x55d3","p":1.00026,"pp":0.05,"m":1,"v":1,"t":1780840630}',
]


def frames(*lines: str) -> Parsed:
    text = "".join(f"{1_780_839_768_500_000_000 + n} {line}\n" for n, line in enumerate(lines))
    return parsed("frames", text)


def rate(symbol: str, time_us: int, price: str) -> Tick:
    return Tick(time_us, instrument(symbol), SOURCE, RATE, price=Decimal(price))


BITCOIN = rate("BTC-USD", 1_780_839_768_000_000, "61696.67928656691")


def test_the_documented_frames_are_exact() -> None:
    outcome = frames(DOCUMENTED, OLDER)
    assert outcome.refused == ()
    pepe = rate("PEPE-USD", 1_747_808_150_269_067, "0.0000071")
    assert outcome.ticks.rows() == [BITCOIN, pepe]


def test_the_order_of_keys_does_not_matter() -> None:
    fields = list(json.loads(DOCUMENTED).items())
    for seed in range(20):
        random.Random(seed).shuffle(fields)
        assert frames(json.dumps(dict(fields))).ticks.rows() == [BITCOIN]


def test_frames_without_prices_are_skipped() -> None:
    outcome = frames(*CONTROL, DOCUMENTED)
    assert (outcome.ticks.rows(), outcome.refused) == ([BITCOIN], ())


@pytest.mark.parametrize("name", ["pp", "m", "v", "vs"])
def test_a_null_beside_the_price_is_nothing(name: str) -> None:
    assert frames(json.dumps({**json.loads(DOCUMENTED), name: None})).ticks.rows() == [BITCOIN]


@pytest.mark.parametrize("name", ["i", "p", "t"])
@pytest.mark.parametrize("value", [None, True, 0, -1, "", [], {}])
def test_a_price_without_coin_time_or_price_is_refused_alone(name: str, value: object) -> None:
    frame = json.dumps({**json.loads(DOCUMENTED), name: value})
    outcome = frames(frame, DOCUMENTED)
    assert outcome.ticks.rows() == [BITCOIN]
    (refusal,) = outcome.refused
    assert refusal.excerpt.endswith(frame)


def test_another_currency_is_none_of_ours() -> None:
    (refusal,) = frames(DOCUMENTED.replace('"usd"', '"eur"')).refused
    assert refusal.reason == "unknown symbol: BTC-EUR"


@pytest.mark.parametrize(
    "line", ["1", "x y", f"-1 {DOCUMENTED}", "1 {", "1 {}", '1 {"p":1}', "1 1"]
)
def test_what_is_no_frame_is_refused(line: str) -> None:
    outcome = parsed("frames", f"{line}\n1 {DOCUMENTED}\n")
    assert outcome.ticks.rows() == [BITCOIN]
    assert [each.excerpt for each in outcome.refused] == [line]


@settings(deadline=None, max_examples=500)
@given(EDITS)
def test_no_edit_makes_a_price_of_what_is_none(edits: list[Edit]) -> None:
    payload = "".join(f"1 {line}\n" for line in [DOCUMENTED, *CONTROL, OLDER]).encode()
    ticks = parsed("frames", edited(payload, edits)).ticks
    assert (ticks.price > 0).all()
    assert (ticks.time > 0).all()
