"""The figures of a day that tickers carry: of the last trades before a client came, and those since."""

from dataclasses import dataclass

from connectors.sandbox.tape import Trades


@dataclass(slots=True)
class Day:
    """Prices in the pair's units, volume in lots, `money` in the product of both."""

    open: int
    high: int
    low: int
    last: int
    last_size: int
    last_id: int
    last_ms: int
    buyer_is_maker: bool
    volume: int
    money: int

    @classmethod
    def of(cls, trades: Trades) -> "Day":
        """The figures of these trades, of which there is one at least."""
        return cls(
            open=int(trades.price[0]),
            high=int(trades.price.max()),
            low=int(trades.price.min()),
            last=int(trades.price[-1]),
            last_size=int(trades.size[-1]),
            last_id=int(trades.ids[-1]),
            last_ms=int(trades.time_ms[-1]),
            buyer_is_maker=bool(trades.buyer_is_maker[-1]),
            volume=int(trades.size.sum()),
            money=int((trades.price.astype(object) * trades.size).sum()),
        )

    def add(self, trades: Trades, row: int) -> None:
        """One trade more."""
        price, size = int(trades.price[row]), int(trades.size[row])
        self.high, self.low = max(self.high, price), min(self.low, price)
        self.last, self.last_size = price, size
        self.last_id, self.last_ms = int(trades.ids[row]), int(trades.time_ms[row])
        self.buyer_is_maker = bool(trades.buyer_is_maker[row])
        self.volume += size
        self.money += price * size

    @property
    def average(self) -> int:
        """The price of all that was traded, by volume, rounded down."""
        return self.money // self.volume
