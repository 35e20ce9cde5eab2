"""How long a process runs: until a signal, or until its supervisor asks or is gone."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

from tradewind.servers.guard import die_with_parent

SIGNALS = (signal.SIGTERM, signal.SIGINT)

_stop = threading.Event()
_supervised = threading.Event()


def stop_requested() -> threading.Event:
    """The event that is set once this process is asked to stop; always the same one.

    A signal asks for it, noticed once this was called in the main thread; a second one ends the
    process at once.
    """
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                signal.signal(number, _on_signal)
    return _stop


def set_when(requested: threading.Event, stop: asyncio.Event) -> None:
    """Set the loop's event once the process is asked to stop."""
    loop = asyncio.get_running_loop()

    def wait() -> None:
        requested.wait()
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait, name="stop", daemon=True).start()


def tie_to_supervisor(supervisor: int) -> None:
    """Have this process asked to stop at the end of its stdin, whose other end the supervisor holds.

    It is killed where the supervisor dies: nobody is left who would wait for an orderly end, and
    nothing that is kept depends on one.
    """
    _supervised.set()
    die_with_parent(supervisor, signal.SIGKILL)
    threading.Thread(target=_watch_stdin, name="stdin", daemon=True).start()


def leave(status: int) -> NoReturn:
    """End this process with that status; a supervised one without taking the interpreter apart.

    That costs a third of a second of a core with all that is imported, for each of five at once.
    """
    if _supervised.is_set():
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def _on_signal(number: int, _frame: FrameType | None) -> None:
    _stop.set()
    # Only the second: a flow that hangs must not be deaf to Ctrl-C.
    signal.signal(number, signal.SIG_DFL)


def _watch_stdin() -> None:
    with contextlib.suppress(OSError):
        while os.read(sys.stdin.fileno(), 1024):
            pass
    _stop.set()
