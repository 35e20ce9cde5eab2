"""What is asked of Alpha Vantage, parameter by parameter."""

import pytest

from connectors.alphavantage.requests import Asking
from connectors.answers import Request
from market.instruments import CATALOGUE

URL = "http://x/query"
PAIR, STOCK, COIN = (CATALOGUE.by_symbol(symbol) for symbol in ("USD-JPY", "AAPL", "BTC-USD"))
FREE, REALTIME, TABLES = Asking(URL), Asking(URL, "realtime"), Asking(URL, "delayed", csv=True)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (FREE.global_quote(STOCK), "GLOBAL_QUOTE symbol=AAPL"),
        (REALTIME.global_quote(STOCK), "GLOBAL_QUOTE symbol=AAPL entitlement=realtime"),
        (
            TABLES.global_quote(STOCK),
            "GLOBAL_QUOTE symbol=AAPL entitlement=delayed datatype=csv",
        ),
        (
            REALTIME.exchange_rate(PAIR),
            "CURRENCY_EXCHANGE_RATE from_currency=USD to_currency=JPY",
        ),
        (FREE.exchange_rate(COIN), "CURRENCY_EXCHANGE_RATE from_currency=BTC to_currency=USD"),
        (
            REALTIME.bulk_quotes([STOCK, CATALOGUE.by_symbol("KO")]),
            "REALTIME_BULK_QUOTES symbol=AAPL,KO entitlement=realtime",
        ),
        (
            FREE.intraday(PAIR),
            "FX_INTRADAY interval=1min outputsize=full from_symbol=USD to_symbol=JPY",
        ),
        (
            FREE.intraday(COIN, interval="5min", size="compact"),
            "CRYPTO_INTRADAY interval=5min outputsize=compact symbol=BTC market=USD",
        ),
        (
            REALTIME.intraday(STOCK, month="2026-04"),
            "TIME_SERIES_INTRADAY interval=1min outputsize=full symbol=AAPL adjusted=false "
            "entitlement=realtime month=2026-04",
        ),
        (FREE.daily(PAIR), "FX_DAILY from_symbol=USD to_symbol=JPY outputsize=compact"),
        (FREE.daily(COIN), "DIGITAL_CURRENCY_DAILY symbol=BTC market=USD"),
        (REALTIME.daily(STOCK, size="full"), "TIME_SERIES_DAILY symbol=AAPL outputsize=full"),
        (
            REALTIME.daily(STOCK, adjusted=True),
            "TIME_SERIES_DAILY_ADJUSTED symbol=AAPL outputsize=compact entitlement=realtime",
        ),
        (FREE.longer(PAIR, "WEEKLY"), "FX_WEEKLY from_symbol=USD to_symbol=JPY"),
        (
            TABLES.longer(COIN, "MONTHLY"),
            "DIGITAL_CURRENCY_MONTHLY symbol=BTC market=USD datatype=csv",
        ),
        (FREE.search("tesco"), "SYMBOL_SEARCH keywords=tesco"),
        (FREE.market_status(), "MARKET_STATUS "),
    ],
)
def test_a_request(request_: Request, expected: str) -> None:
    function, _, others = expected.partition(" ")
    params = dict(pair.split("=") for pair in others.split(" ") if pair)
    assert (request_.kind, request_.url) == (function, URL)
    assert request_.params == {"function": function, **params}


def test_a_context_says_what_the_answer_does_not() -> None:
    assert (
        FREE.intraday(PAIR, 7).context
        == '{"symbol":"USD-JPY","since":7,"interval":"1min","entitlement":""}'
    )
    assert (
        TABLES.global_quote(STOCK).context
        == '{"symbol":"AAPL","since":0,"interval":"","entitlement":"delayed"}'
    )


@pytest.mark.parametrize("count", [0, 101])
def test_a_bulk_of_too_many_or_none_is_not_asked(count: int) -> None:
    assert FREE.bulk_quotes([STOCK] * 100).params["symbol"].count(",") == 99
    with pytest.raises(ValueError, match="1 to 100 go"):
        FREE.bulk_quotes([STOCK] * count)
