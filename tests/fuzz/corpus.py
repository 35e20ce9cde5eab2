"""The corpus: for every kind of log entry at least one unmutated payload; and what refusals look like."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from market.sources import ONLY_RECORDED
from tests.connectors import bar_samples
from tests.fuzz.entry import Entry
from tests.fuzz.polled import alphavantage, coingecko, rates
from tests.fuzz.streamed import oanda, venues

_THANKS = "Thank you for using Alpha Vantage!"

REFUSALS: dict[str, tuple[str, ...]] = {
    "alphavantage": (
        '{"Error Message":"Invalid API call. Please retry or visit the documentation."}',
        '{"Error Message":"the parameter apikey is invalid or missing."}',
        f'{{"Information":"{_THANKS} Our standard API rate limit is 25 requests per day."}}',
        f'{{"Information":"{_THANKS} This is a premium endpoint."}}',
        f'{{"Note":"{_THANKS} Our standard API call frequency is 5 calls per minute."}}',
        '{"detail":"Could not satisfy the request Accept header."}',
        '{"Global Quote":{}}',
        "timestamp,open,high,low,close,volume\r\nI,n,f,o,r,m,a\r\n",
    ),
    "binance": ('{"code":-1121,"msg":"Invalid symbol."}', '{"code":-1003,"msg":"Too many."}'),
    "coinbase": ('{"message":"NotFound"}', '{"message":"Public rate limit exceeded"}'),
    "coingecko": (
        '{"status":{"error_code":429,"error_message":"Throttled"}}',
        '{"error":{"status":{"error_code":10012,"error_message":"x"}}}',
        '{"timestamp":"2025-10-12T11:10:40.873+00:00","error_code":10010,'
        '"status":{"error_message":"x"}}',
        '{"error":"coin not found"}',
    ),
    "ecb": ("<html><body>503 Service Unavailable</body></html>", "", "Date, USD\n"),
    "fixer": (
        '{"success":false,"error":{"code":104,"type":"monthly_limit_reached","info":"x"}}',
        '{"success":false,"error":{"code":"101"}}',
        '{"success":false}',
        '{"message":"You have exceeded your daily/monthly API rate limit."}',
    ),
    "kraken": (
        '{"error":["EQuery:Unknown asset pair"]}',
        '{"error":["EAPI:Rate limit exceeded"],"result":{}}',
    ),
    "oanda": ("<html>", "ms,bid,ask\r\n"),
    "openexchangerates": (
        '{"error":true,"status":401,"message":"invalid_app_id","description":"x"}',
        '{"error":true,"status":429,"message":"access_restricted",'
        '"description":"Access restricted until 2050-01-01 (reason: too_many_requests)."}',
        '{"disclaimer":"d","timestamp":1521741600,"base":"USD","rates":{}}',
    ),
    **dict.fromkeys(ONLY_RECORDED, ("<html>", "", "Date,Open,High,Low,Close\n")),
}
"""What each provider says, under HTTP 200 too, where it gives no prices."""


@lru_cache(maxsize=1)
def corpus(data: Path) -> tuple[Entry, ...]:
    """The entries, of which `data` holds the recorded ones."""
    return (
        *alphavantage(data / "rest"),
        *coingecko(data / "rest"),
        *rates(data),
        *venues(data),
        *oanda(data),
        *_tables(),
    )


def _tables() -> Iterator[Entry]:
    bars = {"quote_bars": 2, "adjusted_closes": 2}
    for (provider, kind), payload in bar_samples.BODIES.items():
        context = bar_samples.CONTEXTS[provider, kind]
        yield Entry(provider, kind, payload, bars=bars.get(kind, 1), context=context)
