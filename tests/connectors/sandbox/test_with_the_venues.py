"""The exchanges' connectors and the sandbox's exchanges: what one says the other understands.

A client listens for a while and misses some trades; what it then asks for brings just those, with the
very keys that the stream would have given them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from connectors.answers import Answer, Request
from connectors.binance.connector import connector as binance
from connectors.coinbase.connector import connector as coinbase
from connectors.connector import Access, Build, Connector
from connectors.kraken.connector import connector as kraken
from connectors.parsing import parse
from connectors.sandbox import (
    binance_rest,
    binance_stream,
    coinbase_rest,
    coinbase_stream,
    kraken_rest,
    kraken_stream,
    wire,
)
from connectors.sandbox.sessions import OpenSession, Session
from connectors.sandbox.tape import MINUTE_MS, Pair
from connectors.sandbox.wire import World
from market.gaps import Gap, GapCause
from market.instruments import CATALOGUE
from market.log import LogRecord
from market.sources import Feed, source_of
from market.ticks import TRADE, Tick
from tests.connectors.sandbox.conftest import NOW_US

MISSED = range(20, 45)
"""The places of the trades of a minute that a client misses."""
MINUTE = NOW_US // 1_000 // MINUTE_MS - 1
SUBSCRIBED_US = MINUTE * MINUTE_MS * 1_000


@dataclass(frozen=True)
class Venue:
    name: str
    build: Build
    open: OpenSession
    respond: Callable[[World, wire.Request], wire.Answer]


VENUES = [
    Venue("binance", binance, binance_stream.session, binance_rest.respond),
    Venue("kraken", kraken, kraken_stream.session, kraken_rest.respond),
    Venue("coinbase", coinbase, coinbase_stream.session, coinbase_rest.respond),
]


@pytest.fixture(params=VENUES, ids=lambda venue: str(venue.name))
def venue(request: pytest.FixtureRequest) -> Venue:
    chosen: Venue = request.param
    return chosen


@pytest.fixture
def connector(venue: Venue) -> Connector:
    return venue.build(Access("http://x", "ws://x"), CATALOGUE)


def test_the_same_instruments(venue: Venue, connector: Connector, premium: World) -> None:
    theirs = {pair.instrument for pair in premium.tapes[venue.name].pairs}
    assert set(connector.instruments) == theirs


def test_every_trade_is_heard_once_and_what_was_missed_is_brought(
    venue: Venue, connector: Connector, premium: World
) -> None:
    pair = premium.tapes[venue.name].pairs[1]
    told = premium.tapes[venue.name].trades(pair, MINUTE)
    heard = trades_of(parsed(venue, "frames", "", packed(venue, connector, premium, pair)), pair)
    missing = [int(told.ids[place]) for place in MISSED]
    assert set(told.ids.tolist()) - set(heard) == set(missing)
    gap = Gap(
        source_of(venue.name, Feed.SIMULATED),
        pair.instrument.id,
        GapCause.TRADE_IDS,
        heard[missing[0] - 1].time_us,
        heard[missing[-1] + 1].time_us,
        missing[0],
        missing[-1],
    )
    brought = trades_of(list(repaired(venue, connector, premium, gap)), pair)
    assert list(brought) == missing
    complete = trades_of(
        parsed(venue, "frames", "", packed(venue, connector, premium, pair, missed=range(0))), pair
    )
    assert brought == {trade_id: complete[trade_id] for trade_id in missing}


def test_a_silence_brings_minutes_of_every_instrument(
    venue: Venue, connector: Connector, premium: World
) -> None:
    start_us = (MINUTE - 3) * MINUTE_MS * 1_000
    source = source_of(venue.name, Feed.SIMULATED)
    gap = Gap(source, None, GapCause.SILENCE, start_us, SUBSCRIBED_US)
    minutes: dict[int, list[int]] = {}
    for record in requests(venue, connector, premium, gap):
        for bar in parse(record, CATALOGUE).bars.rows():
            if bar.time_us < SUBSCRIBED_US:
                minutes.setdefault(bar.instrument, []).append(bar.time_us)
    expected = [start_us + step * MINUTE_MS * 1_000 for step in range(3)]
    assert {key: sorted(times) for key, times in minutes.items()} == {
        each.id: expected for each in connector.instruments
    }


def packed(
    venue: Venue, connector: Connector, world: World, pair: Pair, missed: range = MISSED
) -> bytes:
    """What a client keeps of a minute of one pair, without the trades that it misses."""
    dialect = connector.streams[0]()
    address = urlsplit(dialect.address)
    query = dict(part.split("=", 1) for part in address.query.split("&") if part)
    standing = venue.open(world, wire.Request(address.path[1:], query, {}, SUBSCRIBED_US))
    tape = world.tapes[venue.name]
    frames = standing.opened(SUBSCRIBED_US)
    for message in dialect.opening()[:3]:
        frames += standing.received(message, SUBSCRIBED_US)
    frames += standing.quoted(pair, tape.quotes(pair, MINUTE), SUBSCRIBED_US)
    told = tape.trades(pair, MINUTE)
    places = [place for place in range(len(told.ids)) if place not in missed]
    frames += standing.traded(pair, told.rows(places), SUBSCRIBED_US + 1)
    frames += ended(standing)
    heard = [(frame, dialect.hear(frame.encode())) for frame in frames]
    assert [each.error for _, each in heard if each.error] == []
    kept = [frame for frame, each in heard if each.keep]
    return "".join(f"{SUBSCRIBED_US}000 {frame}\n" for frame in kept).encode()


def ended(standing: Session) -> list[str]:
    later_us = SUBSCRIBED_US + 2_000_000
    return [*standing.passed(later_us), *standing.ending(later_us)]


def parsed(venue: Venue, kind: str, context: str, payload: bytes) -> list[Tick]:
    outcome = parse(record_of(venue, kind, context, payload), CATALOGUE)
    assert outcome.refused == ()
    return outcome.ticks.rows()


def record_of(venue: Venue, kind: str, context: str, payload: bytes) -> LogRecord:
    source = source_of(venue.name, Feed.SIMULATED)
    return LogRecord("x", 0, source, kind, context, NOW_US, payload)


def requests(venue: Venue, connector: Connector, world: World, gap: Gap) -> Iterator[LogRecord]:
    """The records of all that a gap's repair asks for."""
    last: Answer | None = None
    asked = 0
    while (request := connector.repair(gap, asked, last)) is not None:
        last = fetched(venue, connector, world, request)
        asked += 1
        yield record_of(venue, request.kind, request.context, last.body)


def repaired(venue: Venue, connector: Connector, world: World, gap: Gap) -> Iterator[Tick]:
    for record in requests(venue, connector, world, gap):
        yield from parsed(venue, record.kind, record.context, record.payload)


def fetched(venue: Venue, connector: Connector, world: World, request: Request) -> Answer:
    path = urlsplit(request.url).path[1:]
    answer = venue.respond(world, wire.Request(path, request.params, {}, NOW_US))
    received = Answer(answer.status, answer.body, NOW_US)
    assert connector.endpoint is not None
    connector.endpoint.check(received, str(request))
    return received


def trades_of(ticks: list[Tick], pair: Pair) -> dict[int, Tick]:
    """The trades of a pair by their ids."""
    return {
        tick.seq: tick
        for tick in ticks
        if tick.kind == TRADE and tick.instrument == pair.instrument.id
    }
