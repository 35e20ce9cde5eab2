"""What is told of a query's faults."""

from pricing_engine.quant.errors import (
    MAX_FAULTS,
    MAX_TOLD,
    Fault,
    InvalidQueryError,
    tellable,
    unknown,
)


def test_only_what_can_be_sent_is_told() -> None:
    assert tellable("Zürich €") == "Zürich €"
    assert tellable("a\ud800b") == "a\\ud800b"
    assert tellable("x" * MAX_TOLD + "y") == "x" * MAX_TOLD + "..."
    fault = Fault("columns.\udfff", "is \ud800")
    assert (fault.field, fault.message) == ("columns.\\udfff", "is \\ud800")


def test_more_faults_than_are_told_are_counted() -> None:
    faults = [Fault(str(place), "is wrong") for place in range(MAX_FAULTS + 3)]
    error = InvalidQueryError(faults)
    assert (error.faults, error.more) == (tuple(faults[:MAX_FAULTS]), 3)
    assert str(error).endswith("is wrong; and 3 more")
    assert not InvalidQueryError(faults[:2]).more


def test_what_will_not_be_told_is_not_compared() -> None:
    assert unknown("op", "op", "ewm", ["ewma"]).did_you_mean == "ewma"
    assert unknown("op", "op", "ewm", ["ewma"], MAX_FAULTS).did_you_mean is None
