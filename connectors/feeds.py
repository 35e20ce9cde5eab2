"""The feeds: every connector of a configuration, live first, then the day before.

Each provider is on its own: what fails in one is logged and tried again, and the others never notice.
Only the log stops all of them: without it nothing may be received.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass

import httpx2

from connectors import alphavantage, coingecko, fixer
from connectors.answers import Request
from connectors.appending import Appender
from connectors.backfilling import backfill, charts_to_fetch, klines_to_fetch, series_to_fetch
from connectors.backoff import Backoff
from connectors.binance import klines
from connectors.binance.frames import PROVIDER as BINANCE
from connectors.config import FeedsConfig
from connectors.coverage import Coverage, coverage_of
from connectors.errors import AppendError
from connectors.fetching import Check, Fetcher
from connectors.polling import Poller
from connectors.streaming import BinanceStream, stream_address
from connectors.together import together
from market.clock import Clock, system_clock
from market.instruments import CATALOGUE, InstrumentTable
from market.log import Log
from market.sources import Feed, source_of

__all__ = ["FeedsConfig", "run"]

READY_WITHIN_S = 10.0
"""The backfill waits so long for the live connections, then begins without them."""
MAX_CONNECTIONS = 20

CoveredUntil = Callable[[], Awaitable[Mapping[int, int]]]
"""Instrument id → until when candles cover its last day, in µs; what is not covered is absent."""

logger = logging.getLogger(__name__)


async def run(
    config: FeedsConfig,
    log: Log,
    covered_until: CoveredUntil,
    stop: asyncio.Event,
    *,
    instruments: InstrumentTable = CATALOGUE,
    clock: Clock = system_clock,
) -> None:
    """Run the connectors until `stop`. AppendError where the log does not take what came.

    What is covered is asked once, before anything is received: the first live candle would hide the
    time that nobody listened.
    """
    covered = await covered_until()
    limits = httpx2.Limits(max_connections=MAX_CONNECTIONS)
    through_proxy = config.feed is not Feed.SIMULATED
    async with httpx2.AsyncClient(limits=limits, trust_env=through_proxy) as http:
        feeds = _Feeds(config, log, http, coverage_of(instruments), clock)
        connectors = await feeds.connectors(covered)
        running = asyncio.create_task(together(*connectors))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
        finally:
            for task in (running, stopping):
                task.cancel()
            await asyncio.gather(running, stopping, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class _History:
    """What a provider's backfill needs."""

    fetcher: Fetcher
    requests: Sequence[Request]


class _Feeds:
    """The parts of one run, made from its configuration."""

    def __init__(
        self,
        config: FeedsConfig,
        log: Log,
        http: httpx2.AsyncClient,
        coverage: Coverage,
        clock: Clock,
    ) -> None:
        self._config = config
        self._log = log
        self._http = http
        self._coverage = coverage
        self._clock = clock
        self._gap_since_us: int | None = None
        self._gap = asyncio.Event()
        self._history_writers: dict[str, Appender] = {}
        self._opening = asyncio.Lock()

    async def connectors(self, covered: Mapping[int, int]) -> list[Coroutine[None, None, None]]:
        """The connectors of this configuration, and the backfill behind them; each runs for ever."""
        pollers = [
            await self._poller(fetcher, request, spacing_s)
            for fetcher, request, spacing_s in self._polled()
        ]
        stream = await self._stream()
        ready = [stream.ready, *(poller.ready for poller in pollers)]
        return [
            _kept_alive(BINANCE, stream.run),
            *(_kept_alive("a poller", poller.run) for poller in pollers),
            _kept_alive("the backfill", lambda: self._backfill(covered, ready)),
            _kept_alive("the backfill of gaps", self._fill_gaps),
        ]

    def _polled(self) -> list[tuple[Fetcher, list[Request], float]]:
        config, coverage = self._config, self._coverage
        prices = coingecko.price_request(config.coingecko_url, coverage.coingecko)
        polled = [(self._coingecko(), [prices], config.coingecko_spacing_s)]
        if config.alphavantage_key is not None:
            requests = [
                alphavantage.live_request(config.alphavantage_url, each)
                for each in coverage.alphavantage
            ]
            polled.append((self._alphavantage(), requests, config.alphavantage_spacing_s))
        if config.fixer_key is not None:
            fetcher = self._fetcher(fixer.PROVIDER, fixer.check, {"access_key": config.fixer_key})
            latest = fixer.latest_request(config.fixer_url, coverage.fixer)
            polled.append((fetcher, [latest], config.fixer_spacing_s))
        return polled

    async def _poller(
        self, fetcher: Fetcher, requests: Sequence[Request], spacing_s: float
    ) -> Poller:
        writer = await self._appender(fetcher.provider, "0")
        return Poller(fetcher.fetch, requests, writer, spacing_s=spacing_s, clock=self._clock)

    async def _stream(self) -> BinanceStream:
        symbols = [each.base + each.quote for each in self._coverage.binance]
        return BinanceStream(
            stream_address(self._config.binance_stream_url, symbols),
            await self._appender(BINANCE, "0"),
            on_gap=self._note_gap,
            through_proxy=self._config.feed is not Feed.SIMULATED,
        )

    def _note_gap(self, start_us: int, _end_us: int) -> None:
        """After a reconnection: the backfill decides whether the gap is long enough to matter."""
        self._gap_since_us = min(start_us, self._gap_since_us or start_us)
        self._gap.set()

    async def _backfill(self, covered: Mapping[int, int], ready: Sequence[asyncio.Event]) -> None:
        """Fill what is missing at the start."""
        waiting = [asyncio.create_task(event.wait()) for event in ready]
        try:
            await asyncio.wait(waiting, timeout=READY_WITHIN_S)
        finally:
            for task in waiting:
                task.cancel()
        await together(*(self._fill(each) for each in self._histories(covered)))
        await asyncio.Event().wait()  # one that ends is begun again

    async def _fill_gaps(self) -> None:
        """Fill each gap of the stream as it is noticed; one that is not filled stays noted."""
        while True:
            await self._gap.wait()
            self._gap.clear()
            since_us, self._gap_since_us = self._gap_since_us, None
            if since_us is None:
                continue
            heard = {each.id: since_us for each in self._coverage.binance}
            try:
                await self._fill(self._klines(heard))
            except Exception:
                self._note_gap(since_us, since_us)
                raise

    def _histories(self, covered: Mapping[int, int]) -> list[_History]:
        config, coverage = self._config, self._coverage
        now_us = self._clock()
        charts = charts_to_fetch(config.coingecko_url, coverage.coingecko, covered, now_us)
        histories = [self._klines(covered), _History(self._coingecko(), charts)]
        if config.alphavantage_key is not None:
            url = config.alphavantage_url
            # Fixer has no intraday history: its pairs take theirs from Alpha Vantage.
            missed = [*coverage.alphavantage, *coverage.fixer]
            series = series_to_fetch(url, missed, covered, now_us)
            histories.append(_History(self._alphavantage(), series))
        return histories

    def _klines(self, covered: Mapping[int, int]) -> _History:
        url, instruments = self._config.binance_rest_url, self._coverage.binance
        fetcher = self._fetcher(BINANCE, klines.check)
        return _History(fetcher, klines_to_fetch(url, instruments, covered, self._clock()))

    async def _fill(self, history: _History) -> None:
        provider = history.fetcher.provider
        if not history.requests:
            return
        writer = await self._history_writer(provider)
        came = await backfill(history.fetcher.fetch, history.requests, writer)
        logger.info("%s: %d of %d histories came", provider, came, len(history.requests))

    async def _history_writer(self, provider: str) -> Appender:
        async with self._opening:  # a partition has one writer
            if provider not in self._history_writers:
                self._history_writers[provider] = await self._appender(provider, "backfill")
            return self._history_writers[provider]

    def _alphavantage(self) -> Fetcher:
        key = self._config.alphavantage_key or ""
        return self._fetcher(alphavantage.PROVIDER, alphavantage.check, {"apikey": key})

    def _coingecko(self) -> Fetcher:
        key = self._config.coingecko_key
        headers = {} if key is None else {"x-cg-demo-api-key": key}
        return self._fetcher(coingecko.PROVIDER, coingecko.check, headers=headers)

    def _fetcher(
        self,
        provider: str,
        check: Check,
        secrets: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Fetcher:
        return Fetcher(
            provider, self._http, check, secrets=secrets, headers=headers, clock=self._clock
        )

    async def _appender(self, provider: str, shard: str) -> Appender:
        feed = self._config.feed
        partition = f"{provider}-{feed.value}-{shard}"
        source = source_of(provider, feed)
        return Appender(partition, await self._log.writer(partition, source))


async def _kept_alive(name: str, connector: Callable[[], Awaitable[None]]) -> None:
    """Run a connector again whenever it ends: its own fault must not be the others'."""
    backoff = Backoff(first_s=1.0)
    while True:
        try:
            await connector()
        except AppendError:
            raise
        except Exception:  # the top loop of a connector
            logger.exception("%s failed and is started again", name)
        await asyncio.sleep(backoff.next_s())
