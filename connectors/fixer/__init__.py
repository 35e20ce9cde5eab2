"""Fixer: rates of the euro, and on paid plans of every base, against many currencies."""

from collections.abc import Iterable

from connectors.answers import Request
from connectors.fixer.checks import PROVIDER, check
from connectors.fixer.connector import BASE
from market.instruments import Instrument

__all__ = ["BASE", "PROVIDER", "check", "latest_request"]


def latest_request(url: str, instruments: Iterable[Instrument]) -> Request:
    """One call for all these pairs, whose base must be the euro."""
    codes = ",".join(instrument.quote for instrument in instruments)
    return Request("latest", "", url, {"base": BASE, "symbols": codes})
