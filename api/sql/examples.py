"""Statements to begin with: each answers a question that many will have."""

from api.sql.schemas import ExampleData

EXAMPLES = (
    ExampleData(
        question="The spread of a pair, hour by hour, over the last day",
        sql=(
            "SELECT date_trunc('hour', time) AS hour, count(*) AS quotes,\n"
            "    avg(ask - bid) AS spread, max(ask - bid) AS widest\n"
            "FROM ticks\n"
            "WHERE symbol = 'EUR-USD' AND kind = 'quote' AND time >= now() - interval '1 day'\n"
            "GROUP BY hour ORDER BY hour"
        ),
    ),
    ExampleData(
        question="Daily returns of coins and shares over a month",
        sql=(
            "SELECT symbol, time, close,\n"
            "    close / lag(close) OVER (PARTITION BY symbol, source ORDER BY time) - 1 AS change\n"
            "FROM candles_1d\n"
            "WHERE side = 'trade' AND time >= now() - interval '31 days'\n"
            "ORDER BY symbol, source, time"
        ),
    ),
    ExampleData(
        question="What a pair cost in each of the last sixty minutes, by source",
        sql=(
            "SELECT date_trunc('minute', time) AS minute, source, avg(rate) AS rate\n"
            "FROM exchange_rates\n"
            "WHERE base_currency = 'EUR' AND quote_currency = 'USD'\n"
            "    AND time >= now() - interval '1 hour'\n"
            "GROUP BY minute, source ORDER BY minute, source"
        ),
    ),
)
