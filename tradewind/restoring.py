"""A dump executed in one transaction with what comes before and after it, by PostgreSQL's own programs.

`pg_restore` can put only itself into a transaction. So it writes the statements, `psql` executes them, and
this process stands between: it says COMMIT only if all of the dump came. Whoever dies of the three, the
server undoes everything.
"""

import contextlib
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tradewind.servers.program import guarded

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Script:
    """A file of `pg_dump`, without its extensions, between two pieces of SQL; `closing` commits."""

    opening: str
    dump: Path
    closing: str


def execute(script: Script, binaries: Path, environment: Mapping[str, str]) -> bytes:
    """Run the script in the database that the environment leads to; what was wrong, empty if nothing."""
    with tempfile.TemporaryFile() as said, tempfile.NamedTemporaryFile() as contents:
        listed = [str(binaries / "pg_restore"), "--list", str(script.dump)]
        entries = subprocess.run(listed, capture_output=True, check=True).stdout.splitlines(True)
        contents.writelines(line for line in entries if b" EXTENSION " not in line)
        contents.flush()
        options = ("--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--file=-")
        executor = subprocess.Popen(
            guarded((str(binaries / "psql"), *options), signal.SIGKILL),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=environment,
        )
        reader = subprocess.Popen(
            guarded(
                (
                    str(binaries / "pg_restore"),
                    "--no-owner",
                    "--no-privileges",
                    f"--use-list={contents.name}",
                    "--file=-",
                    str(script.dump),
                ),
                signal.SIGKILL,
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
        )
        whole = _feed(script, reader, executor)
        if not whole:
            executor.kill()
        if executor.wait() == 0 and whole:
            return b""
        said.seek(0)
        return said.read() or b"psql ended early"


def _feed(
    script: Script, reader: "subprocess.Popen[bytes]", executor: "subprocess.Popen[bytes]"
) -> bool:
    """Give the executor all of the script; whether it took it, and the dump was whole."""
    source, sink = reader.stdout, executor.stdin
    assert source is not None
    assert sink is not None
    try:
        sink.write(script.opening.encode() + b"\n")
        _copy(source, sink)
        if reader.wait() != 0:
            return False
        sink.write(script.closing.encode() + b"\n")
        sink.flush()
    except BrokenPipeError:  # psql has met an error, and says which
        executor.wait()
        return False
    finally:
        with contextlib.suppress(BrokenPipeError):
            sink.close()  # without a COMMIT before it, the end of what is done
        reader.kill()
        reader.wait()
        source.close()
    return True


def _copy(source: IO[bytes], sink: IO[bytes]) -> None:
    while piece := source.read(_PIECE_BYTES):
        sink.write(piece)
