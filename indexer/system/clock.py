"""What time it is, in the form in which the index stores dates."""

from __future__ import annotations

from datetime import UTC, datetime

from indexer.fields.types import parse_date


def now() -> str:
    """This moment as RFC 3339 in UTC, to the second."""
    return parse_date(datetime.now(UTC).isoformat(timespec="seconds"))
