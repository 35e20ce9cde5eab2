"""What the bars of every provider have in common: exact, sensible, gathered into columns."""

from collections.abc import Sequence

import msgspec
import numpy as np

from connectors.errors import MalformedError
from connectors.numerals import pair_of, volume_of
from market.bars import BarBatch, split_volume

_NO_VOLUME = (0, 0)


class BarRows:
    """Bars of one instrument from one source, row by row; a refused row leaves nothing behind."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._times: list[int] = []
        self._prices: list[list[int]] = []
        self._exponents: list[list[int]] = []
        self._volumes: list[tuple[int, int]] = []

    def add(
        self,
        time_us: int,
        prices: Sequence[str | msgspec.Raw],
        volume: str | msgspec.Raw | None = None,
    ) -> None:
        """A bar of open, high, low and close.

        NotAPriceError, or MalformedError where high and low do not hold the others.
        """
        pairs = [pair_of(price) for price in prices]
        finest = max(exponent for _, exponent in pairs)
        first, high, low, last = (mantissa * 10 ** (finest - own) for mantissa, own in pairs)
        if not low <= min(first, last) or not max(first, last) <= high:
            raise MalformedError(
                self._provider, "a bar whose high and low do not hold its open and close"
            )
        parts = _NO_VOLUME if volume is None else split_volume(volume_of(volume))
        self._times.append(time_us)
        self._prices.append([mantissa for mantissa, _ in pairs])
        self._exponents.append([exponent for _, exponent in pairs])
        self._volumes.append(parts)

    def batch(self, instrument: int, source: int, side: int) -> BarBatch:
        """The rows as columns, in the order in which they were added."""
        count = len(self._times)
        batch = BarBatch.empty(count)
        batch.instrument[:], batch.source[:], batch.side[:] = instrument, source, side
        if count:
            batch.time[:] = self._times
            batch.prices[:] = self._prices
            batch.exponents[:] = self._exponents
            batch.volume_units[:], batch.volume_fraction[:] = np.array(self._volumes, np.int64).T
        return batch
