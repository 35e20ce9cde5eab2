"""Instruments, the inbox and its books, ticks, candles and quarantine."""

from alembic import op

revision = "0001"
down_revision = None

REFERENCE = """
CREATE SCHEMA market;

CREATE TABLE market.instruments (
    id int PRIMARY KEY,
    symbol text NOT NULL UNIQUE,
    name text NOT NULL,
    asset_class text NOT NULL,
    base text NOT NULL,
    quote text NOT NULL,
    decimals smallint NOT NULL
);

CREATE TABLE market.sources (
    id smallint PRIMARY KEY,
    provider text NOT NULL,
    feed "char" NOT NULL,
    rank smallint NOT NULL,
    UNIQUE (provider, feed)
);
"""

INBOX = """
CREATE TABLE market.inbox_partitions (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    source_id smallint NOT NULL REFERENCES market.sources
);

CREATE TABLE market.inbox (
    partition_id int NOT NULL,
    log_offset bigint NOT NULL,
    feed "char" NOT NULL,
    day date NOT NULL,
    received_at timestamptz NOT NULL,
    kind text NOT NULL,
    context text NOT NULL,
    payload bytea NOT NULL,
    PRIMARY KEY (partition_id, log_offset, feed, day)
) PARTITION BY LIST (feed);

CREATE TABLE market.inbox_done (
    partition_id int NOT NULL REFERENCES market.inbox_partitions,
    log_offset bigint NOT NULL,
    ticks int NOT NULL,
    quarantined int NOT NULL,
    duplicates int NOT NULL,
    bars int NOT NULL,
    PRIMARY KEY (partition_id, log_offset)
);

CREATE TABLE market.inbox_totals (
    partition_id int PRIMARY KEY REFERENCES market.inbox_partitions,
    log_offset bigint NOT NULL,
    ticks bigint NOT NULL,
    quarantined bigint NOT NULL,
    duplicates bigint NOT NULL,
    bars bigint NOT NULL
);
COMMENT ON TABLE market.inbox_totals IS
    'the sum of what inbox_done said of records up to log_offset, which are no longer in the inbox';

CREATE TABLE market.inbox_consumers (
    consumer text NOT NULL,
    partition_id int NOT NULL REFERENCES market.inbox_partitions,
    log_offset bigint NOT NULL,
    PRIMARY KEY (consumer, partition_id)
);
"""

TICKS = """
CREATE TABLE market.ticks (
    time timestamptz NOT NULL,
    instrument_id int NOT NULL,
    source_id smallint NOT NULL,
    kind "char" NOT NULL,
    feed "char" NOT NULL,
    seq bigint NOT NULL,
    bid numeric,
    ask numeric,
    price numeric,
    size numeric,
    late boolean NOT NULL,
    PRIMARY KEY (time, instrument_id, source_id, kind, feed, seq)
) PARTITION BY LIST (feed);
COMMENT ON TABLE market.ticks IS 'kind: q quote, t trade, r rate; feed: l live, r recorded, s simulated';

CREATE TABLE market.candles (
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
    ticks int NOT NULL,
    partition_id int,
    log_offset bigint,
    PRIMARY KEY (instrument_id, side, feed, time, source_id)
) PARTITION BY LIST (feed);
COMMENT ON TABLE market.candles IS
    'one minute each; side: m mid, b bid, a ask, t traded price or rate; ticks = 0: a provider''s own bar';
COMMENT ON COLUMN market.candles.log_offset IS
    'the candle holds partition_id up to here; null: recomputed from the ticks';

CREATE TABLE market.quarantine (
    partition_id int NOT NULL REFERENCES market.inbox_partitions,
    log_offset bigint NOT NULL,
    item int NOT NULL,
    reason text NOT NULL,
    time timestamptz,
    instrument_id int,
    source_id smallint NOT NULL,
    feed "char" NOT NULL,
    excerpt text NOT NULL,
    set_aside_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (partition_id, log_offset, item)
);
"""

FEEDS = {"l": "live", "r": "recorded", "s": "simulated"}


def upgrade() -> None:
    op.execute(REFERENCE)
    op.execute(INBOX)
    op.execute(TICKS)
    for code, feed in FEEDS.items():
        for table in ("ticks", "candles"):
            op.execute(
                f"CREATE TABLE market.{table}_{feed} PARTITION OF market.{table}"
                f" FOR VALUES IN ('{code}') PARTITION BY RANGE (time)"
            )
        op.execute(
            f"CREATE TABLE market.inbox_{feed} PARTITION OF market.inbox"
            f" FOR VALUES IN ('{code}') PARTITION BY RANGE (day)"
        )
