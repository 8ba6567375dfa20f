"""A signal that ends a program clears away what was begun: in `finally` blocks, as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What service managers and containers send, and a terminal that is closed."""


@contextmanager
def cleared_away() -> Iterator[None]:
    """Within it, such a signal raises ``SystemExit`` with the code that shells report for it, 128 and its number.

    One that the process ignores, as with `nohup`, stays ignored. Outside of the main thread it does nothing: Python
    takes signals there alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ended = False

    def end(number: int, _: FrameType | None) -> None:
        nonlocal ended
        ended = True
        for one in before:
            signal.signal(one, signal.SIG_IGN)  # a second one must not stop the clearing away
        raise SystemExit(128 + number)

    before = {one: signal.getsignal(one) for one in SIGNALS if signal.getsignal(one) == signal.SIG_DFL}
    for one in before:
        signal.signal(one, end)
    try:
        yield
    except SystemExit:
        if ended:
            click.echo("Stopped.", err=True)
        raise
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
