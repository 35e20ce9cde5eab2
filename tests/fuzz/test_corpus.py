"""Every kind has unmutated payloads, which give exactly what is said of them; refusals give nothing."""

import pytest

from connectors.parsing import PARSERS
from tests.fuzz.corpus import REFUSALS
from tests.fuzz.entry import Entry
from tests.fuzz.judging import judge

ERROR_MEMBERS = {
    "coingecko": '{"status":{"error_code":429,"error_message":"Throttled"},',
    "fixer": '{"error":{"code":104,"type":"monthly_limit_reached"},',
    "openexchangerates": '{"error":true,"status":401,"message":"invalid_app_id",',
}
"""What makes an object an error, whatever else is in it."""


def test_every_kind_has_an_entry_that_is_accepted(entries: tuple[Entry, ...]) -> None:
    assert {entry.key for entry in entries} == PARSERS.keys()
    assert {entry.key for entry in entries if entry.ticks or entry.bars} == PARSERS.keys()


@pytest.mark.parametrize("key", PARSERS)
def test_an_unmutated_payload_gives_what_it_holds(
    key: tuple[str, str], entries: tuple[Entry, ...]
) -> None:
    for entry in entries:
        if entry.key == key:
            parsed = judge(entry, entry.payload)
            counts = (
                len(parsed.ticks),
                len(parsed.bars),
                len(parsed.refused),
                len(parsed.heartbeats),
            )
            assert counts == (entry.ticks, entry.bars, entry.refused, entry.beats)


def test_every_provider_has_refusals() -> None:
    assert REFUSALS.keys() == {provider for provider, _ in PARSERS}


@pytest.mark.parametrize("key", PARSERS)
def test_an_error_body_under_200_is_one_refusal(
    key: tuple[str, str], entries: tuple[Entry, ...]
) -> None:
    entry = next(entry for entry in entries if entry.key == key)
    for body in REFUSALS[entry.provider]:
        parsed = judge(entry, body.encode())
        assert (len(parsed.ticks), len(parsed.bars), len(parsed.heartbeats)) == (0, 0, 0)
        if entry.kind != "frames":
            assert parsed.refused


@pytest.mark.parametrize("provider", ERROR_MEMBERS)
def test_an_error_beside_prices_is_an_error(provider: str, entries: tuple[Entry, ...]) -> None:
    bodies = [
        (entry, ERROR_MEMBERS[provider].encode() + entry.payload.lstrip()[1:])
        for entry in entries
        if entry.provider == provider and entry.payload.lstrip().startswith(b"{")
    ]
    assert bodies
    for entry, body in bodies:
        parsed = judge(entry, body)
        assert (len(parsed.ticks), len(parsed.bars), len(parsed.refused)) == (0, 0, 1)
