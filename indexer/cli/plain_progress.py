"""Progress where there is no terminal: a plain line every ten seconds, for the log of a job that runs at night."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import IO

from indexer.cli.heartbeat import Heartbeat
from indexer.system.progress import PUBLISHING
from indexer.system.text import lasting

EVERY = 10.0
"""Seconds between two lines."""
EPOCH_LINES = 12
"""Lines about all epochs of a training together."""
SILENCE = 60.0
"""Seconds after which it is said that an epoch is at work: these may take an hour each."""
RECENT = 6
"""Lines over which the rate is taken: a stage may begin with what an earlier run had finished."""


class Lines:
    """Says how far the latest stage is, as long as it takes.

    Lines come from a thread, so that a stage in which nobody reports anything says that it is at work, too.

    Args:
        say: writes a line.
        every: seconds between two lines.
        ends_from: seconds from which on it is said of a stage what it took; as many as between two lines, if not given.
        file: where ``say`` writes, for the lines of a stage in which no thread of this process can speak.
    """

    def __init__(
        self,
        say: Callable[[str], object],
        *,
        every: float = EVERY,
        ends_from: float | None = None,
        file: IO[str] | None = None,
    ) -> None:
        self._say, self._every, self._file = say, every, file
        self._ends_from = every if ends_from is None else ends_from
        self._heart: Heartbeat | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._stage: _Stage | None = None

    def start(self) -> None:
        """Begin to speak."""
        self._thread = threading.Thread(target=self._speak, name="progress", daemon=True)
        self._thread.start()

    def stop(self, *, failed: bool = False) -> None:
        """Say what the last stage took, unless it failed, and no more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            self._rest()
            if not failed:
                self._close()

    def tell(self, stage: str, done: int, total: int, detail: str = "") -> None:
        """Note how far a stage is; another one than the latest ends that."""
        with self._lock:
            current = self._at(stage)
            current.done, current.total = done, total
            current.detail = detail or current.detail

    def tell_epoch(self, stage: str, epoch: int, epochs: int, detail: str = "") -> None:
        """Note which epoch, from 1, is at work; there is a line when every few are through, `EPOCH_LINES` in all."""
        with self._lock:
            current = self._at(stage)
            through = epoch - 1
            if through > current.done and through % -(-epochs // EPOCH_LINES) == 0:
                current.done, current.total = through, epochs
                self._say(current.line())
            current.done, current.total, current.by_epochs = through, epochs, True
            current.detail = detail or current.detail

    def _at(self, stage: str) -> _Stage:
        if self._stage is None or self._stage.name != stage:
            self._close()
            self._stage = _Stage(stage)
            if stage == PUBLISHING and self._file is not None:
                self._heart = Heartbeat(stage, self._every, self._file)
        return self._stage

    def _speak(self) -> None:
        while not self._stop.wait(self._every):
            with self._lock:
                beats = self._heart is not None and self._heart.beats
                current = self._stage
                if current is None or beats or current.lasts() < self._every / 2:
                    continue
                if not current.by_epochs or current.silent_for() >= SILENCE:
                    self._say(current.line())

    def _rest(self) -> None:
        heart, self._heart = self._heart, None
        if heart is not None:
            heart.stop()

    def _close(self) -> None:
        self._rest()
        stage, self._stage = self._stage, None
        if stage is not None and stage.by_epochs:
            stage.done += 1  # the last one, after which another stage begins
        if stage is not None and (stage.spoken or stage.lasts() >= self._ends_from):
            self._say(stage.last_line())


class _Stage:
    """One stage and when it was how far."""

    def __init__(self, name: str) -> None:
        self.name, self.done, self.total, self.detail = name, 0, 0, ""
        self.spoken = self.by_epochs = False
        self._began = self._said = time.monotonic()
        self._known: deque[tuple[float, int]] = deque([(self._began, 0)], maxlen=RECENT + 1)

    def lasts(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    def silent_for(self) -> float:
        """Seconds since its last line."""
        return time.monotonic() - self._said

    def line(self) -> str:
        """How far it is, how fast that went lately, and how long it will take at that rate."""
        self.spoken, self._said = True, time.monotonic()
        moment, (before, done) = time.monotonic(), self._known[0]
        self._known.append((moment, self.done))
        rate = (self.done - done) / max(moment - before, 1e-9)
        words = [f"{self.done:,} of {self.total:,} ({self.done / self.total:.0%})"] if self.total > 1 else []
        words += [_rate(rate)] if rate > 0 and self.total > 1 else []
        words += [self.detail] if self.detail else []
        words.append(f"{lasting(self.lasts())} so far")
        if self.total > max(1, self.done) and rate > 0:
            words.append(f"about {lasting((self.total - self.done) / rate)} left")
        return f"{self.name}: {', '.join(words)}"

    def last_line(self) -> str:
        """What it was and what it took."""
        counts = "" if self.total <= 1 else f"{self.done:,} of {self.total:,}, "
        return f"{self.name}: {counts}{self.detail + ', ' if self.detail else ''}done in {lasting(self.lasts())}"


def _rate(each_second: float) -> str:
    if each_second < 1:
        return f"{lasting(1 / each_second)} each"
    return f"{each_second:,.0f}/s" if each_second >= 10 else f"{each_second:.1f}/s"
