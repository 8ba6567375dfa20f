"""A process that says every few seconds that a stage is still at work, for one in which no thread of ours can speak.

The embedded engine builds its graph without letting any other thread of Python run, for minutes where there are many
photos. So these lines come from a process of their own; it ends when the pipe that it reads from is closed, be it as
whoever began it was killed.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from contextlib import suppress
from typing import IO

from indexer.system.text import lasting


class Heartbeat:
    """The lines of a stage, from now on until `stop`.

    Args:
        stage: its name.
        every: seconds between two lines.
        file: where they go; nothing is said where that is no file of the system.
    """

    def __init__(self, stage: str, every: float, file: IO[str]) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        with suppress(OSError, ValueError):  # no file of the system, or no process can be had
            self._process = subprocess.Popen(  # noqa: S603 - this module, by this interpreter
                [sys.executable, "-m", "indexer.cli.heartbeat", stage, str(every)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=file.fileno(),
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                start_new_session=True,  # Ctrl-C is for whoever began it
            )

    @property
    def beats(self) -> bool:
        """Whether there is such a process."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Say no more."""
        if self._process is not None:
            self._process.kill()  # it may not even have begun, and nobody should wait for that
            with suppress(OSError):
                self._process.communicate()


def main(stage: str, every: float) -> None:
    """Speak until stdin ends."""
    began = time.monotonic()
    while not select.select([sys.stdin], [], [], every)[0]:
        sys.stderr.write(f"{stage}: {lasting(time.monotonic() - began)} so far\n")
        sys.stderr.flush()


if __name__ == "__main__":
    with suppress(OSError, KeyboardInterrupt):
        main(sys.argv[1], float(sys.argv[2]))
