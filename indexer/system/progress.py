"""How long work says how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from inspect import signature
from typing import TypeVar

from indexer.system.arguments import refused

T = TypeVar("T")

Progress = Callable[[str, int, int], None]
"""Called with a stage's name, what is done of it and how much there is: 0 of 1 where it cannot be counted."""


def progress_of(name: str, value: Progress | None) -> Progress | None:
    """What is told how far work is, None for nobody; raises ``UsageError`` for what cannot be called
    so: a class would be made and told nothing.
    """
    if value is not None and not _takes_three(value):
        raise refused(name, value, "a function that takes a stage's name, what is done of it, and how much there is")
    return value


def _takes_three(value: object) -> bool:
    if not callable(value) or isinstance(value, type):
        return False
    try:
        signature(value).bind("", 0, 0)
    except TypeError:
        return False
    except ValueError:  # one written in C, of which nothing is known
        return True
    return True


def nobody(stage: str, done: int, total: int) -> None:
    """Progress that nobody wants to hear of."""


PUBLISHING = "Publishing"
"""The last stage of all that writes: the graph is built, all is made durable. Nothing in it can be counted, and an
engine may let no other thread run meanwhile."""


def told_of_publishing(progress: Progress | None) -> None:
    """Tell that stage."""
    if progress is not None:
        progress(PUBLISHING, 0, 1)


EVERY = 1000
"""Points between two looks at the progress."""


class Telling:
    """Tells how far a stage is that goes through several lists of things.

    Args:
        progress: is told.
        stage: its name.
        total: things in all.
    """

    def __init__(self, progress: Progress, stage: str, total: int) -> None:
        self._progress, self._stage, self._total, self._done = progress, stage, total, 0

    def of(self, things: Iterable[T]) -> Iterator[T]:
        """The things, counted as they are taken."""
        for thing in things:
            if self._done % EVERY == 0:
                self._progress(self._stage, self._done, self._total)
            self._done += 1
            yield thing
