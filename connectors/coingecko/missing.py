"""Coins that were asked for and are not in the answer: CoinGecko drops what it does not know in silence."""

import logging

import msgspec

from connectors.answers import Answer, decode_or_none
from connectors.coingecko.checks import check
from connectors.coingecko.coins import PROVIDER, ManyCoins

log = logging.getLogger(__name__)


class _Named(msgspec.Struct):
    id: str = ""


class WatchingCheck:
    """`check`, which also tells of a coin that is missing: once, until it is back."""

    def __init__(self) -> None:
        self._missing: set[str] = set()

    def __call__(self, answer: Answer, request: str) -> None:
        """See `check`; what is missing is logged, for the others are prices nonetheless."""
        check(answer, request)
        asked = decode_or_none(request.partition(" ")[2].encode(), ManyCoins)
        if asked is None:
            return
        missing = set(asked.ids) - coins_in(answer.body)
        for coin_id in sorted(missing - self._missing):
            log.warning(
                "%s: no price of %s in the answer: look whether /coins/list still has this id",
                PROVIDER,
                coin_id,
            )
        self._missing = (self._missing - set(asked.ids)) | missing


def coins_in(body: bytes) -> set[str]:
    """The ids of the coins in an answer of `simple/price` or `coins/markets`."""
    by_id = decode_or_none(body, dict[str, msgspec.Raw])
    if by_id is not None:
        return set(by_id)
    rows = decode_or_none(body, list[_Named])
    return {row.id for row in rows or []}
