"""The servers that a process needs: started for it, or those that run already."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tradewind.servers.directory import DataDirectory, held_directory
from tradewind.servers.postgres import NAME as POSTGRES
from tradewind.servers.postgres import postgres_program
from tradewind.servers.program import Program, RunningProgram
from tradewind.servers.state import read_state
from tradewind.servers.valkey import valkey_program
from tradewind.settings import Settings


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers are reached: the bundled ones, or the user's own.

    `pids` are those of the bundled ones, by name.
    """

    database_url: str
    redis_url: str
    pids: Mapping[str, int]


def bundled_programs(
    settings: Settings, directory: DataDirectory, postgres_options: Mapping[str, str] | None = None
) -> tuple[Program, ...]:
    """The servers that the settings leave to us, in the order to start them."""
    programs = []
    if settings.database_url is None:
        log = settings.logs / f"{POSTGRES}.log"
        programs.append(postgres_program(directory, log, postgres_options))
    if settings.redis_url is None:
        programs.append(valkey_program(directory))
    return tuple(programs)


def with_running(settings: Settings) -> Settings:
    """The settings with the addresses of a running `up` where the user gave none, if one runs."""
    state = read_state(settings.data)
    if state is None:
        return settings
    addresses = {
        "database_url": settings.database_url or state.database_url,
        "redis_url": settings.redis_url or state.redis_url,
        "run": settings.run or Path(state.run),
    }
    return settings.model_copy(update=addresses)


@contextmanager
def start_servers(
    settings: Settings, *, postgres_options: Mapping[str, str] | None = None
) -> Iterator[Servers]:
    """Hold the data directory and run the servers while the block does.

    Call it from the main thread: the kernel ends the servers when the thread that started them
    ends. Raises a ProcessError; what was started is stopped.
    """
    with ExitStack() as stack:
        directory = stack.enter_context(held_directory(settings))
        pids = {}
        for program in bundled_programs(settings, directory, postgres_options):
            log = settings.logs / f"{program.name}.log"
            running = RunningProgram(program, log, (directory.lock_fd,))
            stack.callback(running.stop)
            running.start()
            pids[program.name] = running.pid
        yield Servers(settings.database(), settings.redis(), pids)


@contextmanager
def reach_database(settings: Settings) -> Iterator[str]:
    """The address of a database: the user's, that of a running `up` on the data directory, or of the
    bundled PostgreSQL, which runs while the block does."""
    reachable = with_running(settings)
    if reachable.database_url is not None:
        yield reachable.database_url
        return
    unneeded = settings.model_copy(update={"redis_url": "redis://unused"})
    with start_servers(unneeded) as servers:
        yield servers.database_url
