"""Tokens stand in place of prices, and nowhere else."""

import json
from typing import Any

import pytest

from connectors.sandbox.fault_kinds import PROVIDERS
from connectors.sandbox.spoiling import NAN, OVERFLOW, error_body, limit_body, spoil


@pytest.mark.parametrize(
    ("provider", "text", "spoiled"),
    [
        ("alphavantage", '{"05. price":"1.50","06. volume":"7"}',
         '{"05. price":"X","06. volume":"7"}'),
        ("alphavantage", '{"5. Exchange Rate":"1.5","8. Bid Price":"1","9. Ask Price": "2"}',
         '{"5. Exchange Rate":"X","8. Bid Price":"X","9. Ask Price": "X"}'),
        ("alphavantage", '{"1. open":"1","4. close":"2","4a. close (EUR)":"2","5. volume":"3"}',
         '{"1. open":"X","4. close":"X","4a. close (EUR)":"X","5. volume":"3"}'),
        ("binance", '{"e":"trade","E":17,"p":"1.50000000","T":17}',
         '{"e":"trade","E":17,"p":"X","T":17}'),
        ("binance", '[[17,"1.50000000","2.00000000",18,"0"]]', '[[17,"X","X",18,"0"]]'),
        ("coinbase", '{"price":"1.5","size":"2","best_bid":"1","trade_id":9}',
         '{"price":"X","size":"2","best_bid":"X","trade_id":9}'),
        ("coinbase", "[[1700000000,1.5,2.5,1,2,3]]", "[[1700000000,X,2.5,1,2,3]]"),
        ("coingecko", '{"bitcoin":{"usd":1.5e-07,"last_updated_at":17}}',
         '{"bitcoin":{"usd":X,"last_updated_at":17}}'),
        ("coingecko", '{"prices":[[1700000000000,1.5]]}', '{"prices":[[1700000000000,X]]}'),
        ("coingecko", '{"c":"C1","i":"bitcoin","vs":"usd","p":61696.5,"pp":1.4,"t":17}',
         '{"c":"C1","i":"bitcoin","vs":"usd","p":X,"pp":1.4,"t":17}'),
        ("ecb", "<Cube currency='USD' rate='1.5'/>", "<Cube currency='USD' rate='X'/>"),
        ("fixer", '{"timestamp":17,"rates":{"BTC":1.5e-5,"EUR":1}}',
         '{"timestamp":17,"rates":{"BTC":X,"EUR":X}}'),
        ("openexchangerates", '{"timestamp":17,"rates":{"AED":3.6}}',
         '{"timestamp":17,"rates":{"AED":X}}'),
        ("kraken", '{"symbol":"BTC/USD","bid":1.5,"last": 2,"trade_id":9}',
         '{"symbol":"BTC/USD","bid":X,"last": X,"trade_id":9}'),
        ("kraken", '[["105433.60000","0.00027625",1762795433.97,"b","l","",10]]',
         '[["X","0.00027625",1762795433.97,"b","l","",10]]'),
        ("kraken", '[[1700000000,"1.5","2"]]', '[[1700000000,"X","2"]]'),
    ],
)  # fmt: skip
def test_prices_are_replaced(provider: str, text: str, spoiled: str) -> None:
    assert spoil(provider, text, NAN) == spoiled.replace("X", NAN)
    assert spoil(provider, text, OVERFLOW) == spoiled.replace("X", OVERFLOW)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_has_errors_of_its_own(provider: str) -> None:
    bodies = (error_body(provider), limit_body(provider))
    if provider == "ecb":
        assert bodies[0].startswith(b"<?xml")
        return
    said: list[Any] = [json.loads(body) for body in bodies]
    assert all(isinstance(body, dict) for body in said)
