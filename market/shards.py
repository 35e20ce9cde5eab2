"""Shards: which partitions of a log a process reads, where several share a flow's work.

All partitions of a source (its stream, its polls, its history) are in one shard: what is stored of them
has the source in its key, so that no two shards ever write the same tick or candle.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from market.errors import MarketError
from market.sources import Source

SLOTS = 60
"""What shards are made of: more than there are providers, and evenly divided by 2, 3, 4, 5 and 6."""

_NAME = re.compile(r"([1-9][0-9]{0,2})/([1-9][0-9]{0,2})")


class NoShardError(MarketError):
    """Words that name no shard."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"not a shard: {self.text!r}; the first of two is 1/2, and there are at most {SLOTS}"


@dataclass(frozen=True, slots=True)
class Shard:
    """The `number`th of `count` parts, counted from 1, as 1/2. NoShardError where there is no such part."""

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count <= SLOTS:
            raise NoShardError(str(self))

    @classmethod
    def of(cls, text: str) -> Self:
        """The shard of a text such as 1/2; NoShardError where it is none."""
        found = _NAME.fullmatch(text)
        if found is None:
            raise NoShardError(text)
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @property
    def label(self) -> str:
        """How the shard ends the name of a file: nothing where it is the whole, else as `-1of2`."""
        return "" if self == WHOLE else f"-{self.number}of{self.count}"

    @property
    def slots(self) -> range:
        """The slots that make up the shard, ascending. Shards overlap where they share one."""
        return range(self.number - 1, SLOTS, self.count)

    def has(self, source: Source) -> bool:
        """Whether the partitions of a source fall to this shard."""
        return source.provider_number % SLOTS in self.slots

    def overlaps(self, other: "Shard") -> bool:
        """Whether a source may fall to both."""
        return not set(self.slots).isdisjoint(other.slots)


WHOLE = Shard(1, 1)
"""All of it."""


def shards(count: int) -> Iterator[Shard]:
    """All of so many shards, in their order."""
    return (Shard(number, count) for number in range(1, count + 1))
