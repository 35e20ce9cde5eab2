"""What the feeds need to know: where the providers are, their keys, how often to ask."""

from dataclasses import dataclass, field

from market.sources import Feed

SANDBOX_KEY = "sandbox"
"""The sandbox takes any key but a wrong one."""

_DAY_S = 86_400.0
_MONTH_S = 31 * _DAY_S


@dataclass(frozen=True, slots=True)
class FeedsConfig:
    """Addresses, keys and the seconds from one call to the next of each provider.

    Alpha Vantage and Fixer are left out without a key. Keys are never shown.
    """

    feed: Feed
    binance_stream_url: str
    binance_rest_url: str
    coingecko_url: str
    alphavantage_url: str
    fixer_url: str
    coingecko_spacing_s: float
    alphavantage_spacing_s: float
    fixer_spacing_s: float
    alphavantage_key: str | None = field(default=None, repr=False)
    fixer_key: str | None = field(default=None, repr=False)
    coingecko_key: str | None = field(default=None, repr=False)

    @classmethod
    def sandbox(cls, url: str) -> "FeedsConfig":
        """Everything from the sandbox at this address (`http://127.0.0.1:8010`), briskly."""
        return cls(
            feed=Feed.SIMULATED,
            binance_stream_url=url.replace("http", "ws", 1),
            binance_rest_url=f"{url}/api/v3",
            coingecko_url=f"{url}/api/v3",
            alphavantage_url=f"{url}/query",
            fixer_url=f"{url}/api/latest",
            coingecko_spacing_s=2.0,
            alphavantage_spacing_s=0.05,
            fixer_spacing_s=2.0,
            alphavantage_key=SANDBOX_KEY,
            fixer_key=SANDBOX_KEY,
        )

    @classmethod
    def live(
        cls,
        *,
        alphavantage_key: str | None = None,
        fixer_key: str | None = None,
        coingecko_key: str | None = None,
    ) -> "FeedsConfig":
        """The providers themselves, within their free plans."""
        return cls(
            feed=Feed.LIVE,
            binance_stream_url="wss://data-stream.binance.vision",
            binance_rest_url="https://data-api.binance.vision/api/v3",
            coingecko_url="https://api.coingecko.com/api/v3",
            alphavantage_url="https://www.alphavantage.co/query",
            fixer_url="https://data.fixer.io/api/latest",
            coingecko_spacing_s=60.0,
            alphavantage_spacing_s=_DAY_S / 24,
            fixer_spacing_s=_MONTH_S / 93,
            alphavantage_key=alphavantage_key,
            fixer_key=fixer_key,
            coingecko_key=coingecko_key,
        )
