"""The bundled Valkey: a cache on a private socket, with nothing on disk."""

import socket
import stat
from pathlib import Path

import psutil
import redis

from tests.tradewind.servers.support import isolated
from tradewind.servers.bundle import start_servers
from tradewind.settings import Settings


def alone(data: Path) -> Settings:
    """Settings under which Valkey is the only bundled server."""
    return isolated(data, database_url="postgresql://unused")


def test_it_listens_on_its_private_socket_alone_and_keeps_nothing(data: Path) -> None:
    with start_servers(alone(data)) as servers:
        with redis.Redis.from_url(servers.redis_url) as client:
            client.set("a", "1")
            assert client.config_get("save", "appendonly") == {"save": "", "appendonly": "no"}
        assert psutil.Process(servers.pids["valkey"]).net_connections("inet") == []
        assert stat.S_IMODE((data / "run" / "valkey.sock").stat().st_mode) == 0o700
    assert not list(data.rglob("*.rdb"))
    with start_servers(alone(data)) as servers, redis.Redis.from_url(servers.redis_url) as client:
        assert client.get("a") is None


def test_the_socket_of_a_killed_server_is_replaced(data: Path) -> None:
    settings = alone(data)
    stale = data / "run" / "valkey.sock"
    stale.parent.mkdir(parents=True, mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(stale))
    with start_servers(settings) as servers, redis.Redis.from_url(servers.redis_url) as client:
        assert client.ping()


def test_a_full_cache_gives_way(data: Path) -> None:
    with start_servers(alone(data)) as servers, redis.Redis.from_url(servers.redis_url) as client:
        client.config_set("maxmemory", "3mb")
        for number in range(600):
            client.set(f"key-{number}", b"x" * 10_000)
        assert 0 < client.dbsize() < 600
        assert client.exists("key-599")
