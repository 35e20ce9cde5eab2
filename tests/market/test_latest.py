"""The newest prices: of any order and any split of the same ticks the same table, never going back."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.errors import UnknownSymbolError
from market.instruments import CATALOGUE, InstrumentTable
from market.latest import LATEST, LatestPrices
from market.prices import decimal_of
from market.ticks import QUOTE, RATE, TRADE, Tick, TickBatch
from tests.market.strategies import ticks

SYMBOLS = {"EUR-USD": 1, "BTC-USDT": 101}
TICKS = st.lists(
    ticks(instruments=list(SYMBOLS.values()), span_us=4),
    unique_by=lambda tick: (tick.instrument, tick.kind == QUOTE, tick.time_us, tick.seq),
    max_size=12,
)


def latest(batches: Sequence[Sequence[Tick]]) -> LatestPrices:
    table = LatestPrices(CATALOGUE)
    for batch in batches:
        table.apply(TickBatch.of(batch))
    return table


def split(data: st.DataObject, rows: Sequence[Tick]) -> list[list[Tick]]:
    """The rows in another order, in some number of parts."""
    shuffled = data.draw(st.permutations(rows))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    return [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]


def newest(rows: Sequence[Tick], instrument: int, quote: bool) -> Tick | None:
    mine = [row for row in rows if row.instrument == instrument and (row.kind == QUOTE) == quote]
    return max(mine, key=lambda row: (row.time_us, row.seq), default=None)


class TestApply:
    @given(TICKS, st.data())
    def test_any_order_and_any_split_gives_the_same_table(
        self, rows: list[Tick], data: st.DataObject
    ) -> None:
        parts = split(data, rows)
        assert latest(parts).table.tobytes() == latest([rows]).table.tobytes()

    @given(TICKS)
    def test_holds_the_newest_quote_and_the_newest_price(self, rows: list[Tick]) -> None:
        table = latest([rows])
        for symbol, identity in SYMBOLS.items():
            item = table.item(symbol)
            quote, price = (newest(rows, identity, is_quote) for is_quote in (True, False))
            assert (item["quote_time"], item["quote_seq"]) == moment(quote)
            assert (item["price_time"], item["price_seq"]) == moment(price)
            if quote is not None:
                exponent = int(item["quote_exponent"])
                assert decimal_of(int(item["bid"]), exponent) == quote.bid
                assert decimal_of(int(item["ask"]), exponent) == quote.ask
            if price is not None:
                assert decimal_of(int(item["price"]), int(item["price_exponent"])) == price.price
                size = decimal_of(int(item["size"]), int(item["size_exponent"]))
                assert size == (price.size or Decimal(0))

    @given(TICKS)
    def test_the_source_is_that_of_the_newer_one(self, rows: list[Tick]) -> None:
        table = latest([rows])
        for symbol, identity in SYMBOLS.items():
            quote, price = (newest(rows, identity, is_quote) for is_quote in (True, False))
            if quote is not None and (price is None or quote.time_us > price.time_us):
                assert table.item(symbol)["source"] == quote.source
            elif price is not None:
                assert table.item(symbol)["source"] == price.source

    @given(TICKS, st.data())
    def test_never_goes_back_and_names_what_moved(
        self, rows: list[Tick], data: st.DataObject
    ) -> None:
        table = LatestPrices(CATALOGUE)
        for part in split(data, rows):
            before = table.table.copy()
            moved = table.apply(TickBatch.of(part))
            assert moved.tolist() == np.flatnonzero(before != table.table).tolist()
            for half in ("quote", "price"):
                earlier = list(zip(before[f"{half}_time"], before[f"{half}_seq"], strict=True))
                after = zip(table.table[f"{half}_time"], table.table[f"{half}_seq"], strict=True)
                assert all(new >= old for new, old in zip(after, earlier, strict=True))

    @pytest.mark.parametrize("parts", [[[0, 1]], [[0], [1]]], ids=["one batch", "two batches"])
    def test_of_two_with_equal_time_and_sequence_the_first_is_kept(
        self, parts: list[list[int]]
    ) -> None:
        rows = [Tick(5, 1, 40, RATE, price="1.1"), Tick(5, 1, 20, RATE, price="1.2")]
        item = latest([[rows[at] for at in part] for part in parts]).item("EUR-USD")
        assert (item["price"], item["price_exponent"], item["source"]) == (11, 1, 40)

    def test_of_nothing_moves_nothing(self) -> None:
        assert LatestPrices(CATALOGUE).apply(TickBatch.empty()).tolist() == []


class TestRestore:
    @given(TICKS, TICKS)
    def test_merges_two_tables_as_if_one_had_seen_all(
        self, mine: list[Tick], theirs: list[Tick]
    ) -> None:
        table, other = latest([mine]), latest([theirs])
        table.restore(other.items_bytes(np.arange(len(other.table))))
        assert table.table.tobytes() == latest([mine, theirs]).table.tobytes()

    def test_reads_a_whole_table_at_once(self) -> None:
        table = latest([[Tick(5, 101, 12, TRADE, 1, price="9", size="2")]])
        copy = LatestPrices(CATALOGUE)
        copy.restore([table.table.tobytes()])
        assert copy.table.tobytes() == table.table.tobytes()

    def test_an_older_item_changes_nothing(self) -> None:
        newer, older = (latest([[Tick(at, 1, 12, RATE, price=str(at))]]) for at in (6, 5))
        newer.restore([older.table.tobytes()])
        assert newer.item("EUR-USD")["price"] == 6

    def test_passes_over_an_instrument_that_is_no_longer_known(self) -> None:
        table = latest([[Tick(5, 201, 20, RATE, price="3")]])
        small = LatestPrices(InstrumentTable([CATALOGUE.by_id(1)]))
        small.restore(table.items_bytes(np.array([201])))
        assert not small.table["price_time"].any()


def elected(source: int, price: int, at_us: int, since_us: int) -> bytes:
    """An item of a source that is elected since then."""
    table = latest([[Tick(at_us, 1, source, RATE, price=str(price))]])
    table.table["elected"] = since_us
    return table.items_bytes(np.array([1]))[0]


class TestElections:
    KRAKEN, COINBASE = 60, 70

    def test_a_later_one_counts_though_its_price_is_older(self) -> None:
        table = LatestPrices(CATALOGUE)
        table.restore([elected(self.KRAKEN, 5, 100, 1)])
        table.restore([elected(self.COINBASE, 6, 90, 2)])
        assert (table.item("EUR-USD")["price"], table.item("EUR-USD")["price_time"]) == (6, 90)
        table.restore([elected(self.KRAKEN, 7, 200, 1)])
        assert table.item("EUR-USD")["price"] == 6

    @given(st.permutations([(60, 5, 100, 1), (60, 6, 110, 1), (70, 7, 90, 2), (70, 8, 95, 2)]))
    def test_in_any_order_and_split_the_last_elections_newest_is_shown(
        self, facts: list[tuple[int, int, int, int]]
    ) -> None:
        items = [elected(*fact) for fact in facts]
        for parts in ([items], [[item] for item in items]):
            table = LatestPrices(CATALOGUE)
            for part in parts:
                table.restore(part)
            assert (table.item("EUR-USD")["price"], table.item("EUR-USD")["source"]) == (8, 70)

    def test_of_one_source_a_later_election_does_not_go_back(self) -> None:
        table = latest([[Tick(100, 1, self.KRAKEN, RATE, price="5")]])
        table.restore([elected(self.KRAKEN, 4, 90, 3)])
        assert table.item("EUR-USD")["price"] == 5
        assert table.item("EUR-USD")["elected"] == 3

    def test_ticks_of_another_source_than_the_elected_are_passed_over(self) -> None:
        table = LatestPrices(CATALOGUE)
        table.restore([elected(self.KRAKEN, 5, 100, 1)])
        other = Tick(200, 1, self.COINBASE, RATE, price="9")
        own = Tick(150, 1, self.KRAKEN, RATE, price="6")
        assert table.apply(TickBatch.of([other])).tolist() == []
        assert table.apply(TickBatch.of([other, own])).tolist() == [1]
        assert table.item("EUR-USD")["price"] == 6


class TestItems:
    def test_are_one_a_symbol(self) -> None:
        table = latest([[Tick(5, 1, 12, QUOTE, 7, bid="1.1", ask="1.2")]])
        (data,) = table.items_bytes(np.array([1]))
        assert len(data) == LATEST.itemsize
        assert np.frombuffer(data, LATEST)[0] == table.item("EUR-USD")

    def test_an_unknown_symbol_is_named(self) -> None:
        with pytest.raises(UnknownSymbolError, match="XXX"):
            LatestPrices(CATALOGUE).item("XXX")


def moment(tick: Tick | None) -> tuple[int, int]:
    return (0, 0) if tick is None else (tick.time_us, tick.seq)
