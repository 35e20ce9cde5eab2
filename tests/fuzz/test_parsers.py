"""More than 100,000 mutated payloads: nothing is raised but typed errors, and M3 holds of each mutant."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.parsing import PARSERS
from market.log import Parsed
from tests.connectors.support import DATA
from tests.fuzz.corpus import REFUSALS, corpus
from tests.fuzz.entry import Entry
from tests.fuzz.judging import judge
from tests.fuzz.mutator import Mutator

MUTANTS_PER_KIND = 2_250
MUTANTS = 100_000
ERROR_MUTANTS_PER_KIND = 100


def test_the_mutants_are_as_many_as_they_must_be() -> None:
    assert MUTANTS_PER_KIND * len(PARSERS) >= MUTANTS


@pytest.mark.parametrize("key", PARSERS)
def test_a_mutated_payload_gives_what_m3_allows(
    key: tuple[str, str], entries: tuple[Entry, ...], tmp_path: Path
) -> None:
    own = [entry for entry in entries if entry.key == key]
    mutator = Mutator(sorted(PARSERS).index(key), donors_of(key[0], entries))
    accepted = refused = 0
    for number in range(MUTANTS_PER_KIND):
        entry = own[number % len(own)]
        parsed = judged(entry, mutator.mutate(entry.payload), tmp_path)
        accepted += bool(len(parsed.ticks) or len(parsed.bars))
        refused += bool(parsed.refused)
    # Were all refused or all accepted, the mutants would prove nothing.
    assert accepted > MUTANTS_PER_KIND // 50
    assert refused > MUTANTS_PER_KIND // 10


@pytest.mark.parametrize("key", PARSERS)
def test_a_mutated_error_body_never_becomes_a_tick(
    key: tuple[str, str], entries: tuple[Entry, ...], tmp_path: Path
) -> None:
    """Whatever happens to an error body alone, no price comes of it."""
    entry = next(entry for entry in entries if entry.key == key)
    bodies = [body.encode() for body in REFUSALS[entry.provider]]
    mutator = Mutator(sorted(PARSERS).index(key), bodies)
    for number in range(ERROR_MUTANTS_PER_KIND):
        parsed = judged(entry, mutator.mutate(bodies[number % len(bodies)]), tmp_path)
        assert (len(parsed.ticks), len(parsed.bars)) == (0, 0)


class TestShrinkable:
    """The same promises with inputs that Hypothesis makes small."""

    @settings(deadline=None, max_examples=600)
    @given(st.data())
    def test_a_mutant(self, entries: tuple[Entry, ...], data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(entries))
        assert_prices_alone(judge(entry, data.draw(mutants(entry))))

    @settings(deadline=None, max_examples=300)
    @given(st.sampled_from(sorted(PARSERS)), st.binary(max_size=200))
    def test_any_bytes(
        self, entries: tuple[Entry, ...], key: tuple[str, str], payload: bytes
    ) -> None:
        entry = next(entry for entry in entries if entry.key == key)
        assert_prices_alone(judge(entry, payload))

    @settings(deadline=None, max_examples=300)
    @given(st.data())
    def test_any_context(self, entries: tuple[Entry, ...], data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(entries))
        context = data.draw(contexts(entry))
        changed = Entry(entry.provider, entry.kind, entry.payload, context=context)
        assert_prices_alone(judge(changed, entry.payload))


def assert_prices_alone(parsed: Parsed) -> None:
    """`judge` has held every promise; here it stands once more what the first of them is."""
    assert ((parsed.ticks.price > 0) | ((parsed.ticks.bid > 0) & (parsed.ticks.ask > 0))).all()
    assert (parsed.bars.prices > 0).all()


def mutants(entry: Entry) -> st.SearchStrategy[bytes]:
    """Mutants of an entry: by a seed of the mutator, or a few bytes replaced at a time."""
    donors = donors_of(entry.provider, corpus(DATA))
    seeded = st.integers(0, 2**32).map(lambda seed: Mutator(seed, donors).mutate(entry.payload))
    edits = st.lists(
        st.tuples(st.integers(0, len(entry.payload)), st.integers(0, 12), st.binary(max_size=6)),
        min_size=1,
        max_size=3,
    )
    return seeded | edits.map(lambda chosen: _edited(entry.payload, chosen))


def contexts(entry: Entry) -> st.SearchStrategy[str]:
    """Other contexts than the entry's own; a log keeps text that is UTF-8 without a NUL."""
    texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
    seeded = st.integers(0, 2**32).map(
        lambda seed: Mutator(seed, [b"{}"]).mutate(entry.context.encode())
    )
    return texts | seeded.map(lambda data: data.decode("utf-8", "ignore").replace("\0", ""))


def donors_of(provider: str, entries: tuple[Entry, ...]) -> list[bytes]:
    """What parts of a provider's mutants come from: its other payloads, and its errors."""
    bodies = [body.encode() for body in REFUSALS[provider]]
    return [entry.payload for entry in entries if entry.provider == provider] + bodies


def judged(entry: Entry, payload: bytes, folder: Path) -> Parsed:
    """What comes of a payload; where that fails, the payload is kept in a file."""
    try:
        return judge(entry, payload)
    except Exception as error:
        path = folder / "mutant"
        path.write_bytes(payload)
        error.add_note(f"{entry.provider} {entry.kind}, {entry.context!r}: {payload[:2_000]!r}")
        error.add_note(f"the whole payload is in {path}")
        raise


def _edited(payload: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, piece in edits:
        payload = payload[:at] + piece + payload[at + length :]
    return payload
