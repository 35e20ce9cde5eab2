"""The feeds as a process: against a sandbox, into the inbox, and stopped without a trace."""

import signal
import time
from pathlib import Path

import psycopg

from connectors.providers import PROVIDERS
from tests.chaos.harness import Command
from tests.support import free_port

DEADLINE_S = 60.0
PARTITIONS = {f"{provider}-simulated-0" for provider in PROVIDERS} | {"coingecko-simulated-stream"}


def test_every_provider_reaches_the_inbox_and_a_stop_is_clean(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    environment = {
        "TRADEWIND_DATABASE_URL": database_url,
        "TRADEWIND_REDIS_URL": redis_url,
        "TRADEWIND_DATA": str(tmp_path / "data"),
        "TRADEWIND_RUN": str(tmp_path / "run"),
        "TRADEWIND_SANDBOX_PORT": str(free_port()),
        "TRADEWIND_FEED": "sandbox",
    }
    sandbox = Command(["sandbox"], environment).start()
    feeds = Command(["feeds"], environment).start()
    try:
        with psycopg.connect(database_url, autocommit=True) as connection:
            deadline = time.monotonic() + DEADLINE_S
            while not partitions_with_records(connection) >= PARTITIONS:
                assert time.monotonic() < deadline
                assert feeds.poll() is None
                time.sleep(0.05)
        feeds.send_signal(signal.SIGTERM)
        output, _ = feeds.communicate(timeout=30)
        assert feeds.returncode == 0, output
    finally:
        for process in (feeds, sandbox):
            process.kill()
            process.communicate()


def partitions_with_records(connection: "psycopg.Connection[tuple[object, ...]]") -> set[object]:
    rows = connection.execute(
        "SELECT DISTINCT name FROM market.inbox JOIN market.inbox_partitions ON id = partition_id"
    )
    return {name for (name,) in rows}
