"""Becomes another program that cannot outlive the process which started it.

Run as a script: `python -I -S guard.py PARENT_PID SIGNAL plain|namespace PROGRAM ARGUMENT…`. The kernel
sends SIGNAL when the parent dies, however it dies. With `namespace`, the program sees itself as an
ordinary user in a user namespace of its own, while its files stay this user's: PostgreSQL refuses
to run as root. The process id does not change, so the parent waits for the program itself.
It imports nothing of ours: it must start in milliseconds.
"""

import ctypes
import os
import pwd
import sys
from pathlib import Path

EXIT_NAMESPACE_BARRED = 71
EXIT_NOT_RUN = 72

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x1000_0000
_USUAL_USER = 1000


def enter_user_namespace() -> None:
    """Put this process in a user namespace where it is no root; OSError where that is barred."""
    inner = _named_user()
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    own = Path("/proc/self")
    # Without this the kernel lets nobody map groups.
    (own / "setgroups").write_text("deny")
    (own / "uid_map").write_text(f"{inner} {user} 1")
    (own / "gid_map").write_text(f"{inner} {group} 1")


def _named_user() -> int:
    """A user with a name, which initdb asks for: who it is does not matter."""
    users = sorted(entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0)
    return _USUAL_USER if _USUAL_USER in users or not users else users[0]


def die_with_parent(parent: int, signal_number: int) -> None:
    """Have the kernel send that signal to this process when its parent ends; Linux only.

    Exits where the parent ended before the kernel was told.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(EXIT_NOT_RUN)


def main(parent: str, signal_number: str, mode: str, *command: str) -> None:
    """Guard this process and become the command."""
    if mode == "namespace":
        try:
            enter_user_namespace()
        except OSError as error:
            print(f"no user namespace: {error}", file=sys.stderr)
            sys.exit(EXIT_NAMESPACE_BARRED)
    # After the namespace: a change of credentials would clear it.
    die_with_parent(int(parent), int(signal_number))
    try:
        os.execv(command[0], command)
    except OSError as error:
        print(f"can't run {command[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(EXIT_NOT_RUN)


if __name__ == "__main__":
    main(*sys.argv[1:])
