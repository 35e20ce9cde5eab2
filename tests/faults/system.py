"""A running `up` whose sandbox takes faults, and what can be seen of it."""

import json
import re
import urllib.request
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from market.clock import datetime_of, microseconds, system_clock
from market.log import LogRecord
from market.sources import Feed, source_of
from tests.tradewind.support import Up

STREAM_PATHS = {"binance": "stream", "coinbase": "", "coingecko": "v1", "kraken": "v2"}
LIVE_LOGGERS = {"connectors.polling", "connectors.health", "connectors.streaming"}
"""Who tells of a line that does not deliver."""

now_us = system_clock


class System:
    """Instants are µs since 1970. Belongs to one thread."""

    def __init__(self, up: Up) -> None:
        self.up = up
        found = re.search(r"sandbox .*(http://127\.0\.0\.1:\d+)", up.output.read_text())
        assert found is not None, up.output.read_text()
        self._sandbox = found[1]
        self.connection = psycopg.connect(up.state().database_url, autocommit=True)

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()

    def set(self, provider: str, fault: str, options: Mapping[str, object]) -> None:
        """Set a fault of the sandbox."""
        self._call("PUT", f"/faults/{provider}", {"fault": fault, **options})

    def clear(self, provider: str, fault: str) -> None:
        """Remove it."""
        self._call("DELETE", f"/faults/{provider}?fault={fault}")

    def has_struck(self, provider: str, fault: str) -> bool:
        """Whether it has struck at least once; one that is used up is not listed any more."""
        listed = self._call("GET", "/faults")["faults"]
        found = [each for each in listed if (each["provider"], each["fault"]) == (provider, fault)]
        return not found or found[0]["struck"] > 0

    def requests_us(self, provider: str, part: str = "") -> list[int]:
        """When its REST paths with that part were called, oldest first."""
        paths = self._call("GET", "/calls").get(provider, {})
        asked = [path for path in paths if path != STREAM_PATHS.get(provider) and part in path]
        return sorted(at for path in asked for at in paths[path]["at_us"])

    def handshakes_us(self, provider: str) -> list[int]:
        """When its stream was connected to, or tried to be."""
        paths = self._call("GET", "/calls").get(provider, {})
        counted = paths.get(STREAM_PATHS[provider], {"at_us": []})
        return [int(at) for at in counted["at_us"]]

    def good_us(self, partition: str, since_us: int) -> int | None:
        """When the first record came that prices were booked of, since that instant."""
        query = _RECORDS.replace("received_at", "min(received_at)", 1) + " AND ticks > 0"
        return _us(self._one(query, partition, since_us))

    def all_good_us(self, partition: str, since_us: int) -> int | None:
        """The same of every request that the partition ever held an answer to; None: of some not yet."""
        row = self.connection.execute(_ALL_GOOD.encode(), _named(partition, since_us)).fetchone()
        return _us(row[0]) if row is not None else None

    def received_us(self, partition: str, since_us: int) -> list[int]:
        """When the records since that instant came."""
        rows = self.connection.execute(_RECORDS.encode(), _named(partition, since_us)).fetchall()
        return sorted(microseconds(row[0]) for row in rows)

    def records(self, partition: str, since_us: int) -> list[LogRecord]:
        """The records since that instant that are booked."""
        query = _RECORDS.replace("received_at", "log_offset, kind, context, payload", 1)
        rows = self.connection.execute(query.encode(), _named(partition, since_us)).fetchall()
        source = source_of(partition.partition("-")[0], Feed.SIMULATED)
        return [
            LogRecord(partition, offset, source, kind, context, since_us, payload)
            for offset, kind, context, payload in rows
        ]

    def booked(self, what: str, partition: str, since_us: int, until_us: int) -> int:
        """How many "ticks", "quarantined" or "duplicates" came between two instants."""
        query = _RECORDS.replace("received_at", f"coalesce(sum({what}), 0)", 1)
        query += " AND received_at < %(until)s"
        values = {**_named(partition, since_us), "until": datetime_of(until_us)}
        row = self.connection.execute(query.encode(), values).fetchone()
        assert row is not None
        return int(row[0])

    def success_us(self, provider: str) -> int:
        """When a call of the provider last went well; 0: never."""
        query = "SELECT max(last_success_at) FROM market.provider_states WHERE provider = %s"
        row = self.connection.execute(query, (provider,)).fetchone()
        return (row and _us(row[0])) or 0

    def blocked_us(self, provider: str) -> int:
        """Until when the provider is left alone; 0: it is not."""
        query = "SELECT max(blocked_until) FROM market.provider_states WHERE provider = %s"
        row = self.connection.execute(query, (provider,)).fetchone()
        return (row and _us(row[0])) or 0

    def newest_gap(self) -> int:
        """The id of the newest gap, 0 where there is none."""
        row = self.connection.execute("SELECT coalesce(max(id), 0) FROM market.gaps").fetchone()
        assert row is not None
        return int(row[0])

    def gaps(self, provider: str, above: int) -> list[tuple[str, str, int]]:
        """Cause, state and settling instant (0: not yet) of the gaps of missing ids above that id."""
        rows = self.connection.execute(
            "SELECT cause, state, settled_at FROM market.gaps"
            " WHERE source_id = %s AND id > %s AND first_id IS NOT NULL",
            (source_of(provider, Feed.SIMULATED).id, above),
        )
        return [(cause, state, _us(settled) or 0) for cause, state, settled in rows]

    def open_gaps(self, provider: str) -> int:
        """How many gaps of the provider are not settled."""
        row = self.connection.execute(
            "SELECT count(*) FROM market.gaps WHERE state = 'open' AND source_id = %s",
            (source_of(provider, Feed.SIMULATED).id,),
        ).fetchone()
        assert row is not None
        return int(row[0])

    def complaints(self, provider: str, since_us: int) -> list[str]:
        """What the connectors' log says of a provider's live lines, warnings and worse."""
        return [
            line["event"]
            for line in self._said()
            if line["level"] in ("warning", "error")
            and line["logger"] in LIVE_LOGGERS
            and line["event"].startswith(f"{provider}:")
            and microseconds(datetime.fromisoformat(line["timestamp"])) > since_us
        ]

    def has_its_history(self, provider: str) -> bool:
        """Whether the connectors say that the provider's past has come."""
        return any(
            line["event"].startswith(f"{provider}:") and line["event"].endswith("histories came")
            for line in self._said()
        )

    def logs(self) -> str:
        """All that was written by now."""
        return "".join(path.read_text() for path in (self.up.data / "logs").iterdir())

    def reset_peak(self) -> None:
        """Begin to measure the connectors' largest memory anew."""
        Path(f"/proc/{self.up.pids()['feeds']}/clear_refs").write_text("5")

    def memory(self) -> tuple[int, int]:
        """The connectors' memory now, and its peak since `reset_peak`, in bytes."""
        status = Path(f"/proc/{self.up.pids()['feeds']}/status").read_text()
        found = dict(re.findall(r"(VmHWM|VmRSS):\s+(\d+) kB", status))
        return int(found["VmRSS"]) * 1024, int(found["VmHWM"]) * 1024

    def _said(self) -> list[Any]:
        """The lines of the connectors' log."""
        lines = (self.up.data / "logs" / "feeds.log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def _one(self, query: str, partition: str, since_us: int) -> datetime | None:
        row = self.connection.execute(query.encode(), _named(partition, since_us)).fetchone()
        return None if row is None else row[0]

    def _call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._sandbox + path, data, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def _named(partition: str, since_us: int) -> dict[str, object]:
    return {"partition": partition, "since": datetime_of(since_us)}


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else microseconds(moment)


_RECORDS = """
    SELECT received_at FROM market.inbox JOIN market.inbox_done USING (partition_id, log_offset)
    WHERE partition_id = (SELECT id FROM market.inbox_partitions WHERE name = %(partition)s)
        AND received_at > %(since)s
"""
_ALL_GOOD = """
    SELECT CASE WHEN bool_and(first_at IS NOT NULL) THEN max(first_at) END FROM (
        SELECT min(received_at) FILTER (WHERE received_at > %(since)s AND ticks > 0) AS first_at
        FROM market.inbox JOIN market.inbox_done USING (partition_id, log_offset)
        WHERE partition_id = (SELECT id FROM market.inbox_partitions WHERE name = %(partition)s)
        GROUP BY kind, context
    ) AS requests
"""
