"""What every session has in common: it answers anything, and ends a connection by `Cut` alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.mounts import MOUNTS
from connectors.sandbox.sessions import Cut, Session
from connectors.sandbox.tape import VENUE_PAIRS
from connectors.sandbox.wire import World, build_world
from tests.connectors.sandbox.conftest import NOW_US, get

STREAMED = {name: mount.stream for name, mount in MOUNTS.items() if mount.stream is not None}
WORLD = build_world("premium", seed=7, ticks_per_s=20)
NONSENSE = [
    "",
    "null",
    "[1]",
    "[" * 10_000,
    "{}",
    '{"method":5,"params":{}}',
    '{"method":"subscribe","params":[],"req_id":"x"}',
    '{"method":"subscribe","params":{"channel":["trade"],"symbol":{}}}',
    '{"method":"SUBSCRIBE","params":[null],"id":{}}',
    '{"type":"subscribe","product_ids":{},"channels":[[1]]}',
    '{"type":"subscribe","product_ids":[{}],"channels":[{"name":{}}]}',
    '{"command":"subscribe","identifier":[]}',
    '{"command":"message","identifier":"{\\"channel\\":\\"CGSimplePrice\\"}","data":"[]"}',
]
WORDS = st.sampled_from(
    "method subscribe SUBSCRIBE params channel trade ticker symbol BTC/USD type product_ids channels "
    "matches BTC-USD command identifier data id req_id".split()
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)


def session_of(provider: str, world: World) -> Session:
    stream = STREAMED[provider]
    path = stream.paths[0]
    return stream.open(world, get(path, NOW_US, x_cg_pro_api_key="k"))


def say(session: Session, message: str) -> list[str]:
    try:
        return session.received(message, NOW_US)
    except Cut:
        return []


@pytest.mark.parametrize("provider", STREAMED)
@pytest.mark.parametrize("message", NONSENSE)
def test_nonsense_is_answered_or_ends_the_connection(provider: str, message: str) -> None:
    session = session_of(provider, WORLD)
    session.opened(NOW_US)
    for reply in say(session, message):
        assert isinstance(json.loads(reply), dict)


@pytest.mark.parametrize("provider", STREAMED)
@given(requests=st.lists(JSON, max_size=4))
def test_any_json_is_answered_or_ends_the_connection(provider: str, requests: list[object]) -> None:
    session = session_of(provider, WORLD)
    session.opened(NOW_US)
    for request in requests:
        for reply in say(session, json.dumps(request)):
            assert isinstance(json.loads(reply), dict)


@pytest.mark.parametrize("provider", STREAMED)
def test_who_asked_for_nothing_is_told_nothing(provider: str) -> None:
    session = session_of(provider, WORLD)
    session.opened(NOW_US)
    minute = NOW_US // 60_000_000
    for pair in VENUE_PAIRS.get(provider, ()):
        tape = WORLD.tapes[provider]
        assert session.traded(pair, tape.trades(pair, minute), NOW_US) == []
        assert session.quoted(pair, tape.quotes(pair, minute), NOW_US) == []


def test_a_cut_says_its_code() -> None:
    assert Cut(1008).code == 1008
