"""Which of several sources' and sides' rows of one time is taken: one rule for minutes and rollups.

Those made of ticks come before a provider's own bars, then the side that was named first, then the source
of the best rank.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market.intervals import Int64s
from market.sources import Feed, ids_by_rank
from storage.history.folding import begins

_SIDES_BITS = 4
_RANK_BITS = 8


@dataclass(frozen=True, slots=True)
class Ranked:
    """Rows in the order of their time and, within one, of preference; all (n,).

    `order` are the rows so ordered, `firsts` the places in `order` at which a time begins, `counts` how
    many rows it has.
    """

    order: Int64s
    firsts: Int64s
    counts: Int64s

    @property
    def best(self) -> Int64s:
        """The row that is preferred of every time, ascending."""
        best: Int64s = self.order[self.firsts]
        return best


def times_of(table: pa.Table) -> Int64s:
    """The column `time` as microseconds since 1970 UTC."""
    times: Int64s = table.column("time").cast(pa.int64()).to_numpy()
    return times


def numbers_of(table: pa.Table, name: str) -> Int64s:
    """A column of whole numbers without nulls."""
    numbers: Int64s = table.column(name).to_numpy().astype(np.int64)
    return numbers


def ranked(
    table: pa.Table, of_ticks: npt.NDArray[np.bool_], feed: Feed, groups: Int64s | None = None
) -> Ranked:
    """Order rows with `time`, `source_id` and `preference` (0: the side that was named first).

    With `groups` (n,) rows of one time are only compared within each; groups ascend in the order.
    """
    times = times_of(table)
    if groups is None:
        groups = np.zeros(len(times), np.int64)
    rises = np.diff(groups)
    if len(times) < 2 or bool(np.all((rises > 0) | ((rises == 0) & (np.diff(times) > 0)))):
        every = np.arange(len(times), dtype=np.int64)
        return Ranked(every, every, np.ones(len(times), np.int64))
    ranks = np.zeros(2**15, np.int64)
    known = ids_by_rank(feed)
    ranks[known] = np.arange(len(known))
    choice = (
        (~of_ticks).astype(np.int64) << _SIDES_BITS | numbers_of(table, "preference")
    ) << _RANK_BITS | ranks[numbers_of(table, "source_id")]
    order = np.lexsort((choice, times, groups)).astype(np.int64)
    firsts = begins(times[order], groups[order])
    return Ranked(order, firsts, np.diff(firsts, append=len(order)))
