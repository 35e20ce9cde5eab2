"""Parameters: what is taken, and what is not."""

import pytest
from pydantic import ValidationError

from api.market.schemas import CandleParameters, TickParameters
from market.intervals import Interval


def test_what_holds_when_nothing_is_said() -> None:
    parameters = CandleParameters.model_validate({"symbol": "EUR-USD"})
    assert (parameters.interval, parameters.limit, parameters.timezone) == (
        Interval.parse("1m"),
        None,
        "UTC",
    )
    assert (parameters.start, parameters.end, parameters.side) == (None, None, None)
    shown = CandleParameters.model_json_schema()["properties"]["interval"]
    assert (shown["type"], shown["default"]) == ("string", "1m")


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_time_zones_by_their_name(zone: str) -> None:
    assert CandleParameters.model_validate({"symbol": "A", "timezone": zone}).timezone == zone


@pytest.mark.parametrize(
    "zone", ["", "utc", "EST", "America", "localtime", "/etc/passwd", "a/../b"]
)
def test_nothing_else_is_a_time_zone(zone: str) -> None:
    with pytest.raises(ValidationError):
        CandleParameters.model_validate({"symbol": "A", "timezone": zone})


@pytest.mark.parametrize(
    "moment", ["2026-11-24T10:00:00", "now", "", "1969-12-31T23:59:59Z", "9001-01-01T00:00:00Z"]
)
def test_a_moment_needs_its_zone_and_a_year_that_is_known(moment: str) -> None:
    with pytest.raises(ValidationError):
        TickParameters.model_validate({"symbol": "A", "start": moment})
