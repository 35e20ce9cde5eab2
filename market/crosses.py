"""Cross rates: a pair that nobody quotes, through those that are quoted.

The path has the fewest legs; of paths of equal length the one of the best-ranked sources is taken, then
the one whose oldest leg is the freshest. Bids multiply with bids and asks with asks; a leg that is
quoted the other way round is turned (bid = 1 / ask). A rate is never made up: no path is an error.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

from market.errors import MarketError
from market.sources import Source

MAX_LEGS = 3

_WIDE = Context(prec=34)
"""Far more digits than any price has: what is rounded is rounded by who shows it."""


class NoPathError(MarketError):
    """No quoted pairs lead from one currency to the other."""

    def __init__(self, base: str, quote: str) -> None:
        super().__init__(base, quote)
        self.base = base
        self.quote = quote

    def __str__(self) -> str:
        return f"no rates lead from {self.base} to {self.quote}"


@dataclass(frozen=True, slots=True)
class Rate:
    """So much of `quote` for one of `base`; bid and ask are equal where only one price is known."""

    base: str
    quote: str
    bid: Decimal
    ask: Decimal
    time_us: int
    source: Source

    @property
    def symbol(self) -> str:
        """The pair as it is quoted."""
        return f"{self.base}-{self.quote}"


@dataclass(frozen=True, slots=True)
class Leg:
    """A rate, and whether it is used the other way round."""

    rate: Rate
    inverted: bool

    @property
    def end(self) -> str:
        """The currency that it leads to."""
        return self.rate.base if self.inverted else self.rate.quote

    @property
    def bid(self) -> Decimal:
        """What is got for one."""
        return _WIDE.divide(Decimal(1), self.rate.ask) if self.inverted else self.rate.bid

    @property
    def ask(self) -> Decimal:
        """What is paid for one."""
        return _WIDE.divide(Decimal(1), self.rate.bid) if self.inverted else self.rate.ask


@dataclass(frozen=True, slots=True)
class Cross:
    """A cross rate, its legs in order; `time_us` is the oldest leg's."""

    base: str
    quote: str
    bid: Decimal
    ask: Decimal
    time_us: int
    legs: tuple[Leg, ...]

    @property
    def mid(self) -> Decimal:
        """Between bid and ask."""
        return _WIDE.divide(_WIDE.add(self.bid, self.ask), Decimal(2))


def cross_rate(base: str, quote: str, rates: Iterable[Rate]) -> Cross:
    """The rate of a pair from these, of which one may be the pair itself. NoPathError: there is none."""
    ways: dict[str, list[Leg]] = defaultdict(list)
    for rate in rates:
        ways[rate.base].append(Leg(rate, inverted=False))
        ways[rate.quote].append(Leg(rate, inverted=True))
    for count in range(1, MAX_LEGS + 1):
        paths = list(_paths(base, quote, ways, count))
        if paths:
            return _cross(base, quote, min(paths, key=_preference))
    raise NoPathError(base, quote)


def _paths(
    base: str,
    quote: str,
    ways: Mapping[str, Sequence[Leg]],
    count: int,
    seen: frozenset[str] = frozenset(),
) -> Iterator[tuple[Leg, ...]]:
    """Every path of exactly so many legs that passes no currency twice."""
    for leg in ways.get(base, ()):
        if leg.end in seen or leg.end == base:
            continue
        if count == 1:
            if leg.end == quote:
                yield (leg,)
        elif leg.end != quote:
            for rest in _paths(leg.end, quote, ways, count - 1, seen | {base}):
                yield (leg, *rest)


def _preference(path: tuple[Leg, ...]) -> tuple[int, int, int]:
    ranks = [leg.rate.source.rank for leg in path]
    return max(ranks), sum(ranks), -min(leg.rate.time_us for leg in path)


def _cross(base: str, quote: str, path: tuple[Leg, ...]) -> Cross:
    bid = ask = Decimal(1)
    for leg in path:
        bid, ask = _WIDE.multiply(bid, leg.bid), _WIDE.multiply(ask, leg.ask)
    return Cross(base, quote, bid, ask, min(leg.rate.time_us for leg in path), path)
