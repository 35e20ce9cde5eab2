"""From when the ticks of a feed are there, and until when they have ended."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLE = """
CREATE TABLE market.ended_ticks (
    feed "char" PRIMARY KEY,
    before timestamptz NOT NULL
);
COMMENT ON TABLE market.ended_ticks IS
    'ticks from before then were dropped, having been kept long enough; their candles stay';
"""
FUNCTION = """
CREATE FUNCTION market.{name}(asked "char") RETURNS timestamptz LANGUAGE sql STABLE AS $$ {body} $$;
COMMENT ON FUNCTION market.{name} IS '{comment}';
"""
FROM = "no tick of a feed is older: where its oldest partition or chunk begins; null: there is none"
ENDED = "the candles of a feed from before then may hold ticks that are there no longer"

FEED_NAME = "CASE asked WHEN 'l' THEN 'live' WHEN 'r' THEN 'recorded' WHEN 's' THEN 'simulated' END"

PLAIN_FROM = f"""
    SELECT min(rpad(substring(relname FROM '_([0-9]+)$'), 8, '01')::timestamp AT TIME ZONE 'UTC')
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = to_regclass('market.ticks_' || {FEED_NAME})
"""
PLAIN_ENDED = "SELECT before FROM market.ended_ticks WHERE feed = asked"

CHUNKS_FROM = f"""
    SELECT min(range_start) FROM timescaledb_information.chunks
    WHERE hypertable_schema = 'market' AND hypertable_name = 'ticks_' || {FEED_NAME}
"""
# Its own job drops them at any time: what that may end counts as ended.
CHUNKS_ENDED = f"""
    SELECT max(before) FROM (
        SELECT before FROM market.ended_ticks WHERE feed = asked
        UNION ALL
        SELECT now() - (config ->> 'drop_after')::interval FROM timescaledb_information.jobs
        WHERE proc_name = 'policy_retention' AND hypertable_schema = 'market'
            AND hypertable_name = 'ticks_' || {FEED_NAME}
    ) AS known
"""


def upgrade() -> None:
    op.execute(TABLE)
    found = op.get_bind().exec_driver_sql(
        "SELECT relkind = 'p' FROM pg_class WHERE oid = 'market.ticks'::regclass"
    )
    bodies = (PLAIN_FROM, PLAIN_ENDED) if found.scalar_one() else (CHUNKS_FROM, CHUNKS_ENDED)
    for name, body, comment in zip(
        ("ticks_from", "ticks_ended"), bodies, (FROM, ENDED), strict=True
    ):
        op.execute(FUNCTION.format(name=name, body=body, comment=comment))
