"""The providers there are: each one's name and how its connector is built."""

from collections.abc import Mapping

from connectors.alphavantage.connector import connector as alphavantage
from connectors.binance.connector import connector as binance
from connectors.coinbase.connector import connector as coinbase
from connectors.coingecko.connector import connector as coingecko
from connectors.connector import Build
from connectors.ecb.connector import connector as ecb
from connectors.fixer.connector import connector as fixer
from connectors.kraken.connector import connector as kraken
from connectors.openexchangerates.connector import connector as openexchangerates

PROVIDERS: Mapping[str, Build] = {
    "alphavantage": alphavantage,
    "binance": binance,
    "coinbase": coinbase,
    "coingecko": coingecko,
    "ecb": ecb,
    "fixer": fixer,
    "kraken": kraken,
    "openexchangerates": openexchangerates,
}
