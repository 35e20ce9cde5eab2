"""Candles of an hour and of a day, kept beside those of a minute."""

from alembic import op

revision = "0004"
down_revision = "0003"

FEEDS = {"l": "live", "r": "recorded", "s": "simulated"}

MARKS = """
CREATE TABLE market.rollup_marks (
    feed "char" PRIMARY KEY,
    watched timestamptz NOT NULL,
    until timestamptz
);
COMMENT ON TABLE market.rollup_marks IS
    'hours that end by until are rolled up; candles written below watched are noted in touched_hours';

CREATE SEQUENCE market.touches;
CREATE TABLE market.touched_hours (
    feed "char" NOT NULL,
    instrument_id int NOT NULL,
    hour timestamptz NOT NULL,
    source_id smallint NOT NULL,
    touch bigint NOT NULL DEFAULT nextval('market.touches'),
    PRIMARY KEY (feed, instrument_id, hour, source_id)
);
COMMENT ON TABLE market.touched_hours IS
    'hours whose minutes were written after they were rolled up: their rollups are old until refreshed';

CREATE FUNCTION market.watched_until(asked "char") RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    -- A statement of its own: what is read next is as of after the lock was had.
    PERFORM pg_advisory_xact_lock_shared(hashtext('rollup marks'), ascii(asked::text));
    RETURN (SELECT watched FROM market.rollup_marks WHERE feed = asked);
END
$$;
COMMENT ON FUNCTION market.watched_until IS
    'until when writers note what they touch; it does not move before the caller''s transaction ends';
"""

PLAIN = """
CREATE TABLE market.candles_{level} (
    time timestamptz NOT NULL,
    instrument_id int NOT NULL,
    source_id smallint NOT NULL,
    side "char" NOT NULL,
    feed "char" NOT NULL,
    open numeric NOT NULL,
    high numeric NOT NULL,
    low numeric NOT NULL,
    close numeric NOT NULL,
    volume numeric,
    ticks bigint NOT NULL,
    minutes int NOT NULL,
    tick_minutes int NOT NULL,
    PRIMARY KEY (instrument_id, side, feed, time, source_id)
) PARTITION BY LIST (feed);
"""
PLAIN_PARTITION = """
CREATE TABLE market.candles_{level}_{feed} PARTITION OF market.candles_{level}
    FOR VALUES IN ('{code}');
"""

AGGREGATE = """
CREATE MATERIALIZED VIEW market.candles_{level}_{feed}
WITH (timescaledb.continuous, timescaledb.materialized_only = true,
    timescaledb.chunk_interval = '{chunk}') AS
SELECT time_bucket(INTERVAL '{width}', time) AS time, instrument_id, source_id, side,
    first(open, time) AS open, max(high) AS high, min(low) AS low, last(close, time) AS close,
    trim_scale(sum(volume)) AS volume, {counts}
FROM market.{below}
GROUP BY 1, 2, 3, 4
WITH NO DATA;
"""
CHUNKS = {
    # Those of simulated candles are to end with them, chunk by chunk.
    "live": ("300 days", "3000 days"),
    "recorded": ("300 days", "3000 days"),
    "simulated": ("30 days", "30 days"),
}
OF_MINUTES = """sum(ticks)::bigint AS ticks, count(*)::int AS minutes,
    (count(*) FILTER (WHERE ticks > 0))::int AS tick_minutes"""
OF_HOURS = """sum(ticks)::bigint AS ticks, sum(minutes)::int AS minutes,
    sum(tick_minutes)::int AS tick_minutes"""
VIEW = "CREATE VIEW market.candles_{level} AS {parts}"
VIEW_PART = """
    SELECT time, instrument_id, source_id, side, '{code}'::"char" AS feed, open, high, low, close,
        volume, ticks, minutes, tick_minutes
    FROM market.candles_{level}_{feed}"""


def upgrade() -> None:
    op.execute(MARKS)
    if _candles_are_partitioned():
        for level in ("1h", "1d"):
            op.execute(PLAIN.format(level=level))
            for code, feed in FEEDS.items():
                op.execute(PLAIN_PARTITION.format(level=level, feed=feed, code=code))
        return
    for feed in FEEDS.values():
        for level, width, below, counts, chunk in (
            ("1h", "1 hour", f"candles_{feed}", OF_MINUTES, CHUNKS[feed][0]),
            ("1d", "1 day", f"candles_1h_{feed}", OF_HOURS, CHUNKS[feed][1]),
        ):
            words = {"level": level, "feed": feed, "width": width, "below": below, "chunk": chunk}
            op.execute(AGGREGATE.format(counts=counts, **words))
    for level in ("1h", "1d"):
        parts = [
            VIEW_PART.format(level=level, feed=feed, code=code) for code, feed in FEEDS.items()
        ]
        op.execute(VIEW.format(level=level, parts=" UNION ALL ".join(parts)))


def _candles_are_partitioned() -> bool:
    """They are on plain PostgreSQL; with TimescaleDB that name is a view."""
    found = op.get_bind().exec_driver_sql(
        "SELECT relkind = 'p' FROM pg_class WHERE oid = 'market.candles'::regclass"
    )
    return bool(found.scalar_one())
