"""One payload before the parsers, and the judgement of what came of it."""

from collections.abc import Callable

from connectors.errors import ConnectorError
from connectors.parsing import PARSERS, parse
from connectors.refusals import MAX_EXCERPT_CHARS, scrubbed
from market.errors import MarketError
from market.instruments import CATALOGUE
from market.log import Parsed
from tests.fuzz.entry import Entry
from tests.fuzz.promises import BrokenPromiseError, assert_kept


def judge(entry: Entry, payload: bytes) -> Parsed:
    """What `parse` makes of a payload in the place of the entry's own; it never raises.

    Where that is one refusal alone, the parser itself is asked: it may raise ConnectorError and
    MarketError. BrokenPromiseError where M3 is broken, or where the two do not agree.
    """
    record = entry.record(payload)
    parsed = parse(record, CATALOGUE)
    if _counts(parsed) == (0, 0, 1, 0):
        try:
            direct = PARSERS[entry.key](record, CATALOGUE)
        except (ConnectorError, MarketError) as error:
            _agree(scrubbed(str(error))[:MAX_EXCERPT_CHARS] == parsed.refused[0].reason)
        else:
            _agree(direct.refused == parsed.refused)
    assert_kept(parsed, record, CATALOGUE)
    return parsed


def raises_typed_alone(call: Callable[[], object]) -> str:
    """The name of the typed error that a call raises; "" where it raises none."""
    try:
        call()
    except (ConnectorError, MarketError) as error:
        str(error)
        return type(error).__name__
    return ""


def _counts(parsed: Parsed) -> tuple[int, int, int, int]:
    return len(parsed.ticks), len(parsed.bars), len(parsed.refused), len(parsed.heartbeats)


def _agree(alike: bool) -> None:
    if not alike:
        raise BrokenPromiseError("a parser that says something else than `parse`")
