"""What the API is told at its start; it reads no environment of its own."""

from dataclasses import dataclass
from pathlib import Path

from market.clock import Clock, system_clock
from market.instruments import CATALOGUE, InstrumentTable
from market.sources import Feed

MAX_STREAMS = 5_000
"""Price streams open at once: each holds a file, and up to `MAX_QUEUED_BYTES` of frames."""


@dataclass(frozen=True, slots=True)
class ApiConfig:
    """Where the data is, and which feed class is served: the three never mix.

    `dashboard_dir` is the built dashboard; without one, `/` says how to build it. `quant_url` is the way
    in for callers' statements of SQL (`storage.guarded_sql`); without one they are refused.
    """

    database_url: str
    redis_url: str
    feed: Feed
    dashboard_dir: Path | None = None
    quant_url: str | None = None
    max_streams: int = MAX_STREAMS
    instruments: InstrumentTable = CATALOGUE
    clock: Clock = system_clock
