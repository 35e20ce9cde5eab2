"""What the API counts about itself, and how far the flows are behind, for Prometheus."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

from storage.lags import Lag

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """One registry an application, so that several may live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "tradewind_http_requests",
            "Answers by route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "tradewind_http_first_byte_seconds",
            "From the request to the head of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.stream_clients = Gauge(
            "tradewind_stream_clients", "Open price streams.", registry=self.registry
        )
        self.stream_conflations = Counter(
            "tradewind_stream_conflations",
            "Times that a slow client's queue was replaced by a snapshot.",
            registry=self.registry,
        )
        self.stream_following = Gauge(
            "tradewind_stream_following", "1 while the live stream is read.", registry=self.registry
        )
        self.stream_ticks = Counter(
            "tradewind_stream_ticks", "Ticks read from the live stream.", registry=self.registry
        )
        self.stream_prices = Counter(
            "tradewind_stream_prices", "Price updates sent out, once each.", registry=self.registry
        )

        self._lag_records = Gauge(
            "tradewind_inbox_lag_records",
            "Records of an inbox partition that a flow has not read.",
            ("flow", "partition"),
            registry=self.registry,
        )
        self._lag_seconds = Gauge(
            "tradewind_inbox_lag_seconds",
            "For how long the oldest record that a flow has not read has been there.",
            ("flow", "partition"),
            registry=self.registry,
        )

    def lagging(self, lags: Iterable[Lag]) -> None:
        """Show these lags and no older ones; none where they are not known."""
        self._lag_records.clear()
        self._lag_seconds.clear()
        for lag in lags:
            self._lag_records.labels(lag.flow, lag.partition).set(lag.records)
            self._lag_seconds.labels(lag.flow, lag.partition).set(lag.seconds)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer; `route` is a path template, so that labels stay few."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def exposition(self) -> bytes:
        """Everything in Prometheus's text format."""
        return generate_latest(self.registry)
