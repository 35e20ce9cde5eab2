"""Lines of packed frames that are canonical, or nearly so: what both ways of reading must agree on."""

import re
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from connectors.packed import Columns, Slow, settle
from market.log import Parsed, Refused
from market.ticks import TickBatch

RECEIVED = "1723161254087896568"

numerals = st.from_regex(r"[0-9]{1,12}(\.[0-9]{1,12})?", fullmatch=True) | st.sampled_from(
    ["0", "0.00000000", "-1", "1e3", "8.6e-06", "NaN", "", "9" * 25, "0." + "0" * 20 + "1", "007"]
)
integers = st.integers(-5, 2**66).map(str) | st.sampled_from(["0", "007", "1.0", "null", "true"])
times = st.datetimes().map(lambda moment: moment.isoformat() + "Z") | st.sampled_from(
    [
        "2023-09-25T07:49:36.925603123Z",
        "2023-09-25T07:49:36Z",
        "2024-02-29T00:00:00.5Z",
        "2023-02-29T00:00:00.5Z",
        "2023-09-25T24:00:00Z",
        "2023-09-25T07:49:60Z",
        "2023-09-25T07:49:36.Z",
        "2023-09-25T07:49:36.1234567890Z",
        "2023-09-25T07:49:36+00:00",
        "1970-01-01T00:00:00Z",
        "",
    ]
)
edits = st.tuples(st.integers(0, 500), st.sampled_from([*'"0,{}:. -xé[]', "", "\r", "\\"]))


@st.composite
def mutated(
    draw: st.DrawFn,
    lines: Sequence[str],
    names: Sequence[str],
    *,
    numbers: str,
    ids: str,
    instants: str,
) -> str:
    """One of these lines, some of its values replaced: each pattern captures what stands before one."""
    line = draw(st.sampled_from(lines))
    if draw(st.booleans()):
        line = re.sub(rf"({numbers})[-0-9.]+", lambda found: found[1] + draw(numerals), line)
    if draw(st.integers(0, 3)) == 0:
        line = re.sub(rf"({ids})[0-9]+", lambda found: found[1] + draw(integers), line)
    if draw(st.integers(0, 2)) == 0:
        line = re.sub(rf"({instants})[^\"]*", lambda found: found[1] + draw(times), line)
    if draw(st.integers(0, 3)) == 0:
        line = line.replace(names[0], draw(st.sampled_from(names)))
    if draw(st.integers(0, 2)) == 0:
        at, text = draw(edits)
        line = line[:at] + text + line[at + 1 :]
    return line


def assert_sensible(parsed: Parsed) -> None:
    """Every accepted tick has a time, and numbers that are finite and above 0."""
    for tick in parsed.ticks.rows():
        assert tick.time_us > 0
        given = [each for each in (tick.bid, tick.ask, tick.price, tick.size) if each is not None]
        assert len(given) == 2
        assert all(float(each) > 0 for each in given)


def settled_slowly(
    payload: bytes, slow: Slow, source: int
) -> tuple[TickBatch, tuple[Refused, ...]]:
    """What comes of a payload when no line is left to the kernel."""
    places, at = [], 0
    for line in payload.split(b"\n") if payload else []:
        places.append((0, at, at + len(line)))
        at += len(line) + 1
    if payload.endswith(b"\n"):
        places.pop()  # what follows the last newline is no line
    doubtful = np.array(places, np.int64).reshape(-1, 3)
    return settle(Columns.room(0, 0)._replace(doubtful=doubtful), payload, source, slow)
