"""Every kind of Open Exchange Rates' log entries has its parser."""

from connectors.openexchangerates.parsers import PARSERS


def test_the_kinds() -> None:
    assert sorted(PARSERS) == ["historical", "latest", "time-series"]
