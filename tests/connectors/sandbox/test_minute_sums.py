"""A minute's sums are those of its trades."""

import numpy as np

from connectors.sandbox.minute_sums import minute_sums
from connectors.sandbox.tape import MINUTE_MS, Trades


def trades(*rows: tuple[int, int, int, bool]) -> Trades:
    """Of (time in ms, price, size, whether the buyer made it)."""
    times, prices, sizes, makers = zip(*rows, strict=True)
    ids = np.arange(len(rows), dtype=np.int64)
    return Trades(
        np.array(times, np.int64), ids, np.array(prices), np.array(sizes), np.array(makers)
    )


def test_two_minutes() -> None:
    sums = minute_sums(
        trades(
            (MINUTE_MS + 1, 10, 2, False),
            (MINUTE_MS + 2, 30, 1, True),
            (MINUTE_MS + 3, 20, 4, False),
            (2 * MINUTE_MS, 7, 5, True),
        )
    )
    assert sums.opening_ms.tolist() == [MINUTE_MS, 2 * MINUTE_MS]
    assert sums.open.tolist() == [10, 7]
    assert sums.high.tolist() == [30, 7]
    assert sums.low.tolist() == [10, 7]
    assert sums.close.tolist() == [20, 7]
    assert sums.size.tolist() == [7, 5]
    assert sums.money.tolist() == [130, 35]
    assert sums.count.tolist() == [3, 1]
    assert sums.taker_size.tolist() == [6, 0]
    assert sums.taker_money.tolist() == [100, 0]


def test_no_trades_have_no_minutes() -> None:
    sums = minute_sums(trades((1, 1, 1, True)).rows(slice(0, 0)))
    assert len(sums.opening_ms) == len(sums.taker_money) == 0
