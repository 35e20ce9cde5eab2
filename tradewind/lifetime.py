"""How long a process runs: until a signal, or until its supervisor is gone."""

import os
import signal
import sys
import threading
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)
LEAVE_WITHIN_S = 10.0
"""A process whose supervisor is gone is given so long to end by itself, then it is ended."""

_stop = threading.Event()
_lock = threading.Lock()
_watched: set[str] = set()


def stop_requested(*, supervised: bool = False) -> threading.Event:
    """The event that is set once this process is asked to stop; always the same one.

    A signal asks for it (noticed when first called in the main thread), and so does the end of stdin
    where a supervisor holds its other end.
    """
    with _lock:
        if "signals" not in _watched and threading.current_thread() is threading.main_thread():
            _watched.add("signals")
            for number in SIGNALS:
                signal.signal(number, _on_signal)
        if supervised and "stdin" not in _watched:
            _watched.add("stdin")
            threading.Thread(target=_watch_stdin, name="stdin", daemon=True).start()
    return _stop


def _on_signal(_number: int, _frame: FrameType | None) -> None:
    _stop.set()


def _watch_stdin() -> None:
    try:
        while os.read(sys.stdin.fileno(), 1024):
            pass
    except (OSError, ValueError):
        pass  # closed already: nobody can be there
    _stop.set()
    # Not a sleep: the thread is a daemon, and a process that ends in time takes it along.
    threading.Event().wait(LEAVE_WITHIN_S)
    os._exit(1)
