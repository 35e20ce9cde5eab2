"""The quotas' ledger never forgets a call, whatever is killed."""

from collections.abc import Mapping
from datetime import datetime

from tests.chaos.invariants import Connection

Key = tuple[str, str, str, datetime]
"""Provider, key, what is counted, and since when."""


class QuotaWatch:
    """Compares what the ledger says with what it said before."""

    def __init__(self) -> None:
        self._calls: Mapping[Key, int] = {}

    def check(self, connection: Connection) -> None:
        """No count has become less or is gone since the last look."""
        calls = counted_calls(connection)
        less = {key: count for key, count in self._calls.items() if calls.get(key, 0) < count}
        assert less == {}, f"now {[calls.get(key) for key in less]}"
        self._calls = calls


def counted_calls(connection: Connection) -> dict[Key, int]:
    """Every count in the ledger. Those of minutes are kept for an hour."""
    rows = connection.execute(
        "SELECT provider, key, period, started_at, calls FROM market.provider_calls"
    ).fetchall()
    return {(provider, key, period, since): calls for provider, key, period, since, calls in rows}
