"""The sandbox answers every request that the connector builds, on both hosts, and nothing is refused."""

from datetime import date

import numpy as np
import pytest

from connectors.answers import Answer as Came
from connectors.answers import Request as Asked
from connectors.coingecko.charts import chart_request, range_request
from connectors.coingecko.checks import check
from connectors.coingecko.coins import covered
from connectors.coingecko.connector import connector
from connectors.coingecko.history import history_request
from connectors.coingecko.markets import markets_request
from connectors.coingecko.ohlc import ohlc_request
from connectors.connector import Access
from connectors.parsing import parse
from connectors.sandbox import coingecko
from connectors.sandbox.wire import Request, World
from market.instruments import CATALOGUE
from market.log import LogRecord, Parsed
from market.sources import Feed, source_of
from tests.connectors.sandbox.coingecko_worlds import DAY_US, DEMO_KEY, MINUTE_US, PRO_KEY
from tests.connectors.sandbox.conftest import NOW_US

PEPE = CATALOGUE.by_symbol("PEPE-USD")
HOSTS = [("api/v3", DEMO_KEY, False), ("pro/api/v3", PRO_KEY, True)]


def came(world: World, asked: Asked, headers: dict[str, str]) -> Parsed:
    answer = coingecko.respond(world, Request(asked.url, asked.params, headers, NOW_US))
    check(Came(answer.status, answer.body, NOW_US), str(asked))
    source = source_of("coingecko", Feed.SIMULATED)
    record = LogRecord("x-0", 0, source, asked.kind, asked.context, NOW_US, answer.body)
    parsed = parse(record, CATALOGUE)
    assert parsed.refused == ()
    return parsed


@pytest.mark.parametrize(("url", "headers", "pro"), HOSTS)
class TestBothHosts:
    def test_ranges(self, premium: World, url: str, headers: dict[str, str], pro: bool) -> None:
        start_us = NOW_US - 60 * MINUTE_US
        asked = range_request(url, PEPE, start_us, NOW_US - MINUTE_US, iso=pro)
        ticks = came(premium, asked, headers).ticks
        assert 11 <= len(ticks) <= 13
        assert (ticks.time >= start_us - MINUTE_US).all()

    def test_days(self, premium: World, url: str, headers: dict[str, str], pro: bool) -> None:
        asked = history_request(url, PEPE, date(2026, 11, 20), iso=pro)
        (tick,) = came(premium, asked, headers).ticks.rows()
        assert tick.time_us == NOW_US // DAY_US * DAY_US - 4 * DAY_US
        assert float(str(tick.price)) == premium.simulator.mid("PEPE-USD", tick.time_us)

    def test_charts_and_markets(
        self, premium: World, url: str, headers: dict[str, str], pro: bool
    ) -> None:
        assert len(came(premium, chart_request(url, PEPE), headers).ticks) > 280
        page = came(premium, markets_request(url, covered(CATALOGUE)), headers)
        assert len(page.ticks) == 9

    @pytest.mark.parametrize(("days", "interval_s"), [("1", 1_800), ("14", 14_400)])
    def test_bars_at_their_opening(
        self,
        premium: World,
        url: str,
        headers: dict[str, str],
        pro: bool,
        days: str,
        interval_s: int,
    ) -> None:
        asked = ohlc_request(url, PEPE, "1" if days == "1" else "14")
        bars = came(premium, asked, headers).bars
        step_us = interval_s * 1_000_000
        assert set(bars.interval_s.tolist()) == {interval_s}
        assert (np.diff(bars.time) == step_us).all()
        assert NOW_US - 2 * step_us < bars.time[-1] <= NOW_US - step_us
        opening = float(str(bars.row(0).open))
        assert opening == premium.simulator.mid("PEPE-USD", int(bars.time[0]))


def test_the_polls_and_histories_of_a_connector(premium: World) -> None:
    access = Access("pro", key="CG-1", plan="pro")
    built = connector(access, CATALOGUE)
    assert built.endpoint is not None
    headers = dict(built.endpoint.headers)
    (poll,) = built.polls
    ticks = came(premium, poll.request, headers).ticks
    assert set(ticks.instrument.tolist()) == poll.instruments
    requests = built.history({}, NOW_US)
    assert len(requests) == len(poll.instruments)
    assert all(len(came(premium, each, headers).ticks) > 280 for each in requests[:2])
