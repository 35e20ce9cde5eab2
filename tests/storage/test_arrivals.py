"""The newest arrival is that of any partition, and nothing where nothing came."""

import pytest

from market.log import LogEntry
from market.sources import Feed, source_of
from storage.arrivals import Arrivals
from storage.inbox import Inbox

pytestmark = pytest.mark.both_backends

NOW_US = 1_795_521_600_000_000


async def test_the_newest_record_of_any_partition_counts(database_url: str) -> None:
    arrivals = Arrivals(database_url)
    assert arrivals.newest_us(NOW_US) is None
    inbox = Inbox(database_url, None)
    for provider, received_us in (("kraken", NOW_US - 2), ("binance", NOW_US - 7)):
        writer = await inbox.writer(f"{provider}-live-0", source_of(provider, Feed.LIVE))
        await writer.append([LogEntry("frames", "", received_us, b"")])
    await inbox.close()
    assert arrivals.newest_us(NOW_US) == NOW_US - 2
    assert arrivals.newest_us(NOW_US + 3 * 86_400_000_000) is None
    arrivals.close()
