"""Prices as they are asked for: the elected ones or a source's own, now or as they were known once."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from api.errors import InvalidParameterError
from api.market.board import PriceBoard, PriceData
from api.market.crosses import cross_price, require_known
from api.market.references import load_references, reference_times
from api.market.refill import refill
from api.market.schemas import PriceParameters
from api.market.sources import known_provider
from api.market.symbols import named_symbols
from api.services import ServiceSet
from market.clock import datetime_of, microseconds, rfc3339
from market.crosses import NoPathError
from market.instruments import AssetClass
from market.sources import source_of
from market.ticks import TickBatch
from storage.history.newest import newest_ticks_at
from storage.pools import ReadPool


async def find_prices(services: ServiceSet, parameters: PriceParameters) -> list[PriceData]:
    """The prices of the named symbols in their order, or of every instrument that has one.

    UnknownSymbolError, NoPathError, InvalidParameterError.
    """
    board = services.board
    names = named_symbols(parameters.symbols)
    for name in names or ():
        require_known(board, name)
    provider = known_provider(parameters.source)
    if parameters.as_of is not None:
        at_us = microseconds(parameters.as_of)
        if at_us > board.now_us():
            raise InvalidParameterError("as_of", f"is later than now, {rfc3339(board.now_us())}")
        board = await board_as_of(board, services.database, names, at_us, provider)
        return _shown(board, names, at_us)
    if provider is not None:
        board = board.beside(await services.cache.latest(provider))
    elif not services.follower.following:
        await refill(board, services.database, board.known_ids())
    return _shown(board, names, board.now_us())


async def board_as_of(
    board: PriceBoard,
    database: ReadPool,
    names: Sequence[str] | None,
    at_us: int,
    provider: str | None = None,
) -> PriceBoard:
    """A board of the prices that were known at an instant, with that day's references.

    It holds the named instruments, or all, and what the named ones may have to be crossed over.
    """
    ids = board.known_ids() if names is None else _needed(board, names)
    source = None if provider is None else source_of(provider, board.feed).id
    then = await newest_board(board, database, ids, at_us, source)
    # The calendar of a year that nobody asked for yet takes a second to load.
    await asyncio.to_thread(then.warm_up)
    await load_references(then, database, reference_times(then, at_us))
    return then


def _needed(board: PriceBoard, names: Sequence[str]) -> list[int]:
    """The ids of the named instruments, and of all pairs of currencies where one of those is named."""
    named = [board.instruments.by_symbol(name) for name in names if name in board.instruments]
    others = [each for each in named if each.asset_class is not AssetClass.FX]
    if len(others) < len(names):
        others += [each for each in board.instruments if each.asset_class is AssetClass.FX]
    return [each.id for each in others]


async def newest_board(
    board: PriceBoard,
    database: ReadPool,
    ids: Sequence[int],
    at_us: int,
    source_id: int | None = None,
) -> PriceBoard:
    """A board of the newest prices of these instruments at an instant, without any reference."""
    then = PriceBoard(board.instruments, board.feed, lambda: at_us)
    at = datetime_of(at_us)
    ticks = await database.read(newest_ticks_at, board.feed, ids, at, source_id)
    then.apply(TickBatch.of(ticks))
    return then


def _shown(board: PriceBoard, names: Sequence[str] | None, now_us: int) -> list[PriceData]:
    if names is None:
        return board.prices(board.known_ids(), now_us)
    return [_price(board, name, now_us) for name in names]


def _price(board: PriceBoard, symbol: str, now_us: int) -> PriceData:
    if symbol not in board.instruments:
        return cross_price(board, symbol, now_us)
    instrument = board.instruments.by_symbol(symbol)
    price = board.price(instrument, now_us)
    if price is None and instrument.asset_class is AssetClass.FX:
        with suppress(NoPathError):
            price = cross_price(board, symbol, now_us)
    return price or board.no_price(instrument, now_us)
