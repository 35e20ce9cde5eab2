"""CoinGecko frames: lines `<receive_ns> <raw frame>` of the channel C1 → rates at the provider's time.

Greetings, acknowledgements and frames of other channels are skipped. Every field may be null: a price
without coin, time or price is refused. The stream is slow, a frame a coin and ten seconds: each is
decoded by itself.
"""

import re

import msgspec

from connectors.answers import decode
from connectors.coingecko.coins import CURRENCY, PROVIDER, instrument_of
from connectors.coingecko.times import US_PER_S, time_us
from connectors.errors import ConnectorError, MalformedError
from connectors.numerals import number_of
from connectors.refusals import refused
from market.bars import BarBatch
from market.errors import MarketError
from market.instruments import InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import RATE, Tick, TickBatch

KIND = "frames"
CHANNEL = "C1"

_NULL = msgspec.Raw(b"null")
_LINE = re.compile(rb"([0-9]{1,19}) (.+)", re.DOTALL)


class _Frame(msgspec.Struct):
    c: str | None = None
    i: str | None = None
    vs: str | None = None
    p: msgspec.Raw = _NULL
    t: msgspec.Raw = _NULL
    type: msgspec.Raw = _NULL
    code: msgspec.Raw = _NULL


def parse_frames(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """Rates of packed frames, in their order; what is none is refused line by line."""
    ticks, refusals = [], []
    for line in record.payload.split(b"\n"):
        if not line:
            continue
        try:
            tick = _tick(line, record.source.id, instruments)
        except (ConnectorError, MarketError) as error:
            refusals.append(refused(error, line))
            continue
        if tick is not None:
            ticks.append(tick)
    return Parsed(TickBatch.of(ticks), BarBatch.empty(), tuple(refusals))


def _tick(line: bytes, source: int, instruments: InstrumentTable) -> Tick | None:
    found = _LINE.fullmatch(line)
    if found is None:
        raise MalformedError(PROVIDER, "not a line of receive time and frame")
    frame = decode(PROVIDER, found[2], _Frame)
    if frame.c != CHANNEL:
        _skip(frame)
        return None
    if frame.i is None:
        raise MalformedError(PROVIDER, "a price of no coin")
    instrument = instrument_of(frame.i, frame.vs or CURRENCY, instruments)
    at_us = time_us(frame.t, US_PER_S)
    return Tick(at_us, instrument, source, RATE, price=number_of(frame.p))


def _skip(frame: _Frame) -> None:
    """Pass over a frame that is known to hold no price of ours. MalformedError: any other."""
    if frame.c is None and frame.type == _NULL and frame.code == _NULL:
        raise MalformedError(PROVIDER, "a frame of no channel")
