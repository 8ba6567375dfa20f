"""What opening an index takes a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

OPENING = """
import re, sys, time
from pathlib import Path
from indexer.store.embedded import engine
from indexer.store.embedded.index import EmbeddedIndex
own = lambda: int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1000
before, began = own(), time.perf_counter()
store = EmbeddedIndex(Path(sys.argv[1])).read()
print(time.perf_counter() - began, own() - before)
"""


def opened(folder: Path) -> tuple[float, float]:
    """Seconds that opening takes a process of its own, and the megabytes of its own that it then has more."""
    done = subprocess.run(
        [sys.executable, "-c", OPENING, str(folder)], capture_output=True, text=True, check=True, timeout=600
    )
    seconds, megabytes = done.stdout.split()
    return float(seconds), float(megabytes)
