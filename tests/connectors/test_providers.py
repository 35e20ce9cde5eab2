"""Every provider can be built for the sandbox and live, and quotes something."""

import pytest

from connectors.config import KEYED, FeedsConfig
from connectors.providers import PROVIDERS
from market.instruments import CATALOGUE

CONFIGS = [
    FeedsConfig.sandbox("http://127.0.0.1:8010"),
    FeedsConfig.live(dict.fromkeys(KEYED, "CANARY")),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.feed.value)
@pytest.mark.parametrize("name", PROVIDERS)
def test_it_is_built_and_quotes_something(config: FeedsConfig, name: str) -> None:
    connector = PROVIDERS[name](config.access[name], CATALOGUE)
    assert connector.provider == name
    assert connector.instruments
    assert connector.polls or connector.streams
    assert "CANARY" not in repr(connector)
    for make in connector.streams:
        assert make().address.startswith(config.access[name].stream_url)


def test_every_provider_of_the_sandbox_can_be_built() -> None:
    assert set(CONFIGS[0].access) == set(PROVIDERS)
