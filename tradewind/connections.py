"""What the connectors are told: the sandbox's address, or the providers' with the user's keys."""

from pydantic import SecretStr

from connectors.config import FeedsConfig
from tradewind.settings import FeedChoice, Settings


def feeds_config(settings: Settings) -> FeedsConfig:
    """The configuration of the feeds: live with the keys there are, otherwise the sandbox."""
    if settings.feed is FeedChoice.LIVE:
        return FeedsConfig.live(
            alphavantage_key=_revealed(settings.alphavantage_key),
            fixer_key=_revealed(settings.fixer_key),
            coingecko_key=_revealed(settings.coingecko_key),
        )
    return FeedsConfig.sandbox(f"http://127.0.0.1:{settings.sandbox_port}")


def _revealed(key: SecretStr | None) -> str | None:
    return None if key is None else key.get_secret_value()
