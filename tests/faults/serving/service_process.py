"""`searcher serve` as a process of its own: started, asked where it listens, and read to its last line of log."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SCRIPT = """
from indexer.cli.command_line import group
from searcher.cli.serve import serve

@group("Try.")
def main(): pass

main.add_command(serve)
if __name__ == "__main__":
    main()
"""


@dataclass
class Running:
    """A running service: its address, its log, and how it ended."""

    process: subprocess.Popen[str]
    url: str = ""
    log: list[str] = field(default_factory=list)
    _reader: threading.Thread = field(init=False)

    def begin(self) -> None:
        """Read its log to the first line that says where it listens, and the rest beside the test."""
        assert self.process.stderr is not None
        stderr = self.process.stderr
        for line in stderr:
            self.log.append(line.rstrip("\n"))
            if '"listening"' in line:
                self.url = json.loads(line)["url"]
                break
        self._reader = threading.Thread(target=lambda: self.log.extend(stderr.read().splitlines()))
        self._reader.start()

    def stop(self, sent: int = signal.SIGTERM) -> int:
        """Its exit code, once its whole log is there."""
        self.process.send_signal(sent)
        code = self.process.wait(60)
        self._reader.join(60)
        return code

    def end(self) -> None:
        """At once, where it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(60)
        self._reader.join(60)


@contextmanager
def serving(
    script: Path, index: Path, *options: str, files: int | None = None, **environment: str
) -> Iterator[Running]:
    """`searcher serve` on a free port, asked for once it listens; the log is complete at the end of the block.

    It may open so many ``files``, where given.
    """

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if files is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

    command = [sys.executable, str(script), "serve", "--port", "0", "--index", str(index), *options]
    place = {"PYTHONPATH": os.pathsep.join(sys.path), **environment}
    with subprocess.Popen(
        command,
        env={**os.environ, **place},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=script.parent,
        preexec_fn=prepare,
    ) as process:
        running = Running(process)
        try:
            running.begin()
            yield running
        finally:
            running.end()
