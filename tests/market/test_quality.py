"""Rules of quality: what a document may say, and the first thing that it may not."""

from typing import Any

import pytest

from market.instruments import CATALOGUE
from market.quality import FIXINGS, MAX_AGE_S, BadRulesError, QualityRules, Tolerance, rules_of

HOUR_US = 3_600_000_000


def test_an_empty_document_is_the_default() -> None:
    assert rules_of({}, CATALOGUE) == QualityRules()


def test_an_instrument_changes_what_it_names_of_the_documents_own_default() -> None:
    rules = rules_of(
        {"floor": 0.01, "window": 40, "instruments": {"BTC-USDT": {"deviations": 20}}}, CATALOGUE
    )
    assert rules.of("EUR-USD") == Tolerance(floor=0.01, window=40)
    assert rules.of("BTC-USDT") == Tolerance(floor=0.01, deviations=20, window=40)


def test_ages_are_of_the_provider() -> None:
    rules = rules_of({"max_age_s": {"ecb": 3_600}}, CATALOGUE)
    assert rules.max_age_us("ecb") == HOUR_US
    assert rules.max_age_us("fixer") == 48 * HOUR_US
    assert QualityRules(max_age_s={}).max_age_us("fixer") == 24 * HOUR_US


def test_no_rate_of_the_ecb_is_stale_before_the_next_one_after_easter() -> None:
    assert MAX_AGE_S["ecb"] > 5 * 86_400


def test_fixings_are_of_the_providers_named_and_of_no_others() -> None:
    assert rules_of({}, CATALOGUE).fixings == FIXINGS == {"ecb"}
    assert rules_of({"fixings": []}, CATALOGUE).fixings == frozenset()
    assert rules_of({"fixings": ["ecb", "fixer"]}, CATALOGUE).fixings == {"ecb", "fixer"}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"flor": 0.1}, "flor is unknown; known are deviations, floor, minimum, window"),
        ({"floor": 0}, "floor is not between 0 and 1"),
        ({"floor": "0.1"}, "floor is no number that it can be"),
        ({"floor": True}, "floor is no number that it can be"),
        ({"window": 5.5}, "window is no number that it can be"),
        ({"deviations": float("nan")}, "deviations is not above 0"),
        ({"window": 51}, "window and minimum must be 2 <= minimum <= window <= 50"),
        ({"instruments": {"BTC": {}}}, "instruments.BTC is no instrument"),
        ({"instruments": {"BTC-USDT": 3}}, "instruments.BTC-USDT is no table"),
        ({"instruments": {"AAPL": {"floor": 2}}}, "instruments.AAPL.floor is not between 0 and 1"),
        ({"instruments": 3}, "instruments is no table"),
        ({"max_age_s": {"bloomberg": 5}}, "max_age_s.bloomberg is no provider"),
        ({"max_age_s": {"ecb": 0}}, "max_age_s.ecb is no number of seconds above 0"),
        ({"fixings": "ecb"}, "fixings is no list of providers"),
        ({"fixings": ["bundesbank"]}, "fixings.bundesbank is no provider"),
        ({"fixings": [["ecb"]]}, "fixings is no list of providers"),
    ],
)
def test_what_cannot_be_meant_is_named(document: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRulesError) as caught:
        rules_of(document, CATALOGUE)
    assert str(caught.value) == message
