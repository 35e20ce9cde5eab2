"""The plan of `tradewind up`: which programs run, in which order, and how each shows that it works.

servers, sandbox, compiler → migrations → flows → connectors, mail and API; they are stopped the other way
round.
"""

import http.client
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace

from market.shards import shards
from tradewind.account_report import mail_line
from tradewind.servers.bundle import bundled_programs
from tradewind.servers.directory import DataDirectory
from tradewind.servers.program import Program, StopSteps
from tradewind.settings import FeedChoice, Settings, child_environment
from tradewind.supervisor import Stage

PROBE_TIMEOUT_S = 2.0
START_ATTEMPTS = 3

_OWN_STOP: StopSteps = ((None, 2.5), (signal.SIGTERM, 0.5))
"""The end of stdin is an orderly stop for all of our own; a signal is for one that is still starting."""
_ONCE_STOP: StopSteps = ((signal.SIGTERM, 1.0),)
"""A migration that is cut off is rolled back."""


def _runs(_pid: int) -> bool:
    # A flow or a connector is at work as soon as it runs: what it reads waits for it.
    return True


def stages_of(settings: Settings, directory: DataDirectory) -> list[Stage]:
    """What `up` runs with these settings on that directory."""
    environment = child_environment(settings)
    migrate = _own("migrate", ("migrate",), environment, once=True, where="the schema is current")
    # Beside the making of the database: the two take about the same time on a first start.
    warm = replace(
        _own("warm", ("warm",), environment, once=True, where="the kernels are compiled"),
        doing="compiling the kernels (once)",
    )
    replays = settings.feed is FeedChoice.REPLAY
    flows = (*_store(settings, environment), _own("live", ("pipeline", "live"), environment))
    # The flows read recorded files themselves, and wait at their end.
    feeds = () if replays else (_own("feeds", ("feeds",), environment),)
    first = (*bundled_programs(settings, directory), warm)
    if settings.feed is FeedChoice.SANDBOX:
        first = (*first, _sandbox(settings))
    deliver = _own("deliver", ("deliver",), environment, where=mail_line(settings))
    return [first, (migrate,), flows, (*feeds, deliver, _api(settings))]


def _store(settings: Settings, environment: Mapping[str, str]) -> tuple[Program, ...]:
    """Flow `store`, in as many processes as the settings say; recorded files have one reader."""
    count = settings.store_processes
    if count == 1 or settings.feed is FeedChoice.REPLAY:
        return (_own("store", ("pipeline", "store"), environment),)
    return tuple(
        _own(
            f"store-{shard.number}",
            ("pipeline", "store", "--shard", str(shard)),
            environment,
        )
        for shard in shards(count)
    )


def _sandbox(settings: Settings) -> Program:
    host, port = "127.0.0.1", settings.sandbox_port
    return _own(
        "sandbox",
        ("sandbox",),
        child_environment(settings),
        ready=lambda _pid: _listens(host, port),
        where=f"http://{host}:{port}",
    )


def _api(settings: Settings) -> Program:
    return _own(
        "api",
        ("api",),
        child_environment(settings),
        ready=lambda _pid: _is_ready(settings.host, settings.port),
        where=url_of(settings),
    )


def url_of(settings: Settings) -> str:
    """Where a browser opens the dashboard: at the one origin that its cookies and passkeys belong to."""
    return settings.public()


def _own(
    name: str,
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    *,
    ready: Callable[[int], bool] = _runs,
    once: bool = False,
    where: str = "",
) -> Program:
    return Program(
        name=name,
        argv=(sys.executable, "-m", "tradewind", *arguments),
        ready=ready,
        stop_steps=_ONCE_STOP if once else _OWN_STOP,
        ready_within_s=300.0 if once else 60.0,
        start_attempts=1 if once else START_ATTEMPTS,
        once=once,
        environment=environment,
        where=where,
    )


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), PROBE_TIMEOUT_S).close()
    except OSError:
        return False
    return True


def _is_ready(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_TIMEOUT_S)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
