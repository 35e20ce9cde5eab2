"""The ECB as a connector."""

import pytest

from connectors.answers import Request
from connectors.connector import Access
from connectors.ecb.connector import connector
from market.instruments import CATALOGUE, InstrumentTable
from tests.connectors.support import us

URL = "https://www.ecb.europa.eu"
NOW_US = us("2026-11-24T15:30:00")
"""A Tuesday, half an hour after the publication."""


def test_it_asks_for_the_pairs_of_the_euro_that_the_ecb_quotes() -> None:
    ecb = connector(Access(URL), CATALOGUE)
    assert ecb.provider == "ecb"
    assert [each.symbol for each in ecb.instruments] == (
        "EUR-USD EUR-GBP EUR-CHF EUR-SEK EUR-NOK EUR-PLN EUR-TRY EUR-ZAR EUR-MXN EUR-CNY EUR-INR"
    ).split()
    (poll,) = ecb.polls
    assert poll.request == Request(
        "eurofxref-daily.xml", "", f"{URL}/stats/eurofxref/eurofxref-daily.xml"
    )
    assert poll.instruments == {each.id for each in ecb.instruments}
    assert poll.every_s == 3_600


def test_it_needs_no_key_and_takes_xml() -> None:
    endpoint = connector(Access(URL, key="unused"), CATALOGUE).endpoint
    assert endpoint is not None
    assert (endpoint.secrets, endpoint.headers, endpoint.limits) == ({}, {}, ())
    assert endpoint.accept.startswith("application/xml")


@pytest.mark.parametrize(
    ("covered", "document", "since"),
    [
        ("2026-11-20T14:00", "eurofxref-hist-90d.xml", "2026-11-20"),
        ("2026-08-29T12:00", "eurofxref-hist-90d.xml", "2026-08-29"),
        ("2026-08-27T12:00", "eurofxref-hist.zip", "2026-08-27"),
    ],
)
def test_what_was_missed_is_in_one_document(covered: str, document: str, since: str) -> None:
    until = {each.id: NOW_US for each in CATALOGUE}
    until[CATALOGUE.by_symbol("EUR-SEK").id] = us(covered)
    (request,) = connector(Access(URL), CATALOGUE).history(until, NOW_US)
    assert (request.kind, request.context) == (document, since)


def test_the_first_start_takes_ninety_days() -> None:
    (request,) = connector(Access(URL), CATALOGUE).history({}, NOW_US)
    assert (request.kind, request.context) == ("eurofxref-hist-90d.xml", "")


def test_what_the_next_poll_brings_is_not_missed() -> None:
    until = {each.id: us("2026-11-23T15:00") for each in CATALOGUE}
    assert list(connector(Access(URL), CATALOGUE).history(until, NOW_US)) == []


def test_without_pairs_there_is_nothing_to_ask() -> None:
    empty = connector(Access(URL), InstrumentTable([]))
    assert (empty.instruments, empty.polls, list(empty.history({}, NOW_US))) == ((), (), [])
