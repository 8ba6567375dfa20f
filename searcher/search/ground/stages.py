"""How long the parts of an answer take: whoever wants to know listens, nobody else pays for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_listener: ContextVar[Callable[[str, float], None] | None] = ContextVar("stage_listener", default=None)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Report the seconds of the block to the listener of this context, also when it fails."""
    listener = _listener.get()
    if listener is None:
        yield
        return
    began = time.perf_counter()
    try:
        yield
    finally:
        listener(name, time.perf_counter() - began)


@contextmanager
def listening(listener: Callable[[str, float], None]) -> Iterator[None]:
    """Call ``listener(name, seconds)`` for every stage of this context that ends in the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
