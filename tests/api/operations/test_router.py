"""Health, readiness, metrics, documentation."""

import re

import psycopg

from api.config import ApiConfig
from market.sources import source_of
from storage.books import partition_id
from tests.api.harness import Api


async def test_health_asks_nobody(alone: Api) -> None:
    response = await alone.get("/health")
    assert response.status_code == 200
    assert response.json()["data"] == {"status": "ok"}
    assert response.headers["cache-control"] == "no-store"


async def test_ready_when_all_answer(api: Api) -> None:
    assert await api.data("/ready") == {
        "status": "ready",
        "checks": {"database": "ok", "migrations": "ok", "redis": "ok"},
    }


async def test_not_ready_says_what_is_missing(alone: Api) -> None:
    response = await alone.get("/ready")
    assert response.status_code == 503
    error = response.json()["error"]
    assert error["code"] == "NOT_READY"
    assert error["details"]["checks"] == {
        "database": "unavailable",
        "migrations": "unknown",
        "redis": "unavailable",
    }


async def test_not_ready_before_the_migrations_ran(api: Api, config: ApiConfig) -> None:
    with psycopg.connect(config.database_url, autocommit=True) as connection:
        connection.execute("UPDATE revision SET version_num = '0000'")
    response = await api.get("/ready")
    assert response.status_code == 503
    assert response.json()["error"]["details"]["checks"]["migrations"] == "pending"


async def test_metrics_are_in_the_text_format(alone: Api) -> None:
    await alone.get("/health")
    response = await alone.get("/metrics")
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    expected = 'tradewind_http_requests_total{method="GET",route="/health",status="200"} 1.0'
    assert expected in response.text
    assert "tradewind_stream_following 0.0" in response.text


async def test_metrics_tell_how_far_the_flows_are_behind(api: Api, config: ApiConfig) -> None:
    with psycopg.connect(config.database_url, autocommit=True) as connection:
        partition_id(connection, "binance-0", source_of("binance", config.feed))
    text = (await api.get("/metrics")).text
    assert 'tradewind_inbox_lag_records{flow="store",partition="binance-0"} 0.0' in text
    assert 'tradewind_inbox_lag_seconds{flow="live",partition="binance-0"} 0.0' in text


async def test_metrics_are_there_without_a_database(alone: Api) -> None:
    response = await alone.get("/metrics")
    assert response.status_code == 200
    assert "tradewind_inbox_lag_records{" not in response.text


async def test_the_documentation_fetches_nothing_from_elsewhere(alone: Api) -> None:
    response = await alone.get("/docs")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in response.headers["content-security-policy"]
    assert re.findall(r'(?:src|href)="([^"]*)"', response.text) == ["/openapi.json"]
    for path in (await alone.get("/openapi.json")).json()["paths"]:
        assert path in response.text
