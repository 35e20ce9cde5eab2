"""The documents of the ECB have their names and places."""

from connectors.answers import Request
from connectors.ecb.requests import DOCUMENTS, NINETY_DAYS, document_request


def test_a_document_is_asked_for_by_its_name() -> None:
    assert document_request("https://x", NINETY_DAYS, "2026-04-01") == Request(
        "eurofxref-hist-90d.xml", "2026-04-01", "https://x/stats/eurofxref/eurofxref-hist-90d.xml"
    )
    assert NINETY_DAYS in DOCUMENTS
