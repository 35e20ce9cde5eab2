"""Every kind of Fixer's log entries has its parser."""

from connectors.fixer.parsers import PARSERS


def test_the_kinds() -> None:
    assert sorted(PARSERS) == ["historical", "latest", "timeseries"]
