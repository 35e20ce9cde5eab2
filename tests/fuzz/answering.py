"""What else reads what a provider sends: checks of answers, dialects of streams, other endpoints."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from connectors.alphavantage import reference as alphavantage
from connectors.alphavantage.checks import check as check_alphavantage
from connectors.alphavantage.quotes import same_quote
from connectors.answers import Answer, Request
from connectors.binance.checks import check as check_binance
from connectors.binance.dialect import BinanceDialect
from connectors.coinbase.checks import check as check_coinbase
from connectors.coinbase.connector import connector as coinbase_connector
from connectors.coinbase.dialect import CoinbaseDialect
from connectors.coingecko import reference as coingecko
from connectors.coingecko.checks import check as check_coingecko
from connectors.coingecko.dialect import CoinGeckoDialect
from connectors.coingecko.missing import WatchingCheck
from connectors.connector import Access, Check, Dialect
from connectors.ecb.checks import check as check_ecb
from connectors.fixer import answers as fixer
from connectors.fixer.checks import check as check_fixer
from connectors.kraken.checks import check as check_kraken
from connectors.kraken.connector import connector as kraken_connector
from connectors.kraken.dialect import KrakenDialect
from connectors.openexchangerates import answers as openexchangerates
from connectors.openexchangerates.checks import check as check_openexchangerates
from market.instruments import CATALOGUE
from tests.connectors.fixer import test_answers as fixer_samples
from tests.connectors.gaps import trade_gap
from tests.connectors.openexchangerates import test_answers as openexchangerates_samples
from tests.connectors.support import NOW_US
from tests.fuzz.entry import Entry

CHECKS: dict[str, Check] = {
    "alphavantage": check_alphavantage,
    "binance": check_binance,
    "coinbase": check_coinbase,
    "coingecko": check_coingecko,
    "ecb": check_ecb,
    "fixer": check_fixer,
    "kraken": check_kraken,
    "openexchangerates": check_openexchangerates,
}
WATCHING: Check = WatchingCheck()
STATUSES = (
    200, 204, 301, 304, 400, 401, 403, 404, 406, 408, 410, 418, 422, 429, 451, 500, 502, 503, 520, 599,
)  # fmt: skip
WAITS_S = (None, 0.0, 1.5, 86_400.0)

_COINGECKO_HEADERS = {"x-cg-pro-api-key": "CG-CANARY"}
DIALECTS: dict[str, Callable[[], Dialect]] = {
    "binance": lambda: BinanceDialect("ws://x/stream"),
    "coinbase": lambda: CoinbaseDialect("ws://x", ("BTC-USD",)),
    "coingecko": lambda: CoinGeckoDialect("ws://x/v1", ["bitcoin"], _COINGECKO_HEADERS),
    "kraken": lambda: KrakenDialect("ws://x/v2", ("BTC/USD",)),
}
CONTROLS: dict[str, tuple[str, ...]] = {
    "binance": (
        '{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}',
        '{"code":2,"msg":"Invalid request: unknown variant"}',
    ),
    "coinbase": (
        '{"type":"error","message":"Failed to subscribe","reason":"FOO-USD is not a valid product"}',
    ),
    "coingecko": (
        '{"code":4001,"message":"Unauthorized: CG-CANARY"}',
        '{"type":"welcome","sid":"S"}',
        '{"type":"confirm_subscription","identifier":"{\\"channel\\":\\"CGSimplePrice\\"}"}',
        '{"type":"reject_subscription","identifier":"x"}',
        '{"type":"ping","message":1780839768}',
        '{"type":"disconnect","reason":"server_restart"}',
    ),
    "kraken": (
        '{"error":"Currency pair not supported FOO/USD","method":"subscribe","success":false,'
        '"symbol":"FOO/USD"}',
        '{"channel":"status","type":"update","data":[{"system":"maintenance","version":"2.0.0"}]}',
    ),
}
"""Frames of the conversation, which the log never sees."""


class Endpoint(NamedTuple):
    """What is asked beside prices: an unmutated answer, and who reads it."""

    name: str
    payload: bytes
    read: Callable[[bytes], object]


def endpoints(rest: Path) -> Iterator[Endpoint]:
    """Every endpoint that does not go into the log, and every other reader of bodies."""
    search = (rest / "alphavantage_codespore" / "time_series_search.json").read_bytes()
    markets = (
        b'{"endpoint":"x","markets":[{"market_type":"Equity","region":"United States",'
        b'"local_open":"09:30","local_close":"16:15","current_status":"open","notes":""}]}'
    )
    for name, payload, parse in (
        ("alphavantage search", search, alphavantage.parse_search),
        ("alphavantage markets", markets, alphavantage.parse_market_status),
        (
            "fixer symbols",
            b'{"success":true,"symbols":{"AED":"United Arab Emirates Dirham"}}',
            fixer.currencies_of,
        ),
        ("fixer convert", fixer_samples.CONVERT.encode(), fixer.conversion_of),
        ("fixer fluctuation", fixer_samples.FLUCTUATION.encode(), fixer.fluctuations_of),
        ("openexchangerates currencies", b'{"AED":"Dirham"}', openexchangerates.currencies_of),
        (
            "openexchangerates convert",
            openexchangerates_samples.CONVERT.encode(),
            openexchangerates.conversion_of,
        ),
        (
            "openexchangerates usage",
            openexchangerates_samples.USAGE.encode(),
            openexchangerates.usage_of,
        ),
    ):
        yield Endpoint(name, payload, partial(_of_answer, parse))
    for file, read in (
        ("Ping", coingecko.parse_ping),
        ("GetAssets", coingecko.parse_coins),
        ("Search", coingecko.parse_search),
        ("GetQuoteAssets", coingecko.parse_currencies),
        ("GetTickers", coingecko.parse_tickers),
        ("GetApiUsage", coingecko.parse_usage),
    ):
        body = (rest / "coingecko_jkorf" / f"{file}.txt").read_bytes().split(b"\n", 3)[3]
        yield Endpoint(f"coingecko {file}", body, read)


def repaired(entry: Entry, payload: bytes) -> Request | None:
    """What is asked after a page of trades that came so."""
    build = {"coinbase": coinbase_connector, "kraken": kraken_connector}[entry.provider]
    connector = build(Access("http://x", "ws://x"), CATALOGUE)
    # One goes forward through a gap, the other backward.
    first_id, last_id = {
        "coinbase": (86_322_327, 86_327_327),
        "kraken": (10_218_208, 10_223_208),
    }[entry.provider]
    gap = trade_gap(entry.provider, "BTC-USD", first_id, last_id)
    return connector.repair(gap, 1, Answer(200, payload, NOW_US))


def same(before: bytes, after: bytes) -> bool:
    """Whether a quote is no news: asked of every answer, so it must take any."""
    return same_quote(before, after)


def _of_answer(parse: Callable[[Answer], object], payload: bytes) -> object:
    return parse(Answer(200, payload, NOW_US))
