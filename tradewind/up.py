"""`tradewind up` and `tradewind down`: everything on this machine, and its end."""

import asyncio
import os
import signal
import time

from tradewind.console import UpConsole
from tradewind.errors import NotRunningError, PortTakenError, StillRunningError
from tradewind.plan import stages_of, url_of
from tradewind.ports import free_port, require_free
from tradewind.quality_rules import quality_rules
from tradewind.servers.directory import DataDirectory, held_directory, holder_of
from tradewind.servers.program import Program
from tradewind.servers.state import State, remove_state, write_state
from tradewind.settings import FeedChoice, Settings
from tradewind.supervisor import Supervisor

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DOWN_PATIENCE_S = 15.0
POLL_INTERVAL_S = 0.05


def run_up(settings: Settings) -> int:
    """Run everything until Ctrl-C, SIGTERM or `tradewind down`; the exit status.

    Raises a ProcessError where something could not be started; then nothing runs.
    """
    quality_rules(settings)  # a bad file is told before anything starts
    require_free(settings.host, settings.port, "--port")
    settings = with_free_sandbox_port(settings)
    console = UpConsole(settings)
    with held_directory(settings) as directory:
        settings = settings.model_copy(update={"run": directory.sockets})
        console.title()
        try:
            asyncio.run(_supervise(settings, directory, console))
        finally:
            remove_state(settings.data)
    console.stopped()
    return 0


def with_free_sandbox_port(settings: Settings) -> Settings:
    """The settings with another port for the sandbox where its own is taken and nobody chose it."""
    if settings.feed is not FeedChoice.SANDBOX:
        return settings
    try:
        require_free("127.0.0.1", settings.sandbox_port, "TRADEWIND_SANDBOX_PORT")
    except PortTakenError:
        if "sandbox_port" in settings.model_fields_set:
            raise
        return settings.model_copy(update={"sandbox_port": free_port("127.0.0.1")})
    return settings


async def _supervise(settings: Settings, directory: DataDirectory, console: UpConsole) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    observer = Recorder(settings, console)
    stages = stages_of(settings, directory)
    await Supervisor(stages, settings.logs, observer, (directory.lock_fd,)).run(stop)


class Recorder:
    """An observer of the supervisor: tells the console, and keeps the state in the data directory.

    A disk that is full keeps nothing from running.
    """

    def __init__(self, settings: Settings, console: UpConsole) -> None:
        self._settings = settings
        self._console = console
        self._pids: dict[str, int] = {}
        self._written = True

    def starting(self, program: Program) -> None:
        self._console.starting(program)

    def ready(self, program: Program, pid: int, took_s: float) -> None:
        if not program.once:
            self._pids[program.name] = pid
        self._write()
        self._console.ready(program, pid, took_s)

    def ended(self, program: Program, how: str, again_in_s: float, tail: str) -> None:
        self._pids.pop(program.name, None)
        self._write()
        self._console.ended(program, how, again_in_s, tail)

    def running(self) -> None:
        self._console.running()

    def stopping(self) -> None:
        self._console.stopping()

    def _write(self) -> None:
        state = State(
            pid=os.getpid(),
            feed=self._settings.feed.value,
            url=url_of(self._settings),
            database_url=self._settings.database(),
            redis_url=self._settings.redis(),
            run=str(self._settings.run_directory()),
            processes=dict(self._pids),
        )
        try:
            write_state(self._settings.data, state)
        except OSError as error:
            if self._written:
                self._console.unwritten(error)
            self._written = False
        else:
            self._written = True


def run_down(settings: Settings) -> int:
    """Stop what runs on the data directory and wait until nothing of it is left; the exit status."""
    holder = holder_of(settings.data)
    if holder is None:
        raise NotRunningError(settings.data)
    if holder:
        os.kill(holder, signal.SIGTERM)
    deadline = time.monotonic() + DOWN_PATIENCE_S
    while holder_of(settings.data) is not None:
        if time.monotonic() > deadline:
            raise StillRunningError(settings.data, holder)
        time.sleep(POLL_INTERVAL_S)
    print(f"stopped what ran on {settings.data}")
    return 0
