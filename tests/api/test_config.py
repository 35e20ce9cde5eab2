"""What the API is told."""

from dataclasses import FrozenInstanceError

import pytest

from api.config import MAX_STREAMS, ApiConfig
from market.clock import system_clock
from market.instruments import CATALOGUE
from market.sources import Feed
from tests.api.harness import NO_REDIS, NOWHERE


def test_a_configuration_does_not_change() -> None:
    config = ApiConfig(NOWHERE, NO_REDIS, Feed.LIVE)
    with pytest.raises(FrozenInstanceError):
        config.feed = Feed.SIMULATED  # type: ignore[misc]


def test_it_serves_the_catalogue_by_the_machines_clock_unless_told_otherwise() -> None:
    config = ApiConfig(NOWHERE, NO_REDIS, Feed.LIVE)
    assert config.instruments is CATALOGUE
    assert config.clock is system_clock
    assert config.dashboard_dir is None
    assert config.max_streams == MAX_STREAMS
