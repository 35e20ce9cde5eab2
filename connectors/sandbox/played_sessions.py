"""Sessions of a recording: greeted and answered like the provider's, and sent what was recorded."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.sandbox.tape import Pair, Quotes, Trades
from connectors.sandbox.wire import Request


class PlayedSession:
    """One client of a recording: greeted, its subscriptions taken down, sent what was recorded."""

    def opened(self, now_us: int) -> list[str]:
        """Greetings of the provider."""
        return []

    def received(self, message: str, now_us: int) -> list[str]:
        """The reply to a request; what is none is ignored."""
        try:
            request = json.loads(message)
        except (ValueError, RecursionError):
            return []
        return [_text(reply) for reply in self.replies(request)] if _is_object(request) else []

    def replies(self, request: dict[str, Any]) -> list[object]:
        """The replies to a request."""
        return []

    def played(self, frames: Sequence[str]) -> list[str]:
        """Those of the recorded frames that the client asked for."""
        return list(frames)

    def traded(self, pair: Pair, trades: Trades, now_us: int) -> list[str]:
        """Nothing: the market is in the recording."""
        return []

    def quoted(self, pair: Pair, quotes: Quotes, now_us: int) -> list[str]:
        """Nothing."""
        return []

    def passed(self, now_us: int) -> list[str]:
        """Nothing: heartbeats are in the recording."""
        return []

    def ending(self, now_us: int) -> list[str]:
        """What announces the end."""
        return []


class PlayedBinance(PlayedSession):
    """Sends the streams that were asked for, wrapped as recorded, or bare below `ws`."""

    def __init__(self, request: Request) -> None:
        self._combined = request.path == "stream"
        names = request.query.get("streams", "") if self._combined else request.path[len("ws/") :]
        self._streams = dict.fromkeys(name for name in names.split("/") if name)

    def replies(self, request: dict[str, Any]) -> list[object]:
        names = [name for name in _list(request.get("params")) if isinstance(name, str)]
        match request.get("method"):
            case "SUBSCRIBE":
                self._streams |= dict.fromkeys(names)
            case "UNSUBSCRIBE":
                for name in names:
                    self._streams.pop(name, None)
            case "LIST_SUBSCRIPTIONS":
                return [{"result": list(self._streams), "id": request.get("id")}]
        return [{"result": None, "id": request.get("id")}]

    def played(self, frames: Sequence[str]) -> list[str]:
        return [self._shown(frame) for frame in frames if _stream_of(frame) in self._streams]

    def ending(self, now_us: int) -> list[str]:
        data = {"e": "serverShutdown", "E": now_us // 1_000}
        return [_text({"stream": "!serverShutdown", "data": data} if self._combined else data)]

    def _shown(self, frame: str) -> str:
        return frame if self._combined else frame[frame.index('"data":') + len('"data":') : -1]


class PlayedSubscription(PlayedSession):
    """Sends everything, from the first subscription on."""

    def __init__(self, request: Request) -> None:
        self._subscribed = False

    def played(self, frames: Sequence[str]) -> list[str]:
        return list(frames) if self._subscribed else []


class PlayedKraken(PlayedSubscription):
    """Acknowledges each symbol."""

    def opened(self, now_us: int) -> list[str]:
        return [_text(_kraken_status("online"))]

    def replies(self, request: dict[str, Any]) -> list[object]:
        method, number = request.get("method"), request.get("req_id")
        if method == "ping":
            return [{"method": "pong", "req_id": number}]
        params = request.get("params")
        if method != "subscribe" or not isinstance(params, dict):
            return []
        self._subscribed = True
        channel = {"channel": params.get("channel")}
        results = [channel | {"symbol": symbol} for symbol in _list(params.get("symbol"))]
        return [
            {"method": method, "result": result, "success": True, "req_id": number}
            for result in results
        ]

    def ending(self, now_us: int) -> list[str]:
        return [_text(_kraken_status("maintenance"))]


class PlayedCoinbase(PlayedSubscription):
    """Confirms the channels that were asked for."""

    def replies(self, request: dict[str, Any]) -> list[object]:
        if request.get("type") != "subscribe":
            return []
        self._subscribed = True
        products = _list(request.get("product_ids"))
        channels = [
            channel if _is_object(channel) else {"name": channel, "product_ids": products}
            for channel in _list(request.get("channels"))
        ]
        return [{"type": "subscriptions", "channels": channels}]


class PlayedCoinGecko(PlayedSubscription):
    """Greets twice, and confirms channel and tokens."""

    def opened(self, now_us: int) -> list[str]:
        greeting = {"code": 3000, "message": "Connection established", "uuid": f"{now_us:x}"}
        return [_text(greeting), _text({"type": "welcome", "sid": f"{now_us:x}"})]

    def replies(self, request: dict[str, Any]) -> list[object]:
        match request.get("command"):
            case "subscribe":
                identifier = request.get("identifier")
                return [{"type": "confirm_subscription", "identifier": identifier}]
            case "message":
                self._subscribed = True
                return [{"code": 2000, "message": "Subscription is successful"}]
        return []


PLAYED_SESSIONS: Mapping[str, Callable[[Request], PlayedSession]] = {
    "binance": PlayedBinance,
    "coinbase": PlayedCoinbase,
    "coingecko": PlayedCoinGecko,
    "kraken": PlayedKraken,
}


def _stream_of(frame: str) -> str:
    """`btcusdt@trade` of `{"stream":"btcusdt@trade",…}`; empty where it is none."""
    return frame.split('"', 4)[3] if frame.startswith('{"stream":"') else ""


def _kraken_status(system: str) -> dict[str, object]:
    data = {"system": system, "api_version": "v2", "connection_id": 2**63 + 1, "version": "2.0.0"}
    return {"channel": "status", "type": "update", "data": [data]}


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
