"""The matrix: the lines on which providers deliver, the faults of each, and how soon each is over."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from market.clock import system_clock
from market.quotas import Period

BACK_OFF_S = 10.0
"""What a short fault costs beyond its own time: the waits between tries, and the next answer."""
LOOKS_S = 15.0
"""A repair comes with the next look into the book of gaps, and is found when its trades are stored."""
ASKED_AGAIN_S = 60.0
"""A gap whose answers held no trade is asked for again so much later: see `storage.gaps`."""
TIMEOUT_S = 10.0
RETRY_AFTER_S = 4
CALLS_A_MONTH = 500_000
"""Of Fixer's and CoinGecko's plans at the sandbox."""


class Way(Enum):
    """How a line delivers."""

    POLLS = auto()
    STREAM = auto()
    REPAIRS = auto()


@dataclass(frozen=True)
class Line:
    """A provider's partition. `path` is what its requests contain; `rests_s` how long one of its own is
    left alone after a 429 without a time, in seconds; `silence_s` how long a stream may say nothing."""

    name: str
    provider: str
    way: Way
    partition: str
    path: str = ""
    rests_s: float = 0.0
    silence_s: float = 0.0
    interval_s: float = 10.0
    """How long there may be between two records, in seconds."""
    requests: int = 0
    """How many are paced over the month, one after another."""


@dataclass(frozen=True)
class Case:
    """A fault with its options.

    `breaks`: the connection ends. `spoils`: what comes holds no price. `leaves`: what the books count of
    it, "duplicates" or "quarantined".
    """

    name: str
    fault: str
    options: Mapping[str, object] = field(default_factory=dict)
    breaks: bool = False
    spoils: bool = False
    leaves: str = ""


@dataclass(frozen=True)
class Cell:
    """One fault of one line, which is over `within_s` seconds after its removal."""

    line: Line
    case: Case
    within_s: float

    @property
    def is_of_gaps(self) -> bool:
        """Whether it is over once gaps are filled."""
        return self.line.way is Way.REPAIRS or self.case.fault == "ws_skip"

    def __str__(self) -> str:
        return f"{self.line.name} × {self.case.name}"


POLLED = (
    Line("alphavantage", "alphavantage", Way.POLLS, "alphavantage-simulated-0", "query", 60.0),
    Line(
        "coingecko",
        "coingecko",
        Way.POLLS,
        "coingecko-simulated-0",
        "simple/price",
        60.0,
        requests=1,
    ),
    Line("ecb", "ecb", Way.POLLS, "ecb-simulated-0", "daily.xml", 3_600.0),
    Line("fixer", "fixer", Way.POLLS, "fixer-simulated-0", "latest", 86_400.0, requests=5),
    Line(
        "openexchangerates",
        "openexchangerates",
        Way.POLLS,
        "openexchangerates-simulated-0",
        "latest.json",
        86_400.0,
    ),
)
STREAMED = (
    Line("binance", "binance", Way.STREAM, "binance-simulated-0", silence_s=30, interval_s=5),
    Line("coinbase", "coinbase", Way.STREAM, "coinbase-simulated-0", silence_s=5, interval_s=5),
    Line("coingecko stream", "coingecko", Way.STREAM, "coingecko-simulated-stream", silence_s=25),
    Line("kraken", "kraken", Way.STREAM, "kraken-simulated-0", silence_s=5, interval_s=5),
)
REPAIRED = (
    Line("binance repairs", "binance", Way.REPAIRS, "binance-simulated-backfill", "Trades", 60.0),
    Line("coinbase repairs", "coinbase", Way.REPAIRS, "coinbase-simulated-backfill", "trades", 5.0),
    Line("kraken repairs", "kraken", Way.REPAIRS, "kraken-simulated-backfill", "Trades", 15.0),
)
LINES = {line.name: line for line in (*POLLED, *STREAMED, *REPAIRED)}

HTTP = (
    Case("429, retry-after", "http_429", {"retry_after": RETRY_AFTER_S}),
    Case("429", "http_429"),
    Case("500", "http_500"),
    Case("503 HTML", "http_503"),
    Case("drip", "drip"),
    Case("truncated", "truncated"),
    Case("content type", "content_type"),
    Case("error body", "error_body", spoils=True),
    Case("NaN", "nan", spoils=True),
    Case("1e400", "overflow", spoils=True),
    Case("100 MB", "huge_body"),
    Case("reset", "reset"),
    Case("hang-up", "hangup"),
)
STREAM = (
    Case("silent", "ws_silent", {"times": 1}, breaks=True),
    Case("skipped ids", "ws_skip", {"times": 3}),
    Case("refused", "ws_refused", breaks=True),
    Case("NaN frames", "ws_nan", spoils=True, leaves="quarantined"),
    Case("shutdown", "ws_shutdown", {"times": 1}, breaks=True),
    Case("repeated ids", "ws_repeat", {"times": 20}, leaves="duplicates"),
    Case("connection reset", "ws_reset", {"times": 1}, breaks=True),
    Case("1e400 frames", "ws_overflow", spoils=True, leaves="quarantined"),
    Case("garbage", "ws_garbage", {"times": 1}, leaves="quarantined"),
    Case("silent, no pongs", "ws_silent", {"times": 1, "pongs": False}, breaks=True),
    Case("replay", "ws_replay", {"times": 1}, leaves="duplicates"),
)
CASES = {case.name: case for case in (*HTTP, *STREAM)}
LONG_REST_S = 600.0


def cell(line: str, case: str) -> Cell:
    """The cell of these names."""
    return _cell(LINES[line], CASES[case])


def cells() -> Iterator[Cell]:
    """The whole matrix, but for what rests too long to wait for."""
    for line in LINES.values():
        for case in STREAM if line.way is Way.STREAM else HTTP:
            made = _cell(line, case)
            if makes_sense(made) and made.within_s < LONG_REST_S:
                yield made


def resting_cells() -> list[Cell]:
    """The rest of the matrix: refusals after which a provider is left alone for an hour and more."""
    made = [_cell(line, CASES["429"]) for line in POLLED]
    return [each for each in made if each.within_s >= LONG_REST_S]


def makes_sense(cell: Cell) -> bool:
    """CoinGecko's stream counts no trades."""
    return cell.line.provider != "coingecko" or cell.case.fault not in ("ws_skip", "ws_repeat")


def _cell(line: Line, case: Case) -> Cell:
    own_s = 0.0
    match case.name:
        case "429":
            own_s = line.rests_s
        case "429, retry-after":
            own_s = RETRY_AFTER_S
        case "drip":
            own_s = TIMEOUT_S
        case "silent" | "silent, no pongs":
            own_s = line.silence_s
        case "skipped ids":
            own_s = LOOKS_S
    if line.way is Way.REPAIRS:
        own_s += LOOKS_S + (ASKED_AGAIN_S if case.fault in ("nan", "overflow") else 0.0)
    if line.requests:
        now_us = system_clock()
        left_s = (Period.MONTH.around(now_us)[1] - now_us) / 1e6
        own_s += line.requests * left_s / CALLS_A_MONTH
    return Cell(line, case, own_s + BACK_OFF_S)
