"""Listening sockets: bound before anything else is started, so that what cannot work is said in one line."""

from __future__ import annotations

import errno
import socket

from indexer.errors import JewelryError, UsageError

BACKLOG = 2048


def bind_for(workers: int, host: str, port: int) -> list[socket.socket]:
    """Listening sockets, one a worker, so that the kernel spreads connections evenly.

    Workers that share one socket compete for it, and the one that is awake takes whatever has queued up: eight
    connections of a connection pool all ended at one worker, and the other one idled. Raises as `bind` does.
    """
    first = bind(host, port)
    if workers == 1 or not hasattr(socket, "SO_REUSEPORT"):
        return [first]
    port = first.getsockname()[1]
    first.close()  # it has shown that nobody else listens there, which sockets that share a port do not
    return [bind(host, port, shared=True) for _ in range(workers)]


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening socket; ``shared`` lets other sockets of this user listen at the same port.

    Raises:
        UsageError: the address is invalid, or this machine does not have it.
        JewelryError: the port is taken, or not allowed.
    """
    where = f"{host}:{port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise UsageError(f"{where}: is not an address to listen at ({error}); give one with --host") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise JewelryError(f"{where}: another program listens there; end it, or give another --port") from None
        if error.errno == errno.EADDRNOTAVAIL:
            raise UsageError(f"{where}: this machine does not have this address; give another --host") from None
        raise JewelryError(f"{where}: cannot listen there ({error.strerror}); give another --port or --host") from None
    listener.set_inheritable(True)
    return listener


def shown_url(listener: socket.socket) -> str:
    """The address of a listening socket, for people."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
