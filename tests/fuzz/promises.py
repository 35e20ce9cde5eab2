"""What holds of whatever was accepted (M3): prices that were written so, above 0, of a known thing.

No kernel and no parser has a part in the judgement: prices are compared as exact integers with the
numerals that stand in the payload, so that nothing can have become 1 that was `true`.
"""

import re
from datetime import UTC, datetime

from connectors.refusals import MAX_EXCERPT_CHARS
from market.bars import ASK, BID, LAST, MID, VOLUME_FRACTION, VOLUME_LIMIT, BarBatch
from market.clock import microseconds
from market.errors import NotAPriceError
from market.instruments import InstrumentTable
from market.log import Heartbeat, LogRecord, Parsed
from market.prices import MAX_DIGITS, MAX_EXPONENT, exact
from market.ticks import QUOTE, RATE, TRADE, TickBatch

LAST_US = microseconds(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
"""What PostgreSQL and Python can both show."""

_NUMERAL = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3}(?![0-9]))?")
_VEILED = (b"\\u", b"&#", b"PK\x03\x04")
"""Numbers may stand in such a payload without being readable in it."""

Pair = tuple[int, int]


class BrokenPromiseError(AssertionError):
    """Something was accepted that no provider may have meant."""


def assert_kept(parsed: Parsed, record: LogRecord, instruments: InstrumentTable) -> None:
    """BrokenPromiseError where anything that came of a record is not what M3 allows."""
    known = {each.id for each in instruments}
    _of_ticks(parsed.ticks, record, known)
    _of_bars(parsed.bars, record, known)
    for beat in parsed.heartbeats:
        _of_heartbeat(beat, known)
    for refusal in parsed.refused:
        _demand(0 < len(refusal.reason) <= MAX_EXCERPT_CHARS, "a refusal without its reason")
        _demand(len(refusal.excerpt) <= MAX_EXCERPT_CHARS, "an excerpt that is too long")
    accepted = len(parsed.ticks) + len(parsed.bars)
    if accepted and not any(veil in record.payload for veil in _VEILED):
        missing = _prices_of(parsed) - _written(record.payload)
        _demand(not missing, f"prices that were not written: {sorted(missing)[:3]}")


def _of_ticks(ticks: TickBatch, record: LogRecord, known: set[int]) -> None:
    sources = set(ticks.source.tolist())
    _demand(sources <= {record.source.id}, f"ticks of sources {sources}")
    _demand(not ticks.late.any(), "a parser that knows what is late")
    columns = (
        ticks.time, ticks.seq, ticks.bid, ticks.ask, ticks.price, ticks.size,
        ticks.instrument, ticks.kind, ticks.exponent, ticks.size_exponent,
    )  # fmt: skip
    for row in zip(*(column.tolist() for column in columns), strict=True):
        time, seq, bid, ask, price, size, instrument, kind, exponent, size_exponent = row
        _demand(0 < time <= LAST_US, f"a tick at {time} us")
        _demand(seq >= 0, f"a tick numbered {seq}")
        _demand(instrument in known, f"a tick of instrument {instrument}")
        _demand(0 <= exponent <= MAX_EXPONENT, f"an exponent of {exponent}")
        _demand(0 <= size_exponent <= MAX_EXPONENT, f"a size's exponent of {size_exponent}")
        expected = {QUOTE: (True, True, False, False), TRADE: (False, False, True, True)}.get(
            kind, (False, False, True, False)
        )
        _demand(kind in (QUOTE, TRADE, RATE), f"a tick of kind {kind}")
        given = (bid, ask, price, size)
        _demand(tuple(each > 0 for each in given) == expected, f"a tick of numbers {given}")
        _demand(min(given) >= 0 and max(given) <= 10**MAX_DIGITS, f"a tick of numbers {given}")


def _of_bars(bars: BarBatch, record: LogRecord, known: set[int]) -> None:
    sources = set(bars.source.tolist())
    _demand(sources <= {record.source.id}, f"bars of sources {sources}")
    columns = (
        bars.time, bars.prices, bars.exponents, bars.volume_units, bars.volume_fraction,
        bars.instrument, bars.side, bars.ticks, bars.interval_s,
    )  # fmt: skip
    for row in zip(*(column.tolist() for column in columns), strict=True):
        time, prices, exponents, units, fraction, instrument, side, ticks, interval_s = row
        _demand(0 <= time < record.received_us, f"a bar that opens at {time} us")
        _demand(instrument in known, f"a bar of instrument {instrument}")
        _demand(all(0 <= each <= MAX_EXPONENT for each in exponents), f"exponents {exponents}")
        _demand(all(0 < each <= 10**MAX_DIGITS for each in prices), f"a bar of {prices}")
        first, high, low, last = (
            price * 10 ** (MAX_EXPONENT - exponent)
            for price, exponent in zip(prices, exponents, strict=True)
        )
        _demand(low <= min(first, last) and max(first, last) <= high, f"a bar of {prices}")
        _demand(0 <= units < VOLUME_LIMIT and 0 <= fraction < VOLUME_FRACTION, "a volume")
        _demand(side in (MID, BID, ASK, LAST), f"a bar of side {side}")
        _demand(ticks >= 0 and interval_s > 0, f"a bar of {ticks} ticks in {interval_s} s")


def _of_heartbeat(beat: Heartbeat, known: set[int]) -> None:
    _demand(0 < beat.time_us <= LAST_US, f"a heartbeat at {beat.time_us} us")
    _demand(beat.instrument in known, f"a heartbeat of instrument {beat.instrument}")
    _demand(0 <= beat.last_trade_id < 2**63, f"a heartbeat of trade {beat.last_trade_id}")


def _prices_of(parsed: Parsed) -> set[Pair]:
    """Every price and size, without the zeros at its end."""
    ticks, bars = parsed.ticks, parsed.bars
    pairs: set[Pair] = set()
    for bid, ask, exponent in zip(
        ticks.bid.tolist(), ticks.ask.tolist(), ticks.exponent.tolist(), strict=True
    ):
        if max(bid, ask) < 10 ** (MAX_DIGITS - 1):  # else the finer one may be rounded
            pairs |= {_plain(bid, exponent), _plain(ask, exponent)}
    pairs |= set(map(_plain, ticks.price.tolist(), ticks.exponent.tolist()))
    pairs |= set(map(_plain, ticks.size.tolist(), ticks.size_exponent.tolist()))
    pairs |= set(map(_plain, bars.prices.ravel().tolist(), bars.exponents.ravel().tolist()))
    return pairs - {(0, 0)}


def _plain(mantissa: int, exponent: int) -> Pair:
    if mantissa == 0:
        return 0, 0
    while exponent and mantissa % 10 == 0:
        mantissa //= 10
        exponent -= 1
    return mantissa, exponent


def _written(payload: bytes) -> set[Pair]:
    """Every number above 0 that stands in a payload."""
    pairs = set()
    for numeral in set(_NUMERAL.findall(payload)):
        try:
            pairs.add(exact(numeral.decode("ascii")))
        except NotAPriceError:
            continue
    return pairs


def _demand(kept: bool, what: str) -> None:
    if not kept:
        raise BrokenPromiseError(what)
