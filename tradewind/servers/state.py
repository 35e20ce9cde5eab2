"""What a running `up` tells other processes of its data directory: who it is and where its parts are."""

import os
from pathlib import Path

import msgspec

from tradewind.servers.directory import holder_of


class State(msgspec.Struct, frozen=True):
    """A running `up`."""

    pid: int
    feed: str
    url: str
    database_url: str
    redis_url: str
    run: str
    processes: dict[str, int] = {}
    """The process ids of its children, by name."""


def write_state(data: Path, state: State) -> None:
    """Put it in the data directory, whole or not at all; addresses may hold passwords."""
    new = data / "up.json.new"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(state))
    new.replace(data / "up.json")


def remove_state(data: Path) -> None:
    """Take it away, as the last thing of an orderly end."""
    (data / "up.json").unlink(missing_ok=True)


def read_state(data: Path) -> State | None:
    """The state of the `up` that runs on that directory; None where none does, or not yet."""
    holder = holder_of(data)
    if not holder:
        return None
    try:
        state = msgspec.json.decode((data / "up.json").read_bytes(), type=State)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return state if state.pid == holder else None
