"""Runs the service: checks what would fail anyway, binds the port, starts uvicorn, ends in an orderly way.

Importing this needs no extra, so that a missing one can be said in one line.
"""

from __future__ import annotations

import errno
import logging
import logging.config
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from indexer.errors import JewelryError, MissingExtra, StoreMissing, UsageError
from indexer.system.text import one_line
from searcher.http.telemetry.json_logs import FIELDS, log_config
from searcher.settings import ServeSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

_EXTRA = {
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "python_multipart": "python-multipart",
    "prometheus_client": "prometheus-client",
}
BACKLOG = 2048
STUCK_SECONDS = 1.0
"""How long threads get to end after everything else has ended."""

log = logging.getLogger("searcher.http")


def serve(settings: ServeSettings) -> None:
    """Answer requests until SIGTERM or Ctrl-C; running requests then get ``shutdown_timeout`` seconds to finish.

    Raises:
        MissingExtra: the extra ``serve`` is not installed.
        UsageError: settings that make no sense, or that would open the service to the network without keys.
        StoreMissing: no index is published yet.
        StoreError: the index cannot be read, or its server not be reached.
        JewelryError: the port is taken, or the workers do not start.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until uvicorn takes over
    require_extra()
    from searcher.http.access.authentication import check_exposure

    check_exposure(settings)
    place = settings.open_chosen()
    if place.current() is None:
        raise StoreMissing.at(place.location)
    workers = settings.serve_workers
    with ExitStack() as open_sockets, _metrics_folder(workers):
        listeners = bind_for(workers, settings.serve_host, settings.serve_port)
        for listener in listeners:
            open_sockets.enter_context(listener)
        logging.config.dictConfig(log_config(settings.log_level))
        fields = {"url": shown_url(listeners[0]), "index": place.location, "workers": workers}
        if workers == 1:
            _serve_alone(settings, listeners[0], fields)
        else:
            _serve_together(settings, listeners, fields)
    log.info("stopped")


def require_extra() -> None:
    """Raise ``MissingExtra`` unless all packages of the extra ``serve`` are installed."""
    for module, package in _EXTRA.items():
        if find_spec(module) is None:
            raise MissingExtra(package, "serve")


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


def worker_app(settings: ServeSettings) -> FastAPI:
    """The app of one of several workers; what is wrong with it ends the worker with one line in the log."""
    from uvicorn.config import STARTUP_FAILURE

    from searcher.http.app import create_app

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent ends its workers with SIGTERM
    try:
        return create_app(settings)
    except JewelryError as error:
        log.error("cannot start: %s", one_line(error))
        sys.exit(STARTUP_FAILURE)


def _serve_alone(settings: ServeSettings, listener: socket.socket, fields: dict[str, Any]) -> None:
    import uvicorn

    from searcher.http.app import create_app

    server = uvicorn.Server(uvicorn.Config(create_app(settings), **_uvicorn_options(settings)))
    log.info("listening", extra={FIELDS: fields})
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # uvicorn puts its own in place, and at its end raises it again
    server.run(sockets=[listener])
    _leave_stuck_threads()


def _serve_together(settings: ServeSettings, listeners: list[socket.socket], fields: dict[str, Any]) -> None:
    import uvicorn
    from uvicorn.config import STARTUP_FAILURE
    from uvicorn.supervisors import Multiprocess

    class Workers(Multiprocess):
        """Uvicorn's, which would wait for a worker's last thread forever, and has one socket for all workers."""

        @property
        def sockets(self) -> list[socket.socket]:
            """Of the worker that is about to start: one that is new, or in the place of one that ended."""
            ended = (place for place, worker in enumerate(self.processes) if worker.exitcode is not None)
            return [listeners[next(ended, len(self.processes)) % len(listeners)]]

        @sockets.setter
        def sockets(self, _: list[socket.socket]) -> None:
            """They are known already."""

        def join_all(self) -> None:
            for worker in self.processes:
                worker.process.join(settings.shutdown_timeout + 5)
                if worker.process.is_alive():
                    worker.process.kill()
                    worker.process.join()

    options = _uvicorn_options(settings)
    config = uvicorn.Config(partial(worker_app, settings), factory=True, workers=settings.serve_workers, **options)
    workers = Workers(config, sockets=listeners)
    log.info("listening", extra={FIELDS: fields})
    workers.run()
    if any(worker.exitcode == STARTUP_FAILURE for worker in workers.processes):
        raise JewelryError("the workers did not start; the log above says why")


def _uvicorn_options(settings: ServeSettings) -> dict[str, Any]:
    return {
        "log_config": log_config(settings.log_level),
        "access_log": False,
        "server_header": False,
        "lifespan": "on",
        "ws": "none",
        "backlog": BACKLOG,
        "forwarded_allow_ips": settings.trusted_proxies,
        "timeout_graceful_shutdown": settings.shutdown_timeout,
    }


@contextmanager
def _metrics_folder(workers: int) -> Iterator[None]:
    """Where several workers share their metrics; a single one needs no folder, and one given from outside stays."""
    name = "PROMETHEUS_MULTIPROC_DIR"
    if workers == 1 or os.environ.get(name, "").strip():
        yield
        return
    with tempfile.TemporaryDirectory(prefix="jewelry-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ[name] = folder
        try:
            yield
        finally:
            del os.environ[name]


def _leave_stuck_threads() -> None:
    """End the process although a request is still at work in its thread: Python would wait for it."""
    others = [t for t in threading.enumerate() if t is not threading.current_thread() and not t.daemon]
    for thread in others:
        thread.join(STUCK_SECONDS)
    if any(thread.is_alive() for thread in others):
        log.warning("stopped before all requests had ended")
        logging.shutdown()
        os._exit(0)
