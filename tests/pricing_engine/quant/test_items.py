"""The check of what is given to a parameter."""

from pricing_engine.quant.items import Kind, Parameter


def test_nothing_is_a_value_only_where_it_is_the_default() -> None:
    free = Parameter("window", Kind.INTEGER, "rows", None, 2, 10)
    assert free.fault("x", None) is None
    bound = Parameter("window", Kind.INTEGER, "rows", 5, 2, 10)
    assert bound.fault("x", None) is not None


def test_bounds_are_inclusive() -> None:
    parameter = Parameter("span", Kind.NUMBER, "rows", 5, 2, 10)
    assert [parameter.fault("x", value) is None for value in (1.9, 2, 10, 10.1, "5", True)] == [
        False,
        True,
        True,
        False,
        False,
        False,
    ]


def test_an_interval_is_read_and_its_bounds_are_told() -> None:
    parameter = Parameter("to", Kind.INTERVAL, "wider", required=True)
    assert parameter.fault("x", "1w") is None
    fault = parameter.fault("columns.0.to", "fortnight")
    assert fault is not None
    assert fault.field == "columns.0.to"
    assert "1w to 53w" in fault.allowed
