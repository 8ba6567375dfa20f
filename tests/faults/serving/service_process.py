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

    def stop(self, sent: int = signal.SIGTERM) -> int:
        self.process.send_signal(sent)
        return self.process.wait(60)


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
        assert process.stderr is not None
        stderr = process.stderr
        try:
            for line in stderr:
                running.log.append(line.rstrip("\n"))
                if '"listening"' in line:
                    running.url = json.loads(line)["url"]
                    break
            reader = threading.Thread(target=lambda: running.log.extend(stderr.read().splitlines()))
            reader.start()
            yield running
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(60)
            reader.join(60)
