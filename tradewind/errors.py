"""What can go wrong with the process itself: each says in one line what happened and the way out."""

from collections.abc import Sequence
from pathlib import Path


class ProcessError(Exception):
    """The root of this room's errors; the command line prints its sentence and exits with 1."""


class DataInUseError(ProcessError):
    """Another process holds the data directory."""

    def __init__(self, directory: Path, pid: int | None) -> None:
        super().__init__(directory, pid)
        self.directory = directory
        self.pid = pid

    def __str__(self) -> str:
        holder = f"process {self.pid}" if self.pid else "what is left of an earlier run"
        return (
            f"{self.directory} is in use by {holder}; "
            f"stop it with `tradewind down --data {self.directory}` or take another --data"
        )


class DataFormatError(ProcessError):
    """The data directory is not one that this version can use."""

    def __init__(self, directory: Path, reason: str, way_out: str) -> None:
        super().__init__(directory, reason, way_out)
        self.directory = directory
        self.reason = reason
        self.way_out = way_out

    def __str__(self) -> str:
        return f"{self.directory} {self.reason}; {self.way_out}"


class SocketPathError(ProcessError):
    """No directory for Unix sockets whose path is short enough and private."""

    def __init__(self, directory: Path, reason: str) -> None:
        super().__init__(directory, reason)
        self.directory = directory
        self.reason = reason

    def __str__(self) -> str:
        return f"sockets can't live in {self.directory}: {self.reason}; set TRADEWIND_RUN"


class NamespaceBarredError(ProcessError):
    """Root, and no user namespace to run PostgreSQL in, which refuses to run as root."""

    def __str__(self) -> str:
        return (
            "PostgreSQL does not run as root, and this machine bars the user namespace that would "
            "hold it; run tradewind as an ordinary user, or give --database-url"
        )


class ServerFailedError(ProcessError):
    """A bundled server ended, or did not get ready in its time."""

    def __init__(self, name: str, reason: str, log: Path, tail: str) -> None:
        super().__init__(name, reason, log, tail)
        self.name = name
        self.reason = reason
        self.log = log
        self.tail = tail

    def __str__(self) -> str:
        said = f":\n{self.tail}" if self.tail else ""
        return f"{self.name} {self.reason}; its log is {self.log}{said}"


class PortTakenError(ProcessError):
    """A TCP port that is to be listened on is not free."""

    def __init__(self, host: str, port: int, reason: str, option: str) -> None:
        super().__init__(host, port, reason, option)
        self.host = host
        self.port = port
        self.reason = reason
        self.option = option

    def __str__(self) -> str:
        return (
            f"can't listen on {self.host}:{self.port} ({self.reason}); choose another {self.option}"
        )


class NotRunningError(ProcessError):
    """Nothing runs on the data directory."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.directory = directory

    def __str__(self) -> str:
        return f"nothing runs on {self.directory}"


class StillRunningError(ProcessError):
    """What was asked to stop has not stopped in its time."""

    def __init__(self, directory: Path, pid: int) -> None:
        super().__init__(directory, pid)
        self.directory = directory
        self.pid = pid

    def __str__(self) -> str:
        return f"process {self.pid} still works on {self.directory}; `kill -9 {self.pid}` ends it"


class BadSettingError(ProcessError):
    """A setting, from the environment or the command line, that can't be meant. Its value may be a
    secret in the wrong place and is not shown."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


class ReplayBusyError(ProcessError):
    """Somebody is replaying recorded files into the same database."""

    def __str__(self) -> str:
        return (
            "recorded files are already being replayed into this database; "
            "wait until that has ended, or stop it"
        )


class UnknownPipelineError(ProcessError):
    """A pipeline's name that nobody carries."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name, known)
        self.name = name
        self.known = known

    def __str__(self) -> str:
        return f"unknown pipeline {self.name!r}; there are: {', '.join(self.known)}"


class OneProcessError(ProcessError):
    """A shard of a flow that has none: it runs in one process."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"flow {self.name} runs in one process: {self.reason}; leave out --shard"


class UnknownProviderError(ProcessError):
    """A provider's name that nobody carries."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name, known)
        self.name = name
        self.known = known

    def __str__(self) -> str:
        return f"unknown provider {self.name!r}; there are: {', '.join(self.known)}"


class MissingKeyError(ProcessError):
    """A provider that is asked for needs a key that nobody has given."""

    def __init__(self, provider: str) -> None:
        super().__init__(provider)
        self.provider = provider

    def __str__(self) -> str:
        return f"{self.provider} needs a key: set TRADEWIND_{self.provider.upper()}_KEY"


class BackupError(ProcessError):
    """A backup that was not made, or not restored: the file, and why."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path} {self.reason}"


class NotABackupError(BackupError):
    """A file that is no backup, or no whole one; nothing was touched."""


class NotEmptyError(ProcessError):
    """A database that holds something is not restored into. `own`: it is on a server of the user's."""

    def __init__(self, data: Path, *, own: bool) -> None:
        super().__init__(data, own)
        self.data = data
        self.own = own

    def __str__(self) -> str:
        where = "the database" if self.own else f"the database in {self.data}"
        other = "an empty database" if self.own else "another --data"
        return f"{where} is not empty: take {other}, or --replace what it holds"


class MasterKeysError(ProcessError):
    """The file of the master keys can't be used; what is sealed by them can't be read without."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"the master keys in {self.path} can't be used: {self.reason}; see docs/mail.md"


class NoSuchUserError(ProcessError):
    """Nobody has an account with that address."""

    def __init__(self, email: str) -> None:
        super().__init__(email)
        self.email = email

    def __str__(self) -> str:
        return f"nobody has an account with {self.email}; `tradewind users list` tells who has"
