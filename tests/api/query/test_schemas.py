"""The body: what is left out, and what does not go together."""

import pytest
from pydantic import ValidationError

from api.query.schemas import EXAMPLES, QueryBody, age_us
from market.instruments import AssetClass
from market.intervals import DAY_US, Interval
from pricing_engine.quant.errors import InvalidQueryError
from pricing_engine.quant.panel import Fill, Grid
from pricing_engine.quant.plan import Layout, plan

LEAST: dict[str, object] = {"symbols": ["A"], "start": "2020-01-01T00:00:00Z", "columns": ["close"]}


def test_what_is_left_out_has_its_usual_meaning() -> None:
    body = QueryBody.model_validate(LEAST)
    assert (body.interval, body.timezone, body.side) == (Interval.parse("1d"), "UTC", None)
    assert (body.grid, body.fill, body.layout) == (Grid.OWN, Fill.NONE, Layout.LONG)
    assert age_us(body.max_age) == 7 * DAY_US
    assert (body.end, body.limit, body.format, body.resample) == (None, None, None, None)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_answerable(name: str) -> None:
    body = QueryBody.model_validate(EXAMPLES[name])
    assert plan(body.columns, body.layout, lambda _wider: 31).shown


def test_all_that_does_not_go_together_is_told_at_once() -> None:
    body = {
        **LEAST,
        "universe": {"asset_class": "fx"},
        "end": "2019-01-01T00:00:00Z",
        "fill": "flat",
        "resample": "1h",
    }
    with pytest.raises(InvalidQueryError) as caught:
        QueryBody.model_validate(body)
    assert [fault.field for fault in caught.value.faults] == ["symbols", "end", "grid", "resample"]


def test_a_universe_is_words_about_instruments() -> None:
    body = {"universe": {"asset_class": "crypto"}, "start": LEAST["start"], "columns": ["close"]}
    universe = QueryBody.model_validate(body).universe
    assert universe is not None
    assert universe.asset_class is AssetClass.CRYPTO
    with pytest.raises(ValidationError):
        QueryBody.model_validate({**body, "universe": {"class": "crypto"}})
    with pytest.raises(ValidationError):
        QueryBody.model_validate({**LEAST, "symbols": [f"S{n}" for n in range(201)]})
