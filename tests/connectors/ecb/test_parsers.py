"""Every document of the ECB has its parser."""

from connectors.ecb.parsers import PARSERS
from connectors.ecb.requests import DOCUMENTS


def test_the_kinds() -> None:
    assert PARSERS.keys() == set(DOCUMENTS)
