"""Alpha Vantage: quotes of stocks, rates of pairs, and bars; everything at one address, under HTTP 200."""

from connectors.alphavantage.checks import check
from connectors.alphavantage.fields import PROVIDER
from connectors.alphavantage.requests import history_request, live_request

__all__ = ["PROVIDER", "check", "history_request", "live_request"]
