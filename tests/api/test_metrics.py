"""What the API counts."""

from api.metrics import Metrics
from storage.lags import Lag


def test_an_answer_is_counted_and_timed() -> None:
    metrics = Metrics()
    metrics.answered("GET", "/x", 200, 0.003)
    text = metrics.exposition().decode()
    assert 'tradewind_http_requests_total{method="GET",route="/x",status="200"} 1.0' in text
    assert 'tradewind_http_first_byte_seconds_bucket{le="0.005",route="/x"} 1.0' in text


def test_two_applications_count_apart() -> None:
    one, two = Metrics(), Metrics()
    one.stream_clients.inc()
    assert two.registry.get_sample_value("tradewind_stream_clients") == 0


def test_lags_are_shown_by_flow_and_partition_until_they_are_not_known() -> None:
    metrics = Metrics()
    metrics.lagging([Lag("store", "binance-live-0", 12, 0.5)])
    labels = {"flow": "store", "partition": "binance-live-0"}
    assert metrics.registry.get_sample_value("tradewind_inbox_lag_records", labels) == 12
    assert metrics.registry.get_sample_value("tradewind_inbox_lag_seconds", labels) == 0.5
    metrics.lagging([])
    assert metrics.registry.get_sample_value("tradewind_inbox_lag_records", labels) is None
