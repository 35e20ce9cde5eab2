"""Flow `live`: what belongs on a screen, and what does not."""

import threading

from bytewax.testing import TestingSink, run_main

from market.instruments import CATALOGUE
from market.log import LogRecord
from market.ticks import QUOTE, TRADE, Tick
from pipelines.live import build_flow
from pipelines.publish import News
from pipelines.source import LogSource
from tests.pipelines.logs import NOW, SOURCE, ListReader, parse_ticks, record


def trade(time_us: int, seq: int) -> Tick:
    return Tick(NOW + time_us, 101, SOURCE.id, TRADE, seq, price="10", size="1")


def run(records: list[LogRecord]) -> list[News]:
    out: list[tuple[str, News]] = []
    source = LogSource(lambda: ListReader(records), threading.Event())
    run_main(build_flow(source, TestingSink(out), CATALOGUE, parse_ticks))
    return [news for _, news in out]


def test_accepted_ticks_are_news_in_order() -> None:
    news = run([record(0, [trade(0, 1), trade(1, 2)]), record(1, [trade(2, 3)])])
    assert [item.ticks.seq.tolist() for item in news] == [[1, 2], [3]]


def test_late_repeated_and_crossed_ticks_are_none() -> None:
    crossed = Tick(NOW, 102, SOURCE.id, QUOTE, bid="2", ask="1")
    news = run([record(0, [trade(5, 2), trade(5, 2), trade(1, 1), crossed])])
    assert news[0].ticks.seq.tolist() == [2]


def test_history_is_none_but_its_offset_is_told() -> None:
    (news,) = run([record(4, [trade(0, 1)], "binance-backfill")])
    assert (news.offset, len(news.ticks)) == (4, 0)
