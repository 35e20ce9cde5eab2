"""Prices that are none, and the errors of each provider: what a fault puts into an answer.

A pattern's group is a price as the provider writes it, in an answer or in a frame.
"""

import json
import re
from collections.abc import Mapping

_NUMBER = r"(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
_RATES = rf'"[A-Z]{{3}}":\s*{_NUMBER}'

_PRICES: Mapping[str, str] = {
    "alphavantage": (
        r'"(?:05\. price|5\. Exchange Rate|8\. Bid Price|9\. Ask Price|close|'
        r'\d[ab]?\. (?:open|high|low|close)(?: \(\w+\))?)":\s*"([^"]*)"'
    ),
    "binance": r'"(\d+\.\d{8})"',
    "coinbase": rf'(?:"(?:price|best_bid|best_ask)":\s*"([^"]*)"|\[\d{{9,10}},\s*{_NUMBER})',
    "coingecko": rf'(?:"(?:[a-z]{{3}}|p|current_price)":\s*{_NUMBER}|\[\d{{13}},\s*{_NUMBER})',
    "ecb": r"rate=['\"]([^'\"]*)['\"]",
    "fixer": _RATES,
    "kraken": rf'(?:"(?:price|bid|ask|last)":\s*{_NUMBER}|\[(?:\d{{10}},\s*)?"({_NUMBER[1:-1]})")',
    "openexchangerates": _RATES,
}
_PATTERNS = {provider: re.compile(text) for provider, text in _PRICES.items()}

NAN, OVERFLOW = "NaN", "1e400"
TOKENS = {"nan": NAN, "ws_nan": NAN, "overflow": OVERFLOW, "ws_overflow": OVERFLOW}

HTML = (
    "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n"
    "<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n<hr>"
    "<center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
GARBAGE = '{"e":"trade","p":\ufffd\u0000<html>'
"""A frame that is no JSON."""

FAREWELLS: Mapping[str, str] = {
    "kraken": '{"channel":"status","type":"update","data":[{"system":"maintenance",'
    '"api_version":"v2","connection_id":13834774380200032777,"version":"2.0.0"}]}'
}
"""What a venue says on all streams before its maintenance, beside a session's own farewell."""

_AV_BURST = (
    "Thank you for using Alpha Vantage! Please consider spreading out your free API requests more "
    "sparingly (1 request per second)."
)
_OXR_LIMIT = "Access restricted until 2050-01-01 (reason: too_many_requests)."
_ERRORS: Mapping[str, object] = {
    "alphavantage": {"Information": _AV_BURST},
    "binance": {"code": -1001, "msg": "Internal error; unable to process your request."},
    "coinbase": {"message": "Internal server error"},
    "coingecko": {"status": {"error_code": 500, "error_message": "Internal Server Error"}},
    "fixer": {
        "success": False,
        "error": {
            "code": 106,
            "type": "no_rates_available",
            "info": "Your query did not return any results. Please try again.",
        },
    },
    "kraken": {"error": ["EService:Unavailable"]},
    "openexchangerates": {
        "error": True,
        "status": 500,
        "message": "internal_error",
        "description": "Something went wrong. Please try again.",
    },
}
_LIMITS: Mapping[str, object] = {
    "alphavantage": {"Information": _AV_BURST},
    "binance": {"code": -1003, "msg": "Too much request weight used."},
    "coinbase": {"message": "Public rate limit exceeded"},
    "coingecko": {
        "status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}
    },
    "fixer": {"message": "You have exceeded your daily/monthly API rate limit."},
    "kraken": {"error": ["EGeneral:Too many requests"]},
    "openexchangerates": {
        "error": True,
        "status": 429,
        "message": "access_restricted",
        "description": _OXR_LIMIT,
    },
}
_EMPTY_ENVELOPE = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<gesmes:Envelope '
    b'xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" '
    b'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"><Cube></Cube></gesmes:Envelope>'
)


def spoil(provider: str, text: str, token: str) -> str:
    """The text with a token in place of every price."""
    return _PATTERNS[provider].sub(lambda match: _replace(match, token), text)


def error_body(provider: str) -> bytes:
    """What the provider says, under HTTP 200, when something is wrong with it."""
    return _json(_ERRORS[provider]) if provider in _ERRORS else _EMPTY_ENVELOPE


def limit_body(provider: str) -> bytes:
    """What stands in the provider's answer 429."""
    return _json(_LIMITS[provider]) if provider in _LIMITS else b"Too Many Requests"


def _replace(match: re.Match[str], token: str) -> str:
    price = next(group for group in range(1, len(match.groups()) + 1) if match[group] is not None)
    whole, start = match[0], match.start()
    return whole[: match.start(price) - start] + token + whole[match.end(price) - start :]


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
