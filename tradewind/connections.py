"""What the connectors are told: the sandbox's address, or the providers' with the user's keys."""

from connectors.config import FeedsConfig
from tradewind.settings import FeedChoice, Settings


def feeds_config(settings: Settings) -> FeedsConfig:
    """The configuration of the feeds: live with the keys there are, otherwise the sandbox."""
    if settings.feed is FeedChoice.LIVE:
        return FeedsConfig.live(
            settings.provider_keys, settings.provider_plans, fixer_url=settings.fixer_url
        )
    return FeedsConfig.sandbox(f"http://127.0.0.1:{settings.sandbox_port}")
