"""The W3C trace context of the work at hand: whoever sends a request on its behalf passes it on."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str | None] = ContextVar("traceparent", default=None)

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII | re.DOTALL)


def current() -> str | None:
    """The ``traceparent`` of this context; None outside of any trace."""
    return _current.get()


def next_span(received: str | None = None) -> str:
    """A ``traceparent`` for one's own work: of the trace received, or of a new one when that makes no sense.

    The rules are those of *Trace Context*, W3C Recommendation 2021, section 3.2: unknown versions are read as
    far as they are known, ids of zeros and version ff are invalid.
    """
    match = _TRACEPARENT.fullmatch(received or "")
    span = secrets.token_hex(8)
    if match is not None:
        version, trace, parent, flags, rest = match.groups()
        if version != "ff" and not (version == "00" and rest) and int(trace, 16) and int(parent, 16):
            return f"00-{trace}-{span}-{int(flags, 16) & 1:02x}"  # of the flags only "sampled" is known
    return f"00-{secrets.token_hex(16)}-{span}-00"


def trace_id(traceparent: str) -> str:
    """The 32 digits that all requests of one trace share."""
    return traceparent.split("-")[1]


@contextmanager
def carrying(traceparent: str) -> Iterator[None]:
    """Make a ``traceparent`` the current one for the length of a ``with`` block."""
    token = _current.set(traceparent)
    try:
        yield
    finally:
        _current.reset(token)
