"""Several worker processes: each has a socket of its own, all end together, none outlives who started it."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import shutil
import signal
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from indexer.errors import JewelryError
from indexer.system.text import one_line
from searcher.http.telemetry import MULTIPROCESS
from searcher.settings import ServeSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

METRICS_FOLDER = "jewelry-metrics-"
"""How the folder begins that workers share their metrics in, where none was given from outside."""

LEFT_BEHIND_SECONDS = 5
"""How long a worker may take to end beyond the time of its running requests."""

log = logging.getLogger("searcher.http")


class Workers(Multiprocess):
    """Uvicorn's, which would wait for a worker's last thread forever, and has one socket for all workers.

    Args:
        config: of each worker.
        listeners: one a worker.
        patience: seconds that running requests get to finish.
    """

    def __init__(self, config: uvicorn.Config, listeners: list[socket.socket], patience: int) -> None:
        self._listeners, self._patience = listeners, patience
        super().__init__(config, sockets=listeners)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)

    @property
    def sockets(self) -> list[socket.socket]:
        """Of the worker that is about to start: one that is new, or in the place of one that ended."""
        ended = (place for place, worker in enumerate(self.processes) if worker.exitcode is not None)
        return [self._listeners[next(ended, len(self.processes)) % len(self._listeners)]]

    @sockets.setter
    def sockets(self, _: list[socket.socket]) -> None:
        """They are known already."""

    def terminate_all(self) -> None:
        """Tell them to end; our own copies of the sockets would take connections that nobody answers."""
        for listener in self._listeners:
            listener.close()
        super().terminate_all()

    def join_all(self) -> None:
        """See `Multiprocess.join_all`."""
        for worker in self.processes:
            worker.process.join(self._patience + LEFT_BEHIND_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    def _end(self, number: int, _: object) -> None:
        """Tell the workers at once; our own turn to look at signals comes twice a second."""
        self.signal_queue.append(number)
        for worker in self.processes:
            if worker.pid is not None and worker.process.exitcode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGTERM)


def worker_app(settings: ServeSettings) -> FastAPI:
    """The app of one of several workers; what is wrong with it ends the worker with one line in the log."""
    from searcher.http.app import create_app

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent ends its workers with SIGTERM
    threading.Thread(target=_follow, args=(settings.shutdown_timeout,), daemon=True, name="follow").start()
    try:
        return create_app(settings)
    except JewelryError as error:
        log.error("cannot start: %s", one_line(error))
        sys.exit(STARTUP_FAILURE)


def _follow(patience: int) -> None:
    """End this worker when the process is gone that started it: whoever starts the service anew needs the port."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    log.error("the process that started this worker is gone; the worker ends too")
    folder = os.environ.get(MULTIPROCESS, "")
    if os.path.basename(folder).startswith(METRICS_FOLDER):  # noqa: PTH119 - a name alone
        shutil.rmtree(folder, ignore_errors=True)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(patience + LEFT_BEHIND_SECONDS)
    os._exit(1)
