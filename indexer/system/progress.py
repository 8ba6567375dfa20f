"""How long work says how far it is."""

from __future__ import annotations

from collections.abc import Callable

from indexer.system.arguments import refused

Progress = Callable[[str, int, int], None]
"""Called with a stage's name, what is done of it and how much there is."""


def progress_of(name: str, value: Progress | None) -> Progress | None:
    """What is told how far work is, None for nobody; raises ``UsageError`` for what cannot be called."""
    if value is not None and not callable(value):
        raise refused(name, value, "a function that takes a stage's name, what is done of it, and how much there is")
    return value


EVERY = 1000
"""Points between two looks at the progress."""
