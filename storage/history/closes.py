"""The last closes before given instants, which changes are measured from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from market.sources import Feed, ids_by_rank
from storage.pools import Connection

REFERENCE_WITHIN = timedelta(days=7)
"""How far before a reference instant the price that counts for it may lie."""

_CLOSES = """
SELECT wanted.instrument_id, c.close::float8
FROM unnest(%(instruments)s::int[], %(before)s::timestamptz[], %(sides)s::"char"[])
    AS wanted (instrument_id, before, side)
CROSS JOIN LATERAL (
    SELECT newest.close
    FROM unnest('{m,t}'::"char"[]) AS side (letter)
    CROSS JOIN LATERAL (
        SELECT close FROM market.candles
        WHERE instrument_id = wanted.instrument_id AND feed = %(feed)s AND side = side.letter
          AND time < wanted.before AND time >= wanted.before - %(within)s
        ORDER BY time DESC, ticks = 0, array_position(%(sources)s::smallint[], source_id) LIMIT 1
    ) AS newest
    ORDER BY side.letter = wanted.side DESC LIMIT 1
) AS c
"""


@dataclass(frozen=True, slots=True)
class CloseQuestion:
    """Which instrument's last close before which instant, preferably of which side."""

    instrument_id: int
    before: datetime
    side: str


async def closes_before(
    connection: Connection, feed: Feed, questions: Sequence[CloseQuestion]
) -> dict[int, float]:
    """By instrument the last close before an instant; absent where the week before it has none."""
    parameters = {
        "instruments": [question.instrument_id for question in questions],
        "before": [question.before for question in questions],
        "sides": [question.side for question in questions],
        "feed": feed.code,
        "within": REFERENCE_WITHIN,
        "sources": ids_by_rank(feed),
    }
    async with connection.cursor() as cursor:
        await cursor.execute(_CLOSES, parameters)
        return dict(await cursor.fetchall())
