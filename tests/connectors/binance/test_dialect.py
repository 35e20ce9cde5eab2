"""Binance's stream is asked for in its address, and left when the exchange says so."""

import pytest

from connectors.binance.dialect import BinanceDialect, stream_address
from connectors.connector import KEEP, Dialect
from connectors.errors import UnknownAtProviderError
from tests.connectors.binance import samples

DIALECT = BinanceDialect("wss://x/stream?streams=btcusdt@trade")


def frame(line: str) -> bytes:
    return line.split(" ", 1)[1].encode()


def test_the_address_names_trades_and_best_quotes_in_lower_case() -> None:
    assert stream_address("wss://x", ["BTCUSDT", "ETHUSDT"]) == (
        "wss://x/stream?streams=btcusdt@trade/btcusdt@bookTicker/ethusdt@trade/ethusdt@bookTicker"
    )


def test_it_sends_nothing_and_leaves_before_a_day_is_over() -> None:
    dialect: Dialect = DIALECT
    assert (dialect.opening(), dialect.ping_s, dialect.ping()) == ((), None, "")
    assert (dialect.silence_s, dialect.max_age_s) == (30.0, 86_000.0)


@pytest.mark.parametrize("line", [samples.TRADE, samples.BOOK, samples.ACK, samples.SPACED])
def test_frames_are_kept(line: str) -> None:
    assert DIALECT.hear(frame(line)) == KEEP


@pytest.mark.parametrize(
    "text",
    [
        b'{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}',
        b'{"e":"serverShutdown","E":1770123456789}',
    ],
)
def test_an_announced_shutdown_is_left(text: bytes) -> None:
    heard = DIALECT.hear(text)
    assert (heard.leave, heard.keep) == (True, False)


def test_a_refusal_is_an_error() -> None:
    heard = DIALECT.hear(b'{"code":2,"msg":"Invalid request: unknown stream","id":1}')
    assert not heard.keep
    assert isinstance(heard.error, UnknownAtProviderError)
    assert "Invalid request: unknown stream" in str(heard.error)
