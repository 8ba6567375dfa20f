"""Progress on stderr: one rich bar per stage, with loss and distances while the network learns."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class Stages:
    """Shows the stages of a run one below the other; silent when stderr is no terminal, except for notes."""

    def __init__(self, *, show: bool = True) -> None:
        self.console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description:<22}"), BarColumn(24), MofNCompleteColumn(), TimeRemainingColumn(),
            TextColumn("{task.fields[detail]}"), console=self.console, disable=not (show and self.console.is_terminal),
        )  # fmt: skip
        self._task: TaskID | None = None
        self._name = ""

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def stage(self, name: str, total: int) -> None:
        """Begin a stage of ``total`` units."""
        self._name = name
        self._task = self._progress.add_task(name, total=total, detail="")

    def advance(self, units: int = 1) -> None:
        """Report finished units of the stage."""
        if self._task is not None:
            self._progress.advance(self._task, units)

    def epoch(self, epoch: int, loss: float, positive: float, negative: float) -> None:
        """Show how the current epoch stands; the stage counts epochs."""
        if self._task is not None:
            detail = f"loss {loss:.3f}  positive {positive:.2f}  negative {negative:.2f}"
            self._progress.update(self._task, completed=epoch, detail=detail)

    def evaluation(self, stage: str, done: int, total: int) -> None:
        """Report for `trainer.evaluation.evaluate_model`, which names its own stages."""
        name = f"Measuring ({stage})"
        if name != self._name:
            self.stage(name, total)
        if self._task is not None:
            self._progress.update(self._task, completed=done, total=total)

    def note(self, text: str) -> None:
        """One line for the user, above the bars."""
        self.console.print(text, markup=False, highlight=False)
