"""CoinGecko: coins in dollars, polled over REST; on paid plans also a WebSocket."""

from connectors.coingecko.charts import chart_request as chart_request
from connectors.coingecko.checks import check as check
from connectors.coingecko.coins import PROVIDER as PROVIDER
from connectors.coingecko.coins import covered as covered
from connectors.coingecko.prices import price_request as price_request
