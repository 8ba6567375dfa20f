"""Connections of one process: how many there may be, how long one may keep silent, and which one goes for another.

Whoever can reach the port can open connections; no key is known before a request's headers are there. So each has a
time for its headers and a bound on them, and there are fewer connections than files that the process may open. One too
many takes the place of the one that has been silent longest: a client that sends its request at once is never the
oldest, whatever a stranger opens. Where nobody is silent, a few more are taken, to tell them so.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from searcher.http.telemetry.json_logs import FIELDS
from searcher.http.telemetry.metrics import connection_ended
from searcher.settings import ServeSettings

MOST = 1000
"""Connections of a process whose limit of open files is larger."""
FILES = 256
"""Files that are no connections: the index, the model, uploads, photos that are fetched, a reserve."""
SPARE = 16
"""Connections over the limit that are told so."""
SWEEP_SECONDS = 0.5
TELL_SECONDS = 60.0
CLOSING_SECONDS = 5.0
"""How long a connection may take to close once all was said."""

log = logging.getLogger("searcher.http")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may take."""

    connections: int
    header_bytes: int = 65_536
    header_seconds: float = 10.0
    write_seconds: float = 30.0
    """How long a client may read nothing of its answer."""
    drain_seconds: float = 1.0
    """How long an idle connection may send one more request after the service was told to end."""

    @classmethod
    def of(cls, settings: ServeSettings) -> Limits:
        """The limits that settings name, within what this process may open."""
        room = room_for_connections(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        wanted = settings.connection_limit
        if wanted is not None and wanted > room:
            log.warning(
                "the limit of open files leaves room for %d connections, not for %d; see ulimit -n", room, wanted
            )
        return cls(
            min(MOST if wanted is None else wanted, room),
            settings.header_limit,
            settings.header_timeout,
            settings.body_timeout,
            min(1.0, settings.shutdown_timeout / 2),
        )


def room_for_connections(files: int) -> int:
    """Connections that a process may have which may open so many files; negative is without limit."""
    if files < 0:
        return 1_000_000
    return max(1, max(files - FILES, files // 2) - SPARE)


class Connection(Protocol):
    """What is asked of one connection."""

    @property
    def silent_since(self) -> float | None:
        """When it began to owe the head of a request; None where it owes none."""
        ...

    @property
    def blocked_since(self) -> float | None:
        """When the client stopped reading its answer."""
        ...

    @property
    def closing_since(self) -> float | None:
        """When the server said its last."""
        ...

    def is_idle(self) -> bool:
        """Whether it was answered, and may send another request."""
        ...

    def is_sending(self) -> bool:
        """Whether a body is on its way that nobody has answered yet."""
        ...

    def end(self, reason: str) -> None:
        """Close it."""
        ...

    def crowd(self) -> None:
        """Let its requests be told that it is one too many."""
        ...


class Connections:
    """The connections of a process; also what makes them: ``uvicorn.Config(http=Connections(…))``.

    Args:
        limits: what each may take.
        make: the class of connections.
        clock: seconds, rising.
    """

    def __init__(self, limits: Limits, make: Callable[..., Any], clock: Callable[[], float] = time.monotonic) -> None:
        self.limits, self.clock, self._make = limits, clock, make
        self._open: dict[Connection, None] = {}  # in the order in which they last began to wait, or were opened
        self._sweeping = False
        self._ended: Counter[str] = Counter()
        self._told = float("-inf")

    def __call__(self, **given: Any) -> asyncio.Protocol:
        """A connection, as uvicorn asks for one."""
        made: asyncio.Protocol = self._make(connections=self, **given)
        return made

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, new: Connection) -> None:
        """Take a connection; another one may go for it, or it is one too many."""
        if len(self._open) >= self.limits.connections and (oldest := self._oldest_silent()) is not None:
            self.end(oldest, "crowded")
        self._open[new] = None
        if len(self._open) > self.limits.connections + SPARE:
            self.end(new, "crowded")
        elif len(self._open) > self.limits.connections:
            new.crowd()
        if not self._sweeping:
            self._sweeping = True
            asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep_on)

    def waits(self, connection: Connection) -> None:
        """Note that it begins to wait for a request now."""
        if connection in self._open:
            del self._open[connection]
            self._open[connection] = None

    def closed(self, connection: Connection) -> None:
        """Forget one."""
        self._open.pop(connection, None)

    def end(self, connection: Connection, reason: str) -> None:
        """Close one; from now on it has no place."""
        self._open.pop(connection, None)
        self.note(reason)
        connection.end(reason)

    def note(self, reason: str) -> None:
        """Count one that the server ended."""
        self._ended[reason] += 1
        connection_ended(reason)

    def sweep(self) -> None:
        """End those that take too long."""
        now, limits = self.clock(), self.limits
        for connection in tuple(self._open):
            unread = _older(connection.blocked_since, now, limits.write_seconds)
            if unread or _older(connection.closing_since, now, CLOSING_SECONDS):
                self.end(connection, "stuck")
            elif not connection.is_idle() and _older(connection.silent_since, now, limits.header_seconds):
                self.end(connection, "silent")
        if self._ended and now - self._told > TELL_SECONDS:
            self._told = now
            log.warning("connections ended by the service", extra={FIELDS: dict(self._ended)})
            self._ended.clear()

    def _oldest_silent(self) -> Connection | None:
        """Who owes a request longest; else who is idle longest; else whose body is on its way longest."""
        of_kind: dict[int, Connection] = {}
        for one in self._open:
            if one.closing_since is not None:
                continue
            if one.silent_since is not None and not one.is_idle():
                return one
            if one.silent_since is not None:
                of_kind.setdefault(1, one)
            elif one.is_sending():
                of_kind.setdefault(2, one)
        return of_kind[min(of_kind)] if of_kind else None

    def _sweep_on(self) -> None:
        self.sweep()
        self._sweeping = bool(self._open or self._ended)  # what was counted is told, if a minute later
        if self._sweeping:
            asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep_on)


def _older(since: float | None, now: float, seconds: float) -> bool:
    return since is not None and now - since > seconds
