"""What a server answered in the end, after all redirects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_GONE = (404, 410)
_LATER = (408, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (names in small letters), and the body of a 200 that was asked for and not written elsewhere."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of a header, stripped; None where it is missing or blank."""
        return next((value.strip() for key, value in self.headers if key == name and value.strip()), None)

    @property
    def is_gone(self) -> bool:
        """Whether the server says that there is nothing (any more)."""
        return self.status in _GONE

    @property
    def is_for_later(self) -> bool:
        """Whether the same may be answered otherwise in a while."""
        return self.status in _LATER

    @property
    def etag(self) -> str | None:
        """The validator that a server makes up; None for one that cannot be sent back as it is."""
        return _plain(self.header("etag"))

    @property
    def last_modified(self) -> str | None:
        """When the photo was changed last, in the server's words."""
        return _plain(self.header("last-modified"))

    @property
    def length(self) -> int | None:
        """The size that the server states."""
        text = self.header("content-length")
        return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None

    @property
    def retry_after(self) -> float | None:
        """Seconds after which the server wants to be asked again: given as a number or as a date."""
        text = self.header("retry-after")
        if text is None:
            return None
        if text.isascii() and text.isdigit():
            return float(text[:9])
        moment = seconds_of(text)
        return None if moment is None else max(0.0, moment - datetime.now(UTC).timestamp())


def seconds_of(date: str | None) -> int | None:
    """Seconds since 1970 of a date in a header; None where it is none, or before that."""
    if date is None:
        return None
    try:
        moment = parsedate_to_datetime(date)
        seconds = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return seconds if 0 <= seconds < 1 << 33 else None


def _plain(value: str | None) -> str | None:
    return value if value and len(value) <= 500 and value.isascii() and value.isprintable() else None
