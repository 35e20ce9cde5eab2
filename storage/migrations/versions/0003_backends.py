"""Hypertables where TimescaleDB is, and its functions' plain twins where it is not.

A feed class has hypertables of its own, since the classes are kept for different times; `market.ticks`
and `market.candles` are views over them, whose feed is a constant: a filter on it leaves the others out.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

FEEDS = {"l": "live", "r": "recorded", "s": "simulated"}
CHUNKS = {
    "ticks_live": "1 day",
    "ticks_simulated": "1 day",
    "ticks_recorded": "30 days",  # files may hold a tick a day, for decades
    "candles_live": "30 days",
    "candles_simulated": "30 days",
    "candles_recorded": "30 days",
}

INSTALLED = "SELECT count(*) > 0 FROM pg_extension WHERE extname = 'timescaledb'"
# Where its library is not preloaded, CREATE EXTENSION ends the connection.
INSTALLABLE = """
    SELECT count(*) > 0 FROM pg_available_extension_versions
    WHERE name = 'timescaledb' AND current_setting('timescaledb.max_background_workers', true) IS NOT NULL
    AND ((SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
        OR (trusted AND has_database_privilege(current_database(), 'CREATE')))
"""
# Neither the edition under the Apache licence nor what is older than 2.18 has a columnstore.
SUFFICIENT = """
    SELECT current_setting('timescaledb.license', true) = 'timescale'
    AND EXISTS (SELECT FROM pg_proc WHERE proname = 'add_columnstore_policy')
"""

COLUMNSTORE = {
    "ticks": """
        timescaledb.segmentby = 'instrument_id, source_id, kind, feed', timescaledb.orderby = 'time, seq'
    """,
    "candles": """
        timescaledb.segmentby = 'instrument_id, source_id, side, feed', timescaledb.orderby = 'time'
    """,
}
# The same columns as in plain tables. The feed, a constant, comes late: for the view knows nothing of it,
# and is to read an instrument's candles in order of time.
KEYS = {
    "ticks": "time, instrument_id, source_id, kind, feed, seq",
    "candles": "instrument_id, side, time, source_id, feed",
}
COLUMNS = {
    "ticks": """
        time, instrument_id, source_id, kind, '{code}'::"char" AS feed, seq, bid, ask, price, size, late
    """,
    "candles": """
        time, instrument_id, source_id, side, '{code}'::"char" AS feed, open, high, low, close, volume,
        ticks, partition_id, log_offset
    """,
}

# LIKE takes none along.
COMMENTS = {
    "ticks": "kind: q quote, t trade, r rate; feed: l live, r recorded, s simulated",
    "candles": """
one minute each; side: m mid, b bid, a ask, t traded price or rate; ticks = 0: a provider''s own bar
""".strip(),
}
LOG_OFFSET = """
COMMENT ON COLUMN market.candles.log_offset IS
    'the candle holds partition_id up to here; null: recomputed from the ticks'
"""

BUCKETS = """
CREATE FUNCTION shims.time_bucket(width interval, ts timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT shims.time_bucket(width, ts AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
$$;
COMMENT ON FUNCTION shims.time_bucket(interval, timestamptz) IS 'as in TimescaleDB: when a bucket begins';

CREATE FUNCTION shims.time_bucket(width interval, ts timestamptz, timezone text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT shims.time_bucket(width, ts AT TIME ZONE timezone) AT TIME ZONE timezone
$$;
"""
# Weeks begin on a Monday, which 2000-01-03 is. A width of months and days too is an error of date_bin's.
BUCKET = """
CREATE FUNCTION shims.time_bucket(width interval, ts timestamp) RETURNS timestamp
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN width = make_interval(months => months) THEN
        timestamp '2000-01-01' + make_interval(
            months => floor(((extract(year FROM ts) - 2000) * 12 + extract(month FROM ts) - 1) / months
            )::int * months)
        ELSE date_bin(width, ts, timestamp '2000-01-03')
    END
    FROM (SELECT (extract(year FROM width) * 12 + extract(month FROM width))::int AS months) AS asked
$$;
"""

VALUES = ("numeric", "double precision", "bigint", "integer", "smallint", "text", "timestamptz")
PICKED = """
CREATE TYPE shims.{name}_at AS (value {type}, at timestamptz);
CREATE FUNCTION shims.value_of(state shims.{name}_at) RETURNS {type}
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT (state).value $$;
"""
PICKING = """
CREATE FUNCTION shims.{which}_step(state shims.{name}_at, value {type}, at timestamptz)
RETURNS shims.{name}_at LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF at IS NULL OR at {operator} state.at THEN RETURN state; END IF;
    RETURN ROW(value, at);
END $$;
CREATE FUNCTION shims.{which}_both(one shims.{name}_at, other shims.{name}_at)
RETURNS shims.{name}_at LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN (other).at IS NULL OR (other).at {operator} (one).at THEN one ELSE other END
$$;
CREATE AGGREGATE shims.{which}(value {type}, at timestamptz) (
    SFUNC = shims.{which}_step, STYPE = shims.{name}_at, FINALFUNC = shims.value_of,
    COMBINEFUNC = shims.{which}_both, PARALLEL = SAFE
);
"""


def upgrade() -> None:
    op.execute("CREATE SCHEMA shims")
    if _timescale_is_there():
        for table in COLUMNS:
            _make_hypertables(table)
        op.execute(LOG_OFFSET)
    else:
        _make_shims()


def _timescale_is_there() -> bool:
    if not _asked(INSTALLED):
        if not _asked(INSTALLABLE):
            return False
        op.execute("CREATE EXTENSION timescaledb")
    return _asked(SUFFICIENT)


def _asked(query: str) -> bool:
    return bool(op.get_bind().exec_driver_sql(query).scalar_one())


def _make_hypertables(table: str) -> None:
    op.execute(f"ALTER TABLE market.{table} RENAME TO {table}_before")
    for code, feed in FEEDS.items():
        name, chunk = f"market.{table}_{feed}", CHUNKS[f"{table}_{feed}"]
        op.execute(f"ALTER TABLE {name} RENAME TO {table}_{feed}_before")
        op.execute(f"CREATE TABLE {name} (LIKE market.{table}_before)")
        op.execute(
            f"ALTER TABLE {name} ADD PRIMARY KEY ({KEYS[table]}), ADD CHECK (feed = '{code}')"
        )
        op.execute(
            f"SELECT create_hypertable('{name}', by_range('time', interval '{chunk}'),"
            " create_default_indexes => false)"
        )
        op.execute(
            f"ALTER TABLE {name} SET (timescaledb.enable_columnstore = true, {COLUMNSTORE[table]})"
        )
        op.execute(f"INSERT INTO {name} SELECT * FROM market.{table}_{feed}_before")
    op.execute(f"DROP TABLE market.{table}_before")
    parts = " UNION ALL ".join(
        f"SELECT {COLUMNS[table].format(code=code)} FROM market.{table}_{feed}"
        for code, feed in FEEDS.items()
    )
    op.execute(f"CREATE VIEW market.{table} AS {parts}")
    op.execute(f"COMMENT ON VIEW market.{table} IS '{COMMENTS[table]}'")


def _make_shims() -> None:
    op.execute(BUCKET)
    op.execute(BUCKETS)
    for value in VALUES:
        words = {"name": value.replace(" ", "_"), "type": value}
        op.execute(PICKED.format(**words))
        for which, operator in (("first", ">="), ("last", "<=")):
            op.execute(PICKING.format(which=which, operator=operator, **words))
