"""CoinGecko's WebSocket in the sandbox, spoken to by the connectors' own dialect."""

import json
from typing import Any

import pytest

from connectors.coingecko.dialect import CoinGeckoDialect
from connectors.connector import KEEP
from connectors.errors import BadKeyError, PremiumError
from connectors.parsing import parse
from connectors.sandbox.coingecko_stream import CoinGeckoSession, session
from connectors.sandbox.sessions import Cut, Session
from connectors.sandbox.wire import Request, World
from market.instruments import CATALOGUE
from market.ticks import RATE
from tests.connectors.sandbox.coingecko_worlds import PRO_KEY, SECOND_US
from tests.connectors.sandbox.conftest import NOW_US
from tests.connectors.support import record

COINS = ("bitcoin", "pepe", "monero")
IDENTIFIER = r'"{\"channel\":\"CGSimplePrice\"}"'


def dialect(*coins: str) -> CoinGeckoDialect:
    return CoinGeckoDialect("ws://x/v1", coins or COINS, {})


def converse(venue: Session, client: CoinGeckoDialect) -> list[str]:
    """Greetings and replies until both have said all; what the venue said."""
    said = []
    waiting = venue.opened(NOW_US)
    while waiting:
        said += waiting
        replies = [reply for frame in waiting for reply in client.hear(frame.encode()).replies]
        waiting = [frame for reply in replies for frame in venue.received(reply, NOW_US)]
    return said


def subscribed(world: World, *coins: str) -> CoinGeckoSession:
    venue = CoinGeckoSession(world, "CG-1")
    converse(venue, dialect(*coins))
    return venue


def prices(frames: list[str]) -> list[dict[str, Any]]:
    decoded = [json.loads(frame) for frame in frames]
    return [frame for frame in decoded if frame.get("c") == "C1"]


def played(venue: Session, seconds: int) -> list[str]:
    return [
        frame
        for tenth in range(seconds * 10)
        for frame in venue.passed(NOW_US + tenth * SECOND_US // 10)
    ]


class TestSubscription:
    def test_it_goes_step_by_step(self, premium: World) -> None:
        said = [json.loads(frame) for frame in converse(CoinGeckoSession(premium, "k"), dialect())]
        assert [each.get("code", each.get("type")) for each in said] == [
            3000, "welcome", "confirm_subscription", 2000, 2000, 2000,
        ]  # fmt: skip
        assert said[0]["uuid"] == said[1]["sid"]
        assert said[2]["identifier"] == '{"channel":"CGSimplePrice"}'
        assert [each["message"] for each in said[3:]] == [
            f"Subscribed to {coin} in usd" for coin in COINS
        ]

    def test_unknown_coins_are_left_out(self, premium: World) -> None:
        venue = subscribed(premium, "nothing", "bitcoin")
        assert {each["i"] for each in prices(played(venue, 20))} == {"bitcoin"}

    def test_nothing_comes_before_coins_are_named(self, premium: World) -> None:
        venue = CoinGeckoSession(premium, "k")
        venue.opened(NOW_US)
        venue.received(f'{{"command":"subscribe","identifier":{IDENTIFIER}}}', NOW_US)
        assert prices(played(venue, 20)) == []

    def test_coins_and_the_channel_can_be_left(self, premium: World) -> None:
        venue = subscribed(premium)
        data = json.dumps(
            {"coin_id": ["pepe", "solana"], "vs_currencies": ["usd"], "action": "unset_tokens"}
        )
        message = {"command": "message", "identifier": json.loads(IDENTIFIER), "data": data}
        assert venue.received(json.dumps(message), NOW_US) == [
            '{"code":2000,"message":"Unsubscription is successful for pepe"}'
        ]
        assert {each["i"] for each in prices(played(venue, 20))} == {"bitcoin", "monero"}
        message = {"command": "unsubscribe", "identifier": json.loads(IDENTIFIER)}
        assert venue.received(json.dumps(message), NOW_US) == [
            '{"code":2000,"message":"Unsubscription is successful for all tokens"}'
        ]
        assert prices(played(venue, 20)) == []

    @pytest.mark.parametrize(
        "message", ["", "[", "[]", "1", "{}", '{"type":"pong"}', "[" * 100_000,
                    '{"command":"message","identifier":1,"data":2}']
    )  # fmt: skip
    def test_what_is_no_command_is_ignored(self, premium: World, message: str) -> None:
        assert subscribed(premium).received(message, NOW_US) == []


class TestRefusals:
    @pytest.mark.parametrize("key", ["", "invalid"])
    def test_a_bad_key_is_unauthorized_and_cut(self, premium: World, key: str) -> None:
        venue = CoinGeckoSession(premium, key)
        (frame,) = venue.opened(NOW_US)
        assert isinstance(dialect().hear(frame.encode()).error, BadKeyError)
        with pytest.raises(Cut):
            venue.passed(NOW_US)

    def test_a_small_plan_is_rejected(self, premium: World) -> None:
        (frame,) = converse(CoinGeckoSession(premium, "basic"), dialect())[-1:]
        assert isinstance(dialect().hear(frame.encode()).error, PremiumError)

    def test_another_channel_is_rejected(self, premium: World) -> None:
        venue = CoinGeckoSession(premium, "k")
        message = {"command": "subscribe", "identifier": '{"channel":"OnchainTrade"}'}
        (frame,) = venue.received(json.dumps(message), NOW_US)
        assert json.loads(frame)["type"] == "reject_subscription"


class TestPrices:
    def test_each_coin_comes_every_ten_seconds(self, premium: World) -> None:
        frames = prices(played(subscribed(premium), 60))
        assert sorted(each["i"] for each in frames) == sorted(COINS * 7)

    def test_the_parser_reads_the_market_itself(self, premium: World) -> None:
        frames = played(subscribed(premium, "pepe"), 600)
        kept = [frame for frame in frames if dialect().hear(frame.encode()) == KEEP]
        whole = [each for each in prices(frames) if each["p"] is not None and each["t"] is not None]
        payload = "".join(f"{NOW_US}000 {frame}\n" for frame in kept)
        parsed = parse(record("coingecko", "frames", payload), CATALOGUE)
        rows = parsed.ticks.rows()
        assert len(rows) == len(whole) > 50
        assert len(rows) + len(parsed.refused) == len(prices(frames))
        for tick in rows:
            assert tick.kind == RATE
            assert float(str(tick.price)) == premium.simulator.mid("PEPE-USD", tick.time_us)

    def test_keys_nulls_and_times_vary(self, premium: World) -> None:
        frames = prices(played(subscribed(premium, *COINS), 3_000))
        assert len({tuple(each) for each in frames}) > 100
        assert {type(each["t"]) for each in frames} == {int, float, type(None)}
        nulls = {name for each in frames for name, value in each.items() if value is None}
        assert nulls == {"pp", "m", "v", "p", "t"}
        assert sum(each["p"] is None or each["t"] is None for each in frames) < len(frames) / 50

    def test_a_reconnection_repeats_what_was_said(self, premium: World) -> None:
        assert played(subscribed(premium), 30) == played(subscribed(premium), 30)

    def test_the_brisk_profile_is_brisker(self, premium: World, free: World) -> None:
        counts = []
        for world in (premium, free):
            venue = session(world, Request("v1", {}, PRO_KEY, NOW_US))
            converse(venue, dialect("bitcoin"))
            counts.append(len(prices(played(venue, 60))))
        assert counts == [31, 7]


class TestHeartbeat:
    def test_a_ping_of_its_own_every_ten_seconds(self, premium: World) -> None:
        frames = [json.loads(frame) for frame in played(subscribed(premium, "bitcoin"), 60)]
        assert sum(each.get("type") == "ping" for each in frames) == 5

    def test_trades_and_quotes_are_not_its(self, premium: World) -> None:
        venue, minute = subscribed(premium), NOW_US // 60_000_000
        pair = premium.tape.pairs[0]
        assert venue.traded(pair, premium.tape.trades(pair, minute), NOW_US) == []
        assert venue.quoted(pair, premium.tape.quotes(pair, minute), NOW_US) == []

    def test_a_farewell_is_followed(self, premium: World) -> None:
        (frame,) = subscribed(premium).ending(NOW_US)
        assert dialect().hear(frame.encode()).leave
