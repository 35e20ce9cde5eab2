"""What the API is told."""

from dataclasses import FrozenInstanceError

import pytest

from api.config import MAX_STREAMS, ApiConfig, IdentityConfig
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


def test_accounts_are_bound_to_the_public_url() -> None:
    identity = IdentityConfig(public_url="https://trade.example:8443")
    assert (identity.secure, identity.host) == (True, "trade.example")
    assert not IdentityConfig().secure


def test_every_configuration_without_a_ring_has_one_of_its_own() -> None:
    assert IdentityConfig().ring.text() != IdentityConfig().ring.text()


def test_passwords_cost_what_they_must_but_in_tests() -> None:
    assert IdentityConfig().cost.memory_kib >= 19 * 1024
    assert IdentityConfig().rates
    assert IdentityConfig.for_tests().cost.memory_kib < 1024
