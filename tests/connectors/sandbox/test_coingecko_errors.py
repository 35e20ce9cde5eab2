"""The sandbox's errors are what the connectors know."""

import pytest

from connectors.answers import Answer as Came
from connectors.coingecko.checks import check
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    PremiumError,
    UnknownAtProviderError,
)
from connectors.sandbox.coingecko_errors import (
    flat,
    missing_key,
    restricted,
    too_far_back,
    too_many,
    wrong_host,
)
from connectors.sandbox.wire import Answer
from tests.connectors.sandbox.conftest import NOW_US, body, get


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (missing_key(get()), BadKeyError),
        (wrong_host(get(), pro=False), BadKeyError),
        (wrong_host(get(), pro=True), BadKeyError),
        (restricted(get()), PremiumError),
        (too_far_back(get()), PremiumError),
        (too_many(7), BurstError),
        (flat("coin not found", 404), UnknownAtProviderError),
    ],
)
def test_each_is_one_typed_error(answer: Answer, error: type[ConnectorError]) -> None:
    with pytest.raises(error):
        check(Came(answer.status, answer.body, NOW_US), "simple/price")


def test_the_four_shapes() -> None:
    assert body(missing_key(get()))["status"]["error_code"] == 10002
    assert body(too_far_back(get()))["error"]["status"]["error_code"] == 10012
    assert list(body(wrong_host(get(), pro=False))) == ["timestamp", "error_code", "status"]
    assert body(flat("invalid vs_currency", 400)) == {"error": "invalid vs_currency"}
    assert too_many(7).headers == {"retry-after": "7"}
