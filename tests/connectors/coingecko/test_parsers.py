"""Every kind that CoinGecko's requests and streams write has a parser."""

from datetime import date

from connectors.coingecko import charts, frames, history, markets, ohlc, prices
from connectors.coingecko.parsers import PARSERS
from market.instruments import CATALOGUE

BITCOIN = CATALOGUE.by_symbol("BTC-USD")


def test_every_kind_has_a_parser() -> None:
    requests = [
        charts.chart_request("http://x", BITCOIN),
        charts.range_request("http://x", BITCOIN, 1, 2),
        history.history_request("http://x", BITCOIN, date(2025, 12, 30)),
        markets.markets_request("http://x", [BITCOIN]),
        ohlc.ohlc_request("http://x", BITCOIN),
        prices.price_request("http://x", [BITCOIN]),
    ]
    assert PARSERS.keys() == {request.kind for request in requests} | {frames.KIND}
