"""Progress of long work on stderr: a bar per stage on a terminal, a line now and then elsewhere; the same in all three
programs."""

from __future__ import annotations

import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from indexer.cli.plain_progress import EVERY, Lines

WIDE, MEDIUM, NARROW = 100, 80, 60
"""Columns of a terminal from which on there is room for all that is known, for a bar, and for the rate."""
AT_MOST_EVERY = 0.05
"""Seconds between two looks at a bar; reports that come faster cost next to nothing."""


class Stages:
    """Shows the stages of a run: bars one below the other on a terminal, else a plain line every ten seconds.

    It is itself the function that long work reports to: ``stages("Embedding", done, total)``.

    Args:
        show: False for nothing but notes, as with ``--json``.
        transient: take the bars away at the end; the answer says what was done.
        ends_from: without a terminal, seconds from which on a line says what a stage took.
    """

    def __init__(self, *, show: bool = True, transient: bool = True, ends_from: float = EVERY) -> None:
        self.console = Console(stderr=True)
        self._lines: Lines | None = None
        if show and not self.console.is_terminal:
            self._lines = Lines(self._say, ends_from=ends_from, file=self.console.file)
        self._bars = Progress(
            *_columns(self.console.width),
            console=self.console,
            transient=transient,
            disable=not (show and self.console.is_terminal),  # in a file or a pipe there would be an empty line
        )
        self._tasks: dict[str, TaskID] = {}
        self._latest = ""
        self._done = self._total = 0
        self._detail = ""
        self._shown = 0.0

    def __enter__(self) -> Self:
        self._bars.start()
        if self._lines is not None:
            self._lines.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._show()
        self._bars.stop()
        if self._lines is not None:
            self._lines.stop(failed=error is not None)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report how much of a stage is done, 0 of 1 where that cannot be counted; its bar appears with the first."""
        if stage != self._latest:
            self._begin(stage, total)
        self._done, self._total = done, total
        self._tell()

    def measuring(self, stage: str, done: int, total: int) -> None:
        """Report for an evaluation, which knows its own stages only."""
        self(f"Measuring ({stage})", done, total)

    def stage(self, name: str, total: int = 1) -> None:
        """Begin a stage of ``total`` units, to be reported by `advance` or `epoch`; of 1 where it cannot be counted."""
        self._begin(name, total)
        self._tell()

    def advance(self, units: int = 1) -> None:
        """Report finished units of the latest stage."""
        self._done += units
        self._tell()

    def epoch(self, epoch: int, loss: float, positive: float, negative: float) -> None:
        """Show how the current epoch stands; the latest stage counts epochs."""
        self._done = epoch
        detail = f"loss {loss:.3f}  positive {positive:.2f}  negative {negative:.2f}"
        if self._lines is not None:
            self._lines.tell_epoch(self._latest, epoch, self._total, detail)
        else:
            self._tell(detail)

    def note(self, text: str) -> None:
        """One line for the user, above the bars."""
        self._say(text)

    def _begin(self, stage: str, total: int) -> None:
        self._show()
        if self._latest in self._tasks:
            self._end(self._tasks[self._latest])
        self._latest, self._done, self._total, self._detail = stage, 0, total, ""
        self._shown = 0.0
        if not self._bars.disable and stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=_countable(total), detail="")

    def _tell(self, detail: str = "") -> None:
        if self._lines is not None:
            self._lines.tell(self._latest, self._done, self._total, detail)
        elif self._latest in self._tasks and (now := time.monotonic()) - self._shown >= AT_MOST_EVERY:
            self._shown = now
            self._show(detail)

    def _show(self, detail: str = "") -> None:
        if self._latest in self._tasks:
            task, self._detail = self._tasks[self._latest], detail or self._detail
            self._bars.update(task, completed=self._done, total=_countable(self._total), detail=self._detail)

    def _end(self, task: TaskID) -> None:
        """Stop the clock of a stage that another one followed; one of unknown length is then whole."""
        if self._bars.tasks[self._bars.task_ids.index(task)].total is None:
            self._bars.update(task, total=1, completed=1)
        self._bars.stop_task(task)

    def _say(self, text: str) -> None:
        with suppress(OSError, ValueError):  # nobody reads it any more
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)


def _columns(width: int) -> list[ProgressColumn]:
    """What a line of a terminal of that width shows: names are shortened and bars left out, figures never cut."""
    if width < MEDIUM:
        rate = [_Rate()] if width >= NARROW else []
        return [TextColumn("{task.description:<11.11}"), _Count(), *rate, TimeElapsedColumn()]
    words = [TextColumn("{task.description:<22}"), BarColumn(24 if width >= WIDE else 6), _Count(), _Rate()]
    detail = [TextColumn("{task.fields[detail]}")] if width >= WIDE else []
    return [*words, TimeElapsedColumn(), TimeRemainingColumn(), *detail]


def _countable(total: int) -> int | None:
    return total if total > 1 else None


class _Count(ProgressColumn):
    """What is done of how much."""

    def render(self, task: Task) -> Text:
        """``1,200/24,000``, and nothing for a stage of unknown length."""
        known = task.total is not None and task.total > 1
        return Text(f"{int(task.completed):,}/{int(task.total or 0):,}" if known else "", style="progress.download")


class _Rate(ProgressColumn):
    """How fast it goes."""

    def render(self, task: Task) -> Text:
        """``152/s``, once that can be said."""
        speed = task.finished_speed or task.speed
        if not speed or task.total is None or task.total <= 1:
            return Text("")
        return Text(f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.1f}/s", style="progress.data.speed")
