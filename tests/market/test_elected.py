"""Newest prices by source and the elected ones: what moves, what is kept, what a restart knows."""

from market.elected import ElectedPrices, Items
from market.instruments import CATALOGUE
from market.latest import LatestPrices
from market.sources import Feed, Source, source_of
from market.ticks import QUOTE, TRADE, Tick, TickBatch

KRAKEN, COINBASE = (source_of(name, Feed.LIVE) for name in ("kraken", "coinbase"))
BTC = CATALOGUE.by_symbol("BTC-USD").id
NOW = 1_700_000_000_000_000
SECOND = 1_000_000


def trade(source: Source, second: int, price: int) -> TickBatch:
    tick = Tick(NOW + second * SECOND, BTC, source.id, TRADE, second, price=str(price))
    return TickBatch.of([tick])


def prices(items: Items) -> dict[str, int]:
    return {CATALOGUE.by_id(int(item["instrument"])).symbol: int(item["price"]) for item in items}


def table() -> ElectedPrices:
    """Kraken at 10 and silent for a minute, then Coinbase at 21."""
    found = ElectedPrices(CATALOGUE)
    for source, second, price in ((KRAKEN, 0, 10), (COINBASE, 1, 20), (COINBASE, 60, 21)):
        found.apply(source, trade(source, second, price), NOW + second * SECOND)
    return found


def test_a_source_moves_its_own_item_and_says_whether_it_is_elected() -> None:
    found = ElectedPrices(CATALOGUE)
    first = found.apply(KRAKEN, trade(KRAKEN, 0, 10), NOW)
    second = found.apply(COINBASE, trade(COINBASE, 1, 20), NOW + SECOND)
    assert (first.elected.tolist(), second.elected.tolist()) == ([True], [False])
    assert first.items["elected"].tolist() == [NOW]
    assert second.items["elected"].tolist() == [0]
    assert prices(found.elected_items()) == {"BTC-USD": 10}
    own = {source.provider: prices(items) for source, items in found.items_by_source().items()}
    assert own == {"kraken": {"BTC-USD": 10}, "coinbase": {"BTC-USD": 20}}


def test_what_does_not_move_is_not_heard() -> None:
    found = ElectedPrices(CATALOGUE)
    found.apply(KRAKEN, trade(KRAKEN, 5, 10), NOW)
    again = found.apply(KRAKEN, trade(KRAKEN, 5, 10), NOW + SECOND)
    assert (len(again.ids), again.switches) == (0, [])


def test_a_switch_shows_the_other_sources_item_and_nothing_of_the_one_before() -> None:
    found = ElectedPrices(CATALOGUE)
    quote = Tick(NOW, BTC, KRAKEN.id, QUOTE, bid="9", ask="11")
    found.apply(KRAKEN, TickBatch.of([quote]), NOW)
    moved = found.apply(COINBASE, trade(COINBASE, 60, 21), NOW + 60 * SECOND)
    assert [switch.now for switch in moved.switches] == [COINBASE]
    (item,) = found.elected_items()
    assert (item["source"], item["price"], item["quote_time"]) == (COINBASE.id, 21, 0)
    board = LatestPrices(CATALOGUE)
    board.restore([found.item(KRAKEN, BTC), item.tobytes()])
    assert board.item("BTC-USD")["quote_time"] == 0


def test_a_state_is_taken_up_where_it_was() -> None:
    known, again = table(), ElectedPrices(CATALOGUE)
    again.resume(known.state())
    assert again.state() == known.state()
    assert prices(again.elected_items()) == {"BTC-USD": 21}
    older = ElectedPrices(CATALOGUE)
    older.apply(KRAKEN, trade(KRAKEN, 0, 10), NOW)
    again.resume(older.state())
    assert again.state() == known.state()


def test_a_source_that_speaks_seldom_is_known_as_that_after_a_restart() -> None:
    known, again = ElectedPrices(CATALOGUE), ElectedPrices(CATALOGUE)
    for second in (0, 100, 200, 300, 400):
        known.apply(KRAKEN, trade(KRAKEN, second, 10), NOW + second * SECOND)
    again.resume(known.state())
    again.apply(KRAKEN, trade(KRAKEN, 500, 10), NOW + 500 * SECOND)
    moved = again.apply(COINBASE, trade(COINBASE, 600, 20), NOW + 600 * SECOND)
    assert moved.switches == []


def test_items_of_unknown_instruments_and_sources_are_passed_over() -> None:
    strange = table().elected_items()
    strange["source"] = 999
    again = ElectedPrices(CATALOGUE)
    again.restore([strange.tobytes()])
    strange["instrument"] = 9_999
    again.restore([strange.tobytes()])
    assert len(again.elected_items()) == 0
    assert again.items_by_source() == {} and len(again.elected_items()) == 0
