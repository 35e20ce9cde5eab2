"""CoinGecko REST: `simple/price` → rates of many coins, `market_chart` → a day of one coin's rates."""

from collections.abc import Iterable
from typing import Annotated

import msgspec

from connectors.answers import Answer, Request, decode, decode_or_none
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    MalformedError,
    PremiumError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.numerals import number_of, text_of
from connectors.refusals import refused
from market.bars import BarBatch
from market.errors import MarketError
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import RATE, Tick, TickBatch

PROVIDER = "coingecko"
CURRENCY = "usd"
RETRY_S = 60.0

COIN_IDS = {
    "ATOM": "cosmos",
    "BTC": "bitcoin",
    "DOT": "polkadot",
    "ETH": "ethereum",
    "PEPE": "pepe",
    "SHIB": "shiba-inu",
    "UNI": "uniswap",
    "XLM": "stellar",
    "XMR": "monero",
}
"""The provider's own names of coins: tickers are not unique there."""

_COINS = {coin_id: coin for coin, coin_id in COIN_IDS.items()}
_BAD_KEY = {"10002", "10010", "10011"}
_PREMIUM = {"10005", "10012"}

_Seconds = Annotated[int, msgspec.Meta(gt=0, lt=10**11)]
_TimeMs = Annotated[int, msgspec.Meta(gt=0, lt=10**14)]


class _Coin(msgspec.Struct):
    last_updated_at: _Seconds


class _Chart(msgspec.Struct):
    prices: list[msgspec.Raw]


class _Context(msgspec.Struct):
    id: str
    vs: str


class _Status(msgspec.Struct):
    error_code: msgspec.Raw


class _Wrapped(msgspec.Struct):
    status: _Status


def covered(instruments: Iterable[Instrument]) -> list[Instrument]:
    """The instruments that this provider quotes."""
    return [each for each in instruments if each.quote == "USD" and each.base in COIN_IDS]


def price_request(url: str, instruments: Iterable[Instrument]) -> Request:
    """One call for all these coins, unrounded and with their times."""
    params = {
        "ids": ",".join(COIN_IDS[instrument.base] for instrument in instruments),
        "vs_currencies": CURRENCY,
        "include_last_updated_at": "true",
        "precision": "full",
    }
    return Request("simple/price", "", f"{url}/simple/price", params)


def chart_request(url: str, instrument: Instrument) -> Request:
    """The last day of one coin, a point every five minutes."""
    coin_id = COIN_IDS[instrument.base]
    context = msgspec.json.encode(_Context(coin_id, CURRENCY)).decode()
    params = {"vs_currency": CURRENCY, "days": "1", "precision": "full"}
    return Request("market_chart", context, f"{url}/coins/{coin_id}/market_chart", params)


def check(answer: Answer, request: str) -> None:
    """Raise what an answer without prices means; errors come in four shapes."""
    if answer.status == 429:
        raise BurstError(PROVIDER, answer.retry_after_s or RETRY_S)
    if answer.status >= 500 or answer.status == 408:
        raise TransientError(PROVIDER, f"HTTP {answer.status}", answer.retry_after_s)
    body = decode_or_none(answer.body, dict[str, msgspec.Raw])
    if body is not None and ("error" in body or "status" in body or "error_code" in body):
        raise _failure(_code(body), request, answer)
    if answer.status >= 400:
        raise _failure(str(answer.status), request, answer)
    if body is None:
        raise MalformedError(PROVIDER, "not a JSON object")


def parse_simple_price(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """A rate for every coin of the answer, at the provider's own time."""
    check(Answer(200, record.payload, record.received_us), record.kind)
    ticks, refusals = [], []
    for coin_id, raw in decode(PROVIDER, record.payload, dict[str, msgspec.Raw]).items():
        try:
            instrument = _instrument(coin_id, CURRENCY, instruments)
            seconds = decode(PROVIDER, raw, _Coin).last_updated_at
            price = number_of(_price(raw))
        except (ConnectorError, MarketError) as error:
            refusals.append(refused(error, f'"{coin_id}":{text_of(raw)}'))
            continue
        ticks.append(Tick(seconds * 1_000_000, instrument, record.source.id, RATE, price=price))
    return Parsed(TickBatch.of(ticks), BarBatch.empty(), tuple(refusals))


def parse_market_chart(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """The points of a chart, each at its own time."""
    context = decode(PROVIDER, record.context.encode(), _Context)
    instrument = _instrument(context.id, context.vs, instruments)
    check(Answer(200, record.payload, record.received_us), record.kind)
    ticks, refusals = [], []
    for raw in decode(PROVIDER, record.payload, _Chart).prices:
        try:
            time_ms, value = decode(PROVIDER, raw, tuple[_TimeMs, msgspec.Raw])
            price = number_of(value)
        except (ConnectorError, MarketError) as error:
            refusals.append(refused(error, bytes(raw)))
            continue
        ticks.append(Tick(time_ms * 1_000, instrument, record.source.id, RATE, price=price))
    return Parsed(TickBatch.of(ticks), BarBatch.empty(), tuple(refusals))


def _instrument(coin_id: str, currency: str, instruments: InstrumentTable) -> int:
    return instruments.by_symbol(f"{_COINS.get(coin_id, coin_id)}-{currency.upper()}").id


def _price(raw: msgspec.Raw) -> msgspec.Raw:
    fields = decode(PROVIDER, raw, dict[str, msgspec.Raw])
    return fields.get(CURRENCY, msgspec.Raw(b"null"))


def _code(body: dict[str, msgspec.Raw]) -> str:
    """The error's code, wherever this shape holds it; empty where it has none."""
    if "error_code" in body:
        return text_of(body["error_code"])
    for shape in (body.get("status"), body.get("error")):
        if shape is None:
            continue
        status = decode_or_none(shape, _Status)
        wrapped = decode_or_none(shape, _Wrapped)
        if status is not None:
            return text_of(status.error_code)
        if wrapped is not None:
            return text_of(wrapped.status.error_code)
    return ""


def _failure(code: str, request: str, answer: Answer) -> ConnectorError:
    if code == "429":
        return BurstError(PROVIDER, answer.retry_after_s or RETRY_S)
    if code in _BAD_KEY:
        return BadKeyError(PROVIDER)
    if code in _PREMIUM:
        return PremiumError(PROVIDER, request)
    if code in ("401", "403"):
        return TransientError(PROVIDER, f"HTTP {answer.status}", answer.retry_after_s)
    return UnknownAtProviderError(PROVIDER, request)
