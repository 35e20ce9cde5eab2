"""TCP ports: whether one is free before anything starts, and which one is."""

import os
import socket

from tradewind.errors import PortTakenError


def require_free(host: str, port: int, option: str) -> None:
    """Raise PortTakenError, which names `option` as the way out, where the port can't be listened on."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as listener:
            # Connections of an earlier run that linger are no obstacle to a server either.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(1)
    except OSError as error:
        # A name that is not known has a code of its own, which `strerror` of the system misreads.
        known = error.errno if not isinstance(error, socket.gaierror) else None
        reason = os.strerror(known) if known else str(error.strerror)
        raise PortTakenError(host, port, reason.lower(), option) from error


def free_port(host: str) -> int:
    """A port that is free now; it may be taken a moment later."""
    with socket.create_server((host, 0)) as listener:
        return int(listener.getsockname()[1])
