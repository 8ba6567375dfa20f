"""Progress of long work on stderr: a bar per stage, and nothing where stderr is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def stages_shown(*, quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """A function to call with a stage's name, what is done of it and how much there is."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    err = Console(stderr=True)
    with Progress(*columns, console=err, transient=True, disable=quiet or not err.is_terminal) as bar:
        task = bar.add_task("", total=None, visible=False)
        yield lambda stage, done, total: bar.update(
            task, description=stage, completed=done, total=max(1, total), visible=True
        )
