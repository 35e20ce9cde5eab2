"""The views that a quant may read, a schema a feed class, and the specification's relations.

A schema holds the data of one feed class, and a session can enter one schema (`storage.guarded_sql.role`
grants that): so no statement mixes classes. Joins are outer ones because the planner leaves out those
whose columns nobody asks for, and makes inner ones of those that a filter is on.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

FEEDS = {"l": "live", "r": "recorded", "s": "simulated"}

KIND = "CASE t.kind WHEN 'q' THEN 'quote' WHEN 't' THEN 'trade' ELSE 'rate' END"
SIDE = "CASE c.side WHEN 'm' THEN 'mid' WHEN 'b' THEN 'bid' WHEN 'a' THEN 'ask' ELSE 'trade' END"
NAMES = """
    LEFT JOIN market.instruments AS i ON i.id = {0}.instrument_id
    LEFT JOIN market.sources AS s ON s.id = {0}.source_id
"""
PRICES = {
    "open": "the first price by time of event, exact",
    "high": "the highest price",
    "low": "the lowest price",
    "close": "the last price by time of event",
    "volume": "what was traded, exact; null where the source says none",
}
NAMED = {
    "time": "the beginning, in UTC",
    "symbol": "the instrument, such as EUR-USD or AAPL",
    "source": "the provider that said it",
}
SIDED = {**NAMED, "side": "mid, bid, ask, or trade: a traded price or a computed rate"}
ROLLED = {
    **SIDED,
    **PRICES,
    "ticks": "how many ticks it is made of",
    "minutes": "how many candles of a minute it is made of",
    "tick_minutes": "how many of those are made of ticks",
}
FEED = "live, recorded or simulated: the same in every row that this session can read"

SPECIFIED = {
    "exchange_rates": """
        SELECT t.time, i.base AS base_currency, i.quote AS quote_currency,
            CASE t.kind WHEN 'q' THEN (t.bid + t.ask) * 0.5 ELSE t.price END AS rate,
            s.provider AS source, '{feed}'::text AS feed
        FROM market.ticks_{feed} AS t JOIN market.instruments AS i ON i.id = t.instrument_id
            LEFT JOIN market.sources AS s ON s.id = t.source_id
        WHERE i.asset_class = 'fx' AND
            CASE t.kind WHEN 'q' THEN t.bid + t.ask ELSE t.price END IS NOT NULL
    """,
    "asset_prices": """
        SELECT DISTINCT ON (c.time, i.symbol) c.time, i.symbol, i.asset_class AS asset_type,
            c.open, c.high, c.low, c.close, c.volume, s.provider AS source, '{feed}'::text AS feed
        FROM market.candles_{feed} AS c JOIN market.instruments AS i ON i.id = c.instrument_id
            JOIN market.sources AS s ON s.id = c.source_id
        WHERE c.side = 't' AND i.asset_class <> 'fx'
        ORDER BY c.time, i.symbol, c.ticks = 0, s.rank
    """,
}
"""The specification's relations, which exist in `market` for each feed class and over all of them."""

BARRIER = "WITH (security_barrier)"
"""Where a relation holds all classes, no filter of a statement is run on the rows of the others."""

UNTIL = "coalesce((SELECT until FROM market.rollup_marks WHERE feed = '{code}'), '-infinity')"
"""Hours that end by then are rolled up, but for those that were touched since: these and what came after
are made of minutes here, so that no answer is older than the minutes themselves."""
TOUCHED = """
    JOIN (SELECT DISTINCT instrument_id, {0} AS begun FROM market.touched_hours
        WHERE feed = '{{code}}' AND {0} < {1}) AS h ON h.instrument_id = c.instrument_id
"""
DURING = "c.time >= h.begun AND c.time < h.begun + interval '1 {unit}'"


def begun(unit: str, time: str) -> str:
    """SQL of the beginning of an hour or a day in UTC."""
    return f"date_bin('1 {unit}', {time}, '2000-01-01 00:00:00+00')"


def made(unit: str, among: str, where: str) -> str:
    """SQL of candles of an hour or a day, made of those of a minute."""
    return f"""
        SELECT {begun(unit, "c.time")}, i.symbol, s.provider, {SIDE},
            (array_agg(c.open ORDER BY c.time))[1], max(c.high), min(c.low),
            (array_agg(c.close ORDER BY c.time DESC))[1], trim_scale(sum(c.volume)),
            sum(c.ticks)::bigint, count(*)::int, (count(*) FILTER (WHERE c.ticks > 0))::int,
            '{{feed}}'::text
        FROM market.candles_{{feed}} AS c {among} {NAMES.format("c")}
        WHERE {where.replace("{unit}", unit)} GROUP BY 1, 2, 3, 4
    """


OF_HOURS = f"""
    SELECT {begun("day", "c.time")}, c.symbol, c.source, c.side,
        (array_agg(c.open ORDER BY c.time))[1], max(c.high), min(c.low),
        (array_agg(c.close ORDER BY c.time DESC))[1], trim_scale(sum(c.volume)),
        sum(c.ticks)::bigint, sum(c.minutes)::int, sum(c.tick_minutes)::int, '{{feed}}'::text
    FROM quant_{{feed}}.candles_1h AS c
    WHERE c.time >= {begun("day", UNTIL)} GROUP BY 1, 2, 3, 4
"""

# Name, options, query, what it is, what its columns are.
VIEWS: tuple[tuple[str, str, str, str, dict[str, str]], ...] = (
    (
        "ticks",
        "",
        f"""
        SELECT t.time, i.symbol, s.provider AS source, {KIND} AS kind, t.bid, t.ask, t.price, t.size,
            t.seq, t.late, '{{feed}}'::text AS feed
        FROM market.ticks_{{feed}} AS t {NAMES.format("t")}
        """,
        "every accepted quote, trade and rate, as its provider wrote it",
        {
            **NAMED,
            "time": "when it happened, as the provider says, in UTC",
            "kind": "quote (bid and ask), trade (price and size) or rate (price)",
            "bid": "what buyers offer, exact; of quotes",
            "ask": "what sellers ask, exact; of quotes",
            "price": "of trades and rates, exact",
            "size": "how much was traded, exact; null where the source says none",
            "seq": "orders ticks of one time: the venue's own number where it has one",
            "late": "whether it came after its minute was closed",
        },
    ),
    (
        "candles",
        "",
        f"""
        SELECT c.time, i.symbol, s.provider AS source, {SIDE} AS side, c.open, c.high, c.low,
            c.close, c.volume, c.ticks, '{{feed}}'::text AS feed
        FROM market.candles_{{feed}} AS c {NAMES.format("c")}
        """,
        "one minute each, of every source and side; ticks = 0: the provider's own bar",
        {**SIDED, **PRICES, "ticks": "how many ticks it is made of; 0: the provider's own bar"},
    ),
    (
        "candles_1h",
        "",
        f"""
        SELECT c.time, i.symbol, s.provider AS source, {SIDE} AS side, c.open, c.high, c.low,
            c.close, c.volume, c.ticks, c.minutes, c.tick_minutes, '{{feed}}'::text AS feed
        FROM market.candles_1h_{{feed}} AS c {NAMES.format("c")}
        WHERE c.time <= {UNTIL} - interval '1 hour' AND NOT EXISTS (
            SELECT FROM market.touched_hours AS h WHERE h.feed = '{{code}}'
            AND h.instrument_id = c.instrument_id AND h.hour = c.time)
        UNION ALL {made("hour", "", f"c.time >= {begun('hour', UNTIL)}")}
        UNION ALL {made("hour", TOUCHED.format(begun("hour", "hour"), begun("hour", UNTIL)), DURING)}
        """,
        "candles of an hour, of every source and side; the newest may still grow",
        ROLLED,
    ),
    (
        "candles_1d",
        "",
        f"""
        SELECT c.time, i.symbol, s.provider AS source, {SIDE} AS side, c.open, c.high, c.low,
            c.close, c.volume, c.ticks, c.minutes, c.tick_minutes, '{{feed}}'::text AS feed
        FROM market.candles_1d_{{feed}} AS c {NAMES.format("c")}
        WHERE c.time <= {UNTIL} - interval '1 day' AND NOT EXISTS (
            SELECT FROM market.touched_hours AS h WHERE h.feed = '{{code}}'
            AND h.instrument_id = c.instrument_id
            AND h.hour >= c.time AND h.hour < c.time + interval '1 day')
        UNION ALL {OF_HOURS}
        UNION ALL {made("day", TOUCHED.format(begun("day", "hour"), begun("day", UNTIL)), DURING)}
        """,
        "candles of a day in UTC, of every source and side; the newest may still grow",
        ROLLED,
    ),
    (
        "bars",
        BARRIER,
        f"""
        SELECT c.time, i.symbol, s.provider AS source, {SIDE} AS side, c.interval_s,
            c.open, c.high, c.low, c.close, c.volume, '{{feed}}'::text AS feed
        FROM market.bars AS c {NAMES.format("c")} WHERE c.feed = '{{code}}'
        """,
        "providers' own bars of more than a minute; those of a minute are candles",
        {**SIDED, **PRICES, "interval_s": "how long a bar is, in seconds"},
    ),
    (
        "instruments",
        "",
        """
        SELECT i.symbol, i.name, i.asset_class, i.base, i.quote, i.decimals, '{feed}'::text AS feed
        FROM market.instruments AS i
        """,
        "what has prices",
        {
            "symbol": "as in the other views",
            "name": "its name in English",
            "asset_class": "fx, crypto or stock",
            "base": "what is priced",
            "quote": "the currency of the price",
            "decimals": "how many decimals a screen shows",
        },
    ),
    (
        "sources",
        BARRIER,
        """
        SELECT s.provider AS source, s.rank, '{feed}'::text AS feed
        FROM market.sources AS s WHERE s.feed = '{code}'
        """,
        "who says prices",
        {"source": "as in the other views", "rank": "where several say a price, 1 is preferred"},
    ),
    (
        "gaps",
        BARRIER,
        """
        SELECT g.start_at, g.end_at, i.symbol, s.provider AS source, g.cause, g.first_id, g.last_id,
            g.state, g.asked_at, g.settled_at, '{feed}'::text AS feed
        FROM market.gaps AS g LEFT JOIN market.instruments AS i ON i.id = g.instrument_id
            LEFT JOIN market.sources AS s ON s.id = g.source_id
        WHERE g.feed = '{code}'
        """,
        "what was missed, and what became of it",
        {
            "start_at": "what came last before the gap, in UTC",
            "end_at": "what came first after the gap, in UTC",
            "symbol": "the instrument; null: all that the connection carried",
            "source": "the provider",
            "cause": "how it was noticed",
            "first_id": "the first missing trade, where trades are numbered",
            "last_id": "the last missing trade",
            "state": "open, filled or lost",
            "asked_at": "when the provider was asked for it",
            "settled_at": "when it was filled or lost",
        },
    ),
    (
        "exchange_rates",
        "",
        "SELECT * FROM market.exchange_rates_{feed}",
        "rates between currencies: the mid of a quote, or the rate as it was said",
        {
            "time": "when it was so, in UTC",
            "base_currency": "one of this",
            "quote_currency": "costs so many of this",
            "rate": "exact",
            "source": "the provider that said it",
        },
    ),
    (
        "asset_prices",
        "",
        "SELECT * FROM market.asset_prices_{feed}",
        "one candle a minute of each coin and share: made of ticks rather than a provider's own,"
        " then of the preferred source",
        {**NAMED, **PRICES, "asset_type": "crypto or stock"},
    ),
)


def upgrade() -> None:
    for name, query in SPECIFIED.items():
        for feed in FEEDS.values():
            op.execute(f"CREATE VIEW market.{name}_{feed} AS {query.format(feed=feed)}")
        parts = " UNION ALL ".join(f"SELECT * FROM market.{name}_{feed}" for feed in FEEDS.values())
        op.execute(f"CREATE VIEW market.{name} AS {parts}")
    for code, feed in FEEDS.items():
        op.execute(f"CREATE SCHEMA quant_{feed}")
        op.execute(f"COMMENT ON SCHEMA quant_{feed} IS 'what a quant may read of the {feed} data'")
        for name, options, query, what, columns in VIEWS:
            view = f"quant_{feed}.{name}"
            op.execute(f"CREATE VIEW {view} {options} AS {query.format(feed=feed, code=code)}")
            op.execute(f"COMMENT ON VIEW {view} IS {_literal(what)}")
            for column, meaning in {**columns, "feed": FEED}.items():
                op.execute(f"COMMENT ON COLUMN {view}.{column} IS {_literal(meaning)}")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
