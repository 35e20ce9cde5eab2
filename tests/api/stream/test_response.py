"""The answer of a price stream, against a server played by the test."""

import asyncio

from starlette.types import Message

from api.market.board import PriceBoard
from api.metrics import Metrics
from api.middleware import RAW_SEND
from api.stream.hub import Hub
from api.stream.response import PriceStream
from market.instruments import CATALOGUE
from market.sources import Feed
from tests.api.conftest import NOW_US
from tests.api.harness import EURUSD, Hands

IDS = frozenset({EURUSD})


async def test_head_goes_through_the_layers_and_the_body_straight_to_the_server() -> None:
    metrics = Metrics()
    hub = Hub(PriceBoard(CATALOGUE, Feed.LIVE, Hands(NOW_US)), metrics)
    through_layers: list[Message] = []
    straight: asyncio.Queue[Message] = asyncio.Queue()
    leave = asyncio.Event()

    async def send(message: Message) -> None:
        through_layers.append(message)

    async def receive() -> Message:
        await leave.wait()
        return {"type": "http.disconnect"}

    response = PriceStream(hub, IDS, resumed=True)
    streaming = asyncio.ensure_future(response({RAW_SEND: straight.put}, receive, send))
    bodies = [(await straight.get())["body"] for _ in range(2)]
    assert [message["type"] for message in through_layers] == ["http.response.start"]
    assert bodies[0].startswith(b"retry: 1000\n\nevent: reset\n")
    assert bodies[1].startswith(b"event: snapshot\n")
    leave.set()
    await streaming
    assert metrics.registry.get_sample_value("tradewind_stream_clients") == 0
