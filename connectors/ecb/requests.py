"""The documents of the ECB: the newest day, the last ninety days, everything since 1999.

A request's kind is the document's name; its context is the first day that is wanted of it, if any.
"""

from connectors.answers import Request

DAILY = "eurofxref-daily.xml"
NINETY_DAYS = "eurofxref-hist-90d.xml"
ALL_DAYS = "eurofxref-hist.zip"
DOCUMENTS = (
    DAILY,
    NINETY_DAYS,
    ALL_DAYS,
    "eurofxref-hist.xml",
    "eurofxref-hist.csv",
    "eurofxref.zip",
    "eurofxref.csv",
)


def document_request(rest_url: str, document: str, since: str = "") -> Request:
    """One document, of which the days before `since` (YYYY-MM-DD) are not wanted."""
    return Request(document, since, f"{rest_url}/stats/eurofxref/{document}")
