"""What can be wrong with a word of the trade."""


class MarketError(ValueError):
    """The root of this room's errors."""


class NotAPriceError(MarketError):
    """A value that stands where a price or a size belongs, and is none."""

    def __init__(self, value: object) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        return f"not a price: {self.value!r}"


class UnknownSymbolError(MarketError):
    """A symbol that no instrument carries."""

    def __init__(self, symbol: str) -> None:
        super().__init__(symbol)
        self.symbol = symbol

    def __str__(self) -> str:
        return f"unknown symbol: {self.symbol}"
