"""Runs the service: checks what would fail anyway, binds the port, starts uvicorn, ends in an orderly way.

Importing this needs no extra, so that a missing one can be said in one line.
"""

from __future__ import annotations

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

from indexer.errors import JewelryError, MissingExtra, StoreMissing
from searcher.http.server.sockets import BACKLOG, bind_for, shown_url
from searcher.http.telemetry import MULTIPROCESS
from searcher.http.telemetry.json_logs import FIELDS, log_config
from searcher.settings import ServeSettings

if TYPE_CHECKING:
    from searcher.http.server.bounded import Bounded

_EXTRA = {
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "python_multipart": "python-multipart",
    "prometheus_client": "prometheus-client",
}
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


def _serve_alone(settings: ServeSettings, listener: socket.socket, fields: dict[str, Any]) -> None:
    import uvicorn

    from searcher.http.app import create_app

    server = uvicorn.Server(uvicorn.Config(create_app(settings), **uvicorn_options(settings)))
    log.info("listening", extra={FIELDS: fields})
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # uvicorn puts its own in place, and at its end raises it again
    server.run(sockets=[listener])
    _leave_stuck_threads()


def _serve_together(settings: ServeSettings, listeners: list[socket.socket], fields: dict[str, Any]) -> None:
    import uvicorn
    from uvicorn.config import STARTUP_FAILURE

    from searcher.http.server.workers import Workers, worker_app

    options = uvicorn_options(settings)
    config = uvicorn.Config(partial(worker_app, settings), factory=True, workers=settings.serve_workers, **options)
    workers = Workers(config, listeners, settings.shutdown_timeout)
    log.info("listening", extra={FIELDS: fields})
    workers.run()
    if any(worker.exitcode == STARTUP_FAILURE for worker in workers.processes):
        raise JewelryError("the workers did not start; the log above says why")


def uvicorn_options(settings: ServeSettings) -> dict[str, Any]:
    """How uvicorn serves an app of ours, alone or in a worker."""
    from searcher.http.server.connections import Connections, Limits

    return {
        "log_config": log_config(settings.log_level),
        "access_log": False,
        "server_header": False,
        "lifespan": "on",
        "ws": "none",
        "backlog": BACKLOG,
        "proxy_headers": False,  # whom to believe is the app's business, which knows the proxies that were named
        "http": Connections(Limits.of(settings), _connection()),
        "h11_max_incomplete_event_size": settings.header_limit + 1024,  # the connection refuses first, and says why
        "timeout_graceful_shutdown": settings.shutdown_timeout,
    }


def _connection() -> type[Bounded]:
    """The class for the parser that uvicorn would take by itself."""
    if find_spec("httptools") is None:
        from searcher.http.server.h11_protocol import BoundedH11

        return BoundedH11
    from searcher.http.server.httptools_protocol import BoundedHttpTools

    return BoundedHttpTools


@contextmanager
def _metrics_folder(workers: int) -> Iterator[None]:
    """Where several workers share their metrics; a single one needs no folder, and one given from outside stays."""
    if workers == 1 or MULTIPROCESS in os.environ:
        yield
        return
    from searcher.http.server.workers import METRICS_FOLDER

    with tempfile.TemporaryDirectory(prefix=METRICS_FOLDER, ignore_cleanup_errors=True) as folder:
        os.environ[MULTIPROCESS] = folder
        try:
            yield
        finally:
            del os.environ[MULTIPROCESS]


def _leave_stuck_threads() -> None:
    """End the process although a request is still at work in its thread: Python would wait for it."""
    others = [t for t in threading.enumerate() if t is not threading.current_thread() and not t.daemon]
    for thread in others:
        thread.join(STUCK_SECONDS)
    if any(thread.is_alive() for thread in others):
        log.warning("stopped before all requests had ended")
        logging.shutdown()
        os._exit(0)
