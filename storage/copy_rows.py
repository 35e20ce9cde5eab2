"""Binary COPY built from columns: PostgreSQL's wire format of ticks and candles, written by numba.

Formats: the PostgreSQL manual, COPY, "Binary Format"; `numeric` as `numeric_send` writes it (number of
base-10000 digits, weight, sign, decimals, digits). Times are microseconds since 2000-01-01.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from market.bars import BarBatch
from market.ticks import Int8s, Int32s, Int64s, TickBatch

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"

_POSTGRES_EPOCH_US = 946_684_800_000_000
_MAX_NUMERIC_BYTES = 4 + 8 + 2 * 15
_TICK_BYTES = 2 + 12 + 8 + 6 + 5 + 5 + 12 + 4 * _MAX_NUMERIC_BYTES + 5
_CANDLE_BYTES = 2 + 12 + 8 + 6 + 5 + 5 + 5 * _MAX_NUMERIC_BYTES + 8 + 8 + 12
_BAR_BYTES = 2 + 12 + 8 + 6 + 5 + 5 + 8 + 5 * _MAX_NUMERIC_BYTES
_POWERS = np.array([10**power for power in range(19)], np.int64)

Buffer = npt.NDArray[np.uint8]


def tick_rows(batch: TickBatch, feed_code: str) -> bytes:
    """The batch as COPY rows (without header and trailer) in the column order of `market.ticks`."""
    buffer = np.empty(len(batch) * _TICK_BYTES, np.uint8)
    end = _encode_ticks(
        buffer,
        (batch.time, batch.seq, batch.instrument, batch.source, batch.kind, batch.late),
        (batch.bid, batch.ask, batch.price, batch.exponent),
        (batch.size, batch.size_exponent),
        ord(feed_code),
    )
    return buffer[:end].tobytes()


def candle_rows(bars: BarBatch, feed_code: str, partition_id: int, offset: int) -> bytes:
    """The bars as COPY rows (without header and trailer) in the column order of `market.candles`."""
    buffer = np.empty(len(bars) * _CANDLE_BYTES, np.uint8)
    end = _encode_candles(
        buffer,
        (bars.time, bars.instrument, bars.source, bars.side, bars.ticks),
        (bars.prices, bars.exponents),
        (bars.volume_units, bars.volume_fraction),
        (ord(feed_code), partition_id, offset),
    )
    return buffer[:end].tobytes()


def bar_rows(bars: BarBatch, feed_code: str) -> bytes:
    """The bars as COPY rows (without header and trailer) in the column order of `market.bars`."""
    buffer = np.empty(len(bars) * _BAR_BYTES, np.uint8)
    end = _encode_bars(
        buffer,
        (bars.time, bars.instrument, bars.source, bars.side, bars.interval_s),
        (bars.prices, bars.exponents),
        (bars.volume_units, bars.volume_fraction),
        ord(feed_code),
    )
    return buffer[:end].tobytes()


@njit(cache=True, nogil=True)
def _put(buffer: Buffer, at: int, value: int, width: int) -> int:
    """A big-endian integer of `width` bytes at a position; the position behind it."""
    for byte in range(width):
        buffer[at + byte] = (value >> (8 * (width - 1 - byte))) & 0xFF
    return at + width


@njit(cache=True, nogil=True)
def _put_field(buffer: Buffer, at: int, value: int, width: int) -> int:
    """A field: its length, then the integer."""
    return _put(buffer, _put(buffer, at, width, 4), value, width)


@njit(cache=True, nogil=True)
def _put_integer_digits(buffer: Buffer, at: int, whole: int) -> int:
    """The base-10000 digits of a whole number above 0, highest first."""
    divisor = 1
    while whole // divisor >= 10_000:
        divisor *= 10_000
    while divisor > 0:
        at = _put(buffer, at, (whole // divisor) % 10_000, 2)
        divisor //= 10_000
    return at


@njit(cache=True, nogil=True)
def _put_fraction_digits(buffer: Buffer, at: int, fraction: int, decimals: int) -> int:
    """The base-10000 digits of `fraction / 10**decimals`."""
    left = decimals
    while left > 0:
        if left >= 4:
            shift = left - 4
            digit = fraction // _POWERS[shift] if shift < 19 else 0
            if shift < 19:
                fraction -= digit * _POWERS[shift]
        else:
            digit = fraction * _POWERS[4 - left]
        at = _put(buffer, at, digit, 2)
        left -= 4
    return at


@njit(cache=True, nogil=True)
def _put_parts(buffer: Buffer, at: int, whole: int, fraction: int, decimals: int) -> int:
    """A numeric field of a whole part and `fraction / 10**decimals`."""
    start = at
    body = at + 12
    end = _put_integer_digits(buffer, body, whole) if whole > 0 else body
    weight = (end - body) // 2 - 1
    end = _put_fraction_digits(buffer, end, fraction, decimals)
    _put(buffer, start, end - start - 4, 4)
    _put(buffer, start + 4, (end - body) // 2, 2)
    _put(buffer, start + 6, weight, 2)
    _put(buffer, start + 8, 0, 2)
    _put(buffer, start + 10, decimals, 2)
    return end


@njit(cache=True, nogil=True)
def _put_number(buffer: Buffer, at: int, mantissa: int, exponent: int) -> int:
    """A numeric field of `mantissa / 10**exponent`, or NULL where the mantissa is 0."""
    if mantissa == 0:
        return _put(buffer, at, -1, 4)
    if exponent > 18:
        return _put_parts(buffer, at, 0, mantissa, exponent)
    whole = mantissa // _POWERS[exponent]
    return _put_parts(buffer, at, whole, mantissa - whole * _POWERS[exponent], exponent)


@njit(cache=True, nogil=True)
def _put_trimmed(buffer: Buffer, at: int, mantissa: int, exponent: int) -> int:
    """The same without the trailing zeros behind the point."""
    while exponent > 0 and mantissa % 10 == 0:
        mantissa //= 10
        exponent -= 1
    return _put_number(buffer, at, mantissa, exponent)


@njit(cache=True, nogil=True)
def _put_volume(buffer: Buffer, at: int, units: int, fraction: int) -> int:
    """A numeric field of a volume in units and 10**-18ths, or NULL where both are 0."""
    if units == 0 and fraction == 0:
        return _put(buffer, at, -1, 4)
    decimals = 18
    while decimals > 0 and fraction % 10 == 0:
        fraction //= 10
        decimals -= 1
    return _put_parts(buffer, at, units, fraction, decimals)


@njit(cache=True, nogil=True)
def _encode_ticks(
    buffer: Buffer,
    key: tuple[Int64s, Int64s, Int32s, npt.NDArray[np.int16], Int8s, npt.NDArray[np.bool_]],
    prices: tuple[Int64s, Int64s, Int64s, Int8s],
    size: tuple[Int64s, Int8s],
    feed: int,
) -> int:
    """Fill `buffer` with 11 fields a row; the number of bytes used. O(n)."""
    time, seq, instrument, source, kind, late = key
    bid, ask, price, exponent = prices
    at = 0
    for row in range(len(time)):
        at = _put(buffer, at, 11, 2)
        at = _put_field(buffer, at, time[row] - _POSTGRES_EPOCH_US, 8)
        at = _put_field(buffer, at, instrument[row], 4)
        at = _put_field(buffer, at, source[row], 2)
        at = _put_field(buffer, at, kind[row], 1)
        at = _put_field(buffer, at, feed, 1)
        at = _put_field(buffer, at, seq[row], 8)
        at = _put_number(buffer, at, bid[row], exponent[row])
        at = _put_number(buffer, at, ask[row], exponent[row])
        at = _put_number(buffer, at, price[row], exponent[row])
        at = _put_number(buffer, at, size[0][row], size[1][row])
        at = _put_field(buffer, at, 1 if late[row] else 0, 1)
    return at


@njit(cache=True, nogil=True)
def _encode_candles(
    buffer: Buffer,
    key: tuple[Int64s, Int32s, npt.NDArray[np.int16], Int8s, Int32s],
    prices: tuple[Int64s, Int8s],
    volume: tuple[Int64s, Int64s],
    constants: tuple[int, int, int],
) -> int:
    """Fill `buffer` with 13 fields a row; the number of bytes used. O(n)."""
    time, instrument, source, side, ticks = key
    feed, partition_id, offset = constants
    at = 0
    for row in range(len(time)):
        at = _put(buffer, at, 13, 2)
        at = _put_field(buffer, at, time[row] - _POSTGRES_EPOCH_US, 8)
        at = _put_field(buffer, at, instrument[row], 4)
        at = _put_field(buffer, at, source[row], 2)
        at = _put_field(buffer, at, side[row], 1)
        at = _put_field(buffer, at, feed, 1)
        for column in range(4):
            at = _put_trimmed(buffer, at, prices[0][row, column], prices[1][row, column])
        at = _put_volume(buffer, at, volume[0][row], volume[1][row])
        at = _put_field(buffer, at, ticks[row], 4)
        at = _put_field(buffer, at, partition_id, 4)
        at = _put_field(buffer, at, offset, 8)
    return at


@njit(cache=True, nogil=True)
def _encode_bars(
    buffer: Buffer,
    key: tuple[Int64s, Int32s, npt.NDArray[np.int16], Int8s, Int32s],
    prices: tuple[Int64s, Int8s],
    volume: tuple[Int64s, Int64s],
    feed: int,
) -> int:
    """Fill `buffer` with 11 fields a row; the number of bytes used. O(n)."""
    time, instrument, source, side, interval = key
    at = 0
    for row in range(len(time)):
        at = _put(buffer, at, 11, 2)
        at = _put_field(buffer, at, time[row] - _POSTGRES_EPOCH_US, 8)
        at = _put_field(buffer, at, instrument[row], 4)
        at = _put_field(buffer, at, source[row], 2)
        at = _put_field(buffer, at, side[row], 1)
        at = _put_field(buffer, at, feed, 1)
        at = _put_field(buffer, at, interval[row], 4)
        for column in range(4):
            at = _put_trimmed(buffer, at, prices[0][row, column], prices[1][row, column])
        at = _put_volume(buffer, at, volume[0][row], volume[1][row])
    return at
