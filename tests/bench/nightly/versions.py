"""Whole processes of this version and of an earlier commit: what they take, and how much memory they need at most."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from indexer.models.directory import JSON_NAME, first_fingerprint_of, load_model

ROOT = Path(__file__).parents[3]
EARLIER = "99258d6"
"""The commit that the figures of a night were first taken of."""
START = "from {package}.cli import main; main()", "from {package}.cli.main import main; main()"


@dataclass(frozen=True, slots=True)
class Ran:
    """One process: seconds by the clock and of all cores, and the most memory that it held, in MB."""

    seconds: float
    cores: float
    peak: float


@dataclass(frozen=True, slots=True)
class Version:
    """The code that is run, and the folder of its index."""

    name: str
    code: Path
    index: Path

    def command(self, package: str, *arguments: object) -> list[str]:
        """The command line of one of the programs."""
        start = START[0] if (self.code / package / "cli.py").is_file() else START[1]
        return [sys.executable, "-c", start.format(package=package), *map(str, arguments)]

    @property
    def environment(self) -> dict[str, str]:
        """Where its modules are found; they are compiled once, as they are where somebody installed it."""
        return {**os.environ, "PYTHONPATH": str(self.code), "PYTHONDONTWRITEBYTECODE": ""}

    def run(self, package: str, *arguments: object) -> Ran:
        """Run one command to its end; raises where it fails."""
        measured = subprocess.run(
            [sys.executable, "-c", MEASURE, *self.command(package, *arguments)],
            cwd=self.code,  # the first place where modules are looked for
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return Ran(*map(float, measured.stderr.splitlines()[-1].split()))


MEASURE = """
import resource, subprocess, sys, time
began = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
seconds, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
if done.returncode:
    sys.exit(done.stderr)
print(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, file=sys.stderr)
"""
"""A process between us and the one that is measured: what it says of its children is of that one alone."""


@contextmanager
def both_versions(folder: Path) -> Iterator[tuple[Version, Version]]:
    """The earlier one, checked out into the folder, and this one; raises ``CalledProcessError`` without that commit."""
    code = folder / "earlier"
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--detach", str(code), EARLIER], check=True, capture_output=True)
    try:
        yield Version("earlier", code, folder / "index-earlier"), Version("now", ROOT, folder / "index-now")
    finally:
        subprocess.run([*git, "remove", "--force", str(code)], check=True, capture_output=True)


def of_first_format(model: Path, folder: Path) -> Path:
    """The same model as the earlier version wrote it, which both read."""
    shutil.copytree(model, folder)
    read, record = load_model(model), json.loads((model / JSON_NAME).read_text())
    record |= {"format_version": 1, "fingerprint": first_fingerprint_of(read.network, read.preprocessing)}
    (folder / JSON_NAME).write_text(json.dumps(record))
    return folder
