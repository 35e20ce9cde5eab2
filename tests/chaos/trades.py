"""Nothing lost of a venue's trades, whose ids are contiguous: each is stored, or known to be missing.

What the sandbox has traded is known to the last digit, whoever listened: its tape is a function of its
seed.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from connectors.sandbox.pages import trades_from_id
from connectors.sandbox.tape import Pair, Tape, Trades
from connectors.sandbox.wire import build_world
from market.clock import system_clock
from market.sources import Feed, source_of
from tests.chaos.invariants import Connection
from tradewind.settings import load_settings

VENUES = ("binance", "coinbase", "kraken")

Int64s = npt.NDArray[np.int64]


def assert_missing_trades_are_in_the_book_of_gaps(connection: Connection) -> None:
    """What is missing between two stored trades is in an open or lost gap, or was set aside."""
    wrong = connection.execute(_UNKNOWN, (list(VENUES),)).fetchall()
    assert wrong == [], f"{len(wrong)} holes in trade ids, the first: {wrong[0]}"


def open_gaps(connection: Connection) -> int:
    """How many gaps of trades may be filled yet."""
    rows = connection.execute(
        "SELECT count(*) FROM market.gaps WHERE state = 'open' AND first_id IS NOT NULL"
    ).fetchall()
    return int(rows[0][0])


def lost_gaps(connection: Connection) -> Sequence[tuple[object, ...]]:
    """The gaps of trades that were given up."""
    return connection.execute(
        "SELECT provider, instrument_id, cause, start_at, end_at, first_id, last_id"
        " FROM market.gaps JOIN market.sources ON sources.id = source_id"
        " WHERE state = 'lost' AND first_id IS NOT NULL"
    ).fetchall()


def assert_trades_are_those_of_the_sandbox(connection: Connection, ticks_per_s: float) -> int:
    """Of each pair of each venue every trade from the first stored to the last; how many these are."""
    world = build_world("premium", load_settings().sandbox_seed, ticks_per_s)
    count = 0
    for venue in VENUES:
        tape = world.tapes[venue]
        for pair in tape.pairs:
            count += _assert_those_of(connection, tape, pair)
    return count


def _assert_those_of(connection: Connection, tape: Tape, pair: Pair) -> int:
    source = source_of(tape.venue, Feed.SIMULATED).id
    rows = connection.execute(
        _STORED,
        {
            "instrument": pair.instrument.id,
            "source": source,
            "price": pair.instrument.decimals,
            "size": pair.lot_decimals,
        },
    ).fetchall()
    what = f"{tape.venue} {pair.instrument.symbol}"
    assert rows, f"no trade of {what}"
    first = int(rows[0][0])
    traded = trades_from_id(tape, pair, first, int(rows[-1][0]) - first + 1, system_clock())
    missing = np.setdiff1d(traded.ids, np.array([row[0] for row in rows]))
    assert not len(missing), f"{what}: {len(missing)} trades are missing, the first: {missing[0]}"
    expected = _columns(traded)
    stored = np.array(rows, np.int64)
    wrong = np.flatnonzero((stored != expected).any(axis=1))
    assert not len(wrong), f"{what}: {stored[wrong[0]]} is stored of {expected[wrong[0]]}"
    return len(rows)


def _columns(trades: Trades) -> Int64s:
    return np.stack([trades.ids, trades.time_ms, trades.price, trades.size], axis=1)


_STORED = """
    SELECT seq, floor(extract(epoch FROM time) * 1000)::bigint, (price * 10 ^ %(price)s::numeric)::bigint,
        (size * 10 ^ %(size)s::numeric)::bigint
    FROM market.ticks WHERE instrument_id = %(instrument)s AND source_id = %(source)s AND kind = 't'
    ORDER BY seq
"""

_UNKNOWN = """
    WITH venues AS (
        SELECT id FROM market.sources WHERE provider = ANY(%s)
    ), neighbours AS (
        SELECT instrument_id, source_id, seq,
            lead(seq) OVER (PARTITION BY instrument_id, source_id ORDER BY seq) AS following
        FROM market.ticks WHERE kind = 't' AND source_id IN (SELECT id FROM venues)
    ), missing AS (
        SELECT instrument_id, source_id, int8range(seq + 1, following) AS ids
        FROM neighbours WHERE following > seq + 1
    ), known AS (
        SELECT instrument_id, source_id, range_agg(ids) AS ids FROM (
            SELECT instrument_id, source_id, int8range(first_id, last_id, '[]') AS ids
            FROM market.gaps WHERE first_id IS NOT NULL AND state <> 'filled'
            UNION ALL
            SELECT instrument_id, source_id, int8range(seq, seq, '[]')
            FROM (
                SELECT instrument_id, source_id, substring(excerpt FROM 'seq ([0-9]+)$')::bigint AS seq
                FROM market.quarantine
            ) AS set_aside WHERE seq IS NOT NULL
        ) AS all_of_them GROUP BY 1, 2
    )
    SELECT missing.*, known.ids AS known FROM missing LEFT JOIN known USING (instrument_id, source_id)
    WHERE NOT coalesce(known.ids @> missing.ids, false)
"""
