"""Connections that stay open from one photo to the next: a host is greeted once, and not for each of its photos."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING

from indexer.system.forks import in_child

if TYPE_CHECKING:
    from indexer.photos.fetch.request import Connection

Origin = tuple[str, str, int]
"""Scheme, host and port."""


class Connections:
    """Idle connections by origin; may be shared among threads.

    A connection was opened to an address that was judged then, and stays with it: what a name server says later
    changes nothing.

    Args:
        each: how many are kept of one origin.
    """

    def __init__(self, each: int) -> None:
        self._each = each
        self._begin()
        in_child(self._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[Origin, list[Connection]] = defaultdict(list)
        self._closed = False

    def take(self, origin: Origin) -> Connection | None:
        """One that can take a request, if there is any."""
        while True:
            with self._lock:
                idle = self._idle.get(origin)
                connection = idle.pop() if idle else None
            if connection is None or connection.is_idle():
                return connection
            connection.close()  # the server has closed it meanwhile

    def give(self, origin: Origin, connection: Connection) -> None:
        """Keep one for later."""
        with self._lock:
            if not self._closed and len(self._idle[origin]) < self._each:
                self._idle[origin].append(connection)
                return
        connection.close()

    def close(self) -> None:
        """End all of them, and those that are in use when they come back."""
        with self._lock:
            self._closed, idle = True, [one for many in self._idle.values() for one in many]
            self._idle.clear()
        for connection in idle:
            connection.close()
