"""What photos cost on their way, stage by stage."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Spent:
    """Seconds by stage, summed over all threads: those on a core, so that other work on the machine does not count."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    @contextmanager
    def on(self, stage: str) -> Iterator[None]:
        """Count what this thread works until the end of the block."""
        began = time.thread_time()
        try:
            yield
        finally:
            self.add(stage, time.thread_time() - began)

    def add(self, stage: str, seconds: float) -> None:
        """Count so many seconds."""
        with self._lock:
            self.seconds[stage] += seconds
