"""What CoinGecko tells beside prices, as it was recorded and as it is documented."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from connectors.answers import Request
from connectors.coingecko import reference
from connectors.coingecko.reference import Coin, Usage, VenuePrice
from connectors.errors import BadKeyError, ConnectorError, MalformedError
from market.instruments import CATALOGUE
from market.quotas import Limit, Period
from tests.connectors.coingecko.samples import HOSTS, example
from tests.connectors.support import response, us

PARSERS: list[Callable[[bytes], object]] = [
    reference.parse_ping,
    reference.parse_coins,
    reference.parse_search,
    reference.parse_currencies,
    reference.parse_tickers,
    reference.parse_usage,
]


class TestRecorded:
    def test_ping(self) -> None:
        assert reference.parse_ping(response("coingecko_jkorf/Ping.txt")) == "(V3) To the Moon!"

    def test_coins(self) -> None:
        assert reference.parse_coins(response("coingecko_jkorf/GetAssets.txt")) == [
            Coin("0chain", "ZCN", "Zus"),
            Coin("01coin", "ZOC", "01coin"),
        ]

    def test_search(self) -> None:
        found = reference.parse_search(response("coingecko_jkorf/Search.txt"))
        assert found[:2] == [
            Coin("ethereum", "ETH", "Ethereum", 2),
            Coin("ethereum-classic", "ETC", "Ethereum Classic", 27),
        ]

    def test_currencies(self) -> None:
        currencies = reference.parse_currencies(response("coingecko_jkorf/GetQuoteAssets.txt"))
        assert len(currencies) == 62
        assert "usd" in currencies and "usdt" not in currencies

    def test_tickers(self) -> None:
        prices = reference.parse_tickers(response("coingecko_jkorf/GetTickers.txt"))
        assert prices == [
            VenuePrice(
                "Binance", "BTC", "USDT", Decimal(69476), Decimal("20242.03975"),
                us("2024-04-08T04:02:01"), False,
            )
        ]  # fmt: skip

    def test_usage(self) -> None:
        usage = reference.parse_usage(response("coingecko_jkorf/GetApiUsage.txt"))
        assert usage == Usage("Other", 1_000, 1_000_000, 999_896)
        assert usage.limits == (Limit(1_000, Period.MINUTE), Limit(1_000_000, Period.MONTH))


class TestDocumented:
    @pytest.mark.parametrize("host", HOSTS)
    def test_both_hosts(self, host: str) -> None:
        assert reference.parse_ping(example(host, "/ping")) == "(V3) To the Moon!"
        coins = reference.parse_coins(example(host, "/coins/list"))
        assert coins[-1] == Coin("ondo-finance", "ONDO", "Ondo")
        assert reference.parse_search(example(host, "/search")) == [
            Coin("ethereum", "ETH", "Ethereum", 2)
        ]
        currencies = reference.parse_currencies(example(host, "/simple/supported_vs_currencies"))
        assert len(currencies) == 63
        (price,) = reference.parse_tickers(example(host, "/coins/{id}/tickers"))
        assert (price.last, price.time_us) == (Decimal("76894.07"), us("2026-05-18T13:37:29"))

    def test_usage(self) -> None:
        assert reference.parse_usage(example("pro", "/key")).left == 999_968


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("payload", [b"", b"null", b"1", b"[1]", b'{"x":1}', b"[" * 50_000])
def test_another_shape_is_malformed(parse: Callable[[bytes], object], payload: bytes) -> None:
    with pytest.raises(MalformedError):
        parse(payload)


@pytest.mark.parametrize("parse", PARSERS)
def test_an_error_under_200_is_raised(parse: Callable[[bytes], object]) -> None:
    with pytest.raises(BadKeyError):
        parse(b'{"status":{"error_code":10002,"error_message":"x"}}')


def test_a_venue_without_a_price_is_left_out() -> None:
    payload = response("coingecko_jkorf/GetTickers.txt")
    assert reference.parse_tickers(payload.replace(b"69476", b"null")) == []
    with pytest.raises(ConnectorError):
        reference.parse_tickers(payload.replace(b'"tickers"', b'"prices"'))


def test_requests_have_their_paths() -> None:
    url = "http://x/api/v3"
    bitcoin = CATALOGUE.by_symbol("BTC-USD")
    assert reference.ping_request(url) == Request("ping", "", f"{url}/ping")
    assert reference.coins_request(url).url == f"{url}/coins/list"
    assert reference.search_request(url, "eth").params == {"query": "eth"}
    assert reference.currencies_request(url).url == f"{url}/simple/supported_vs_currencies"
    assert reference.tickers_request(url, bitcoin).url == f"{url}/coins/bitcoin/tickers"
    assert reference.usage_request(url).url == f"{url}/key"
