"""Progress of long work on stderr: a bar per stage, the same in all three programs."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class Stages:
    """Shows the stages of a run one below the other; silent when stderr is not a terminal, except for notes.

    It is itself the function that long work reports to: ``stages("Embedding", done, total)``.

    Args:
        show: False for no bars at all, as with ``--json``.
        transient: take the bars away at the end; the answer says what was done.
    """

    def __init__(self, *, show: bool = True, transient: bool = True) -> None:
        self.console = Console(stderr=True)
        self._bars = Progress(
            TextColumn("{task.description:<22}"),
            BarColumn(24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[detail]}"),
            console=self.console,
            transient=transient,
            disable=not (show and self.console.is_terminal),  # in a file or a pipe there would be an empty line
        )
        self._tasks: dict[str, TaskID] = {}
        self._latest: TaskID | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report how much of a stage is done; its bar appears with the first report."""
        if stage not in self._tasks:
            self.stage(stage, total)
        self._bars.update(self._tasks[stage], completed=done, total=max(1, total))

    def measuring(self, stage: str, done: int, total: int) -> None:
        """Report for an evaluation, which knows its own stages only."""
        self(f"Measuring ({stage})", done, total)

    def stage(self, name: str, total: int) -> None:
        """Begin a stage of ``total`` units, to be reported by `advance` or `epoch`."""
        self._latest = self._tasks[name] = self._bars.add_task(name, total=total, detail="")

    def advance(self, units: int = 1) -> None:
        """Report finished units of the latest stage."""
        if self._latest is not None:
            self._bars.advance(self._latest, units)

    def epoch(self, epoch: int, loss: float, positive: float, negative: float) -> None:
        """Show how the current epoch stands; the latest stage counts epochs."""
        if self._latest is not None:
            detail = f"loss {loss:.3f}  positive {positive:.2f}  negative {negative:.2f}"
            self._bars.update(self._latest, completed=epoch, detail=detail)

    def note(self, text: str) -> None:
        """One line for the user, above the bars."""
        self.console.print(text, markup=False, highlight=False)
