"""Gaps, bars of providers, the quotas' ledger, and the look-ups of the quarantine."""

from alembic import op

revision = "0002"
down_revision = "0001"

GAPS = """
CREATE TABLE market.gaps (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partition_id int NOT NULL REFERENCES market.inbox_partitions,
    log_offset bigint NOT NULL,
    item int NOT NULL,
    source_id smallint NOT NULL,
    feed "char" NOT NULL,
    instrument_id int,
    cause text NOT NULL,
    start_at timestamptz NOT NULL,
    end_at timestamptz NOT NULL,
    first_id bigint,
    last_id bigint,
    state text NOT NULL DEFAULT 'open',
    asked_at timestamptz,
    settled_at timestamptz,
    UNIQUE (partition_id, log_offset, item)
);
CREATE INDEX gaps_by_time ON market.gaps (feed, start_at DESC);
CREATE INDEX open_gaps ON market.gaps (source_id) WHERE state = 'open';
COMMENT ON COLUMN market.gaps.instrument_id IS 'null: everything that the partition carries';
COMMENT ON COLUMN market.gaps.first_id IS 'the missing trades, from first_id to last_id';
"""

BARS = """
CREATE TABLE market.bars (
    time timestamptz NOT NULL,
    instrument_id int NOT NULL,
    source_id smallint NOT NULL,
    side "char" NOT NULL,
    feed "char" NOT NULL,
    interval_s int NOT NULL,
    open numeric NOT NULL,
    high numeric NOT NULL,
    low numeric NOT NULL,
    close numeric NOT NULL,
    volume numeric,
    PRIMARY KEY (instrument_id, side, feed, interval_s, time, source_id)
);
COMMENT ON TABLE market.bars IS
    'providers'' own bars of more than a minute, by their opening; those of a minute are candles';
"""

QUOTAS = """
CREATE TABLE market.provider_calls (
    provider text NOT NULL,
    key text NOT NULL,
    period text NOT NULL,
    started_at timestamptz NOT NULL,
    calls int NOT NULL,
    PRIMARY KEY (provider, key, period, started_at)
);
CREATE TABLE market.provider_states (
    provider text NOT NULL,
    key text NOT NULL,
    last_success_at timestamptz,
    last_failure_at timestamptz,
    last_failure text,
    blocked_until timestamptz,
    next_call_at timestamptz,
    last_call_at timestamptz,
    paced_until timestamptz,
    limits text NOT NULL DEFAULT '',
    generation int NOT NULL DEFAULT 0,
    PRIMARY KEY (provider, key)
);
COMMENT ON COLUMN market.provider_calls.key IS 'a digest of the key, or none';
COMMENT ON COLUMN market.provider_states.generation IS
    'counts the fillings of Redis: a call that an older one granted is not made';
"""

QUARANTINE = """
CREATE INDEX quarantine_by_time ON market.quarantine (feed, set_aside_at DESC);
"""


def upgrade() -> None:
    for statements in (GAPS, BARS, QUOTAS, QUARANTINE):
        op.execute(statements)
