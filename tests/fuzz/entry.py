"""An entry of the corpus: an unmutated payload, what its log entry says besides, and what it gives."""

from dataclasses import dataclass

from market.log import LogRecord
from tests.connectors.support import record


@dataclass(frozen=True, slots=True)
class Entry:
    """A payload with its context, and how many ticks, bars, refusals and heartbeats come of it."""

    provider: str
    kind: str
    payload: bytes
    ticks: int = 0
    bars: int = 0
    refused: int = 0
    beats: int = 0
    context: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """As in `connectors.parsing.PARSERS`."""
        return self.provider, self.kind

    def record(self, payload: bytes | None = None) -> LogRecord:
        """The entry as a record, or another payload in its place."""
        data = self.payload if payload is None else payload
        return record(self.provider, self.kind, data, self.context)
