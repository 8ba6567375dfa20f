"""Why a photo behind a URL cannot be had, as far as it makes a difference to who asked: it is gone, or out of reach."""

from __future__ import annotations

from indexer.errors import FetchError


class Unreachable(FetchError):
    """Nobody answers, or not in time, or not properly: it may be otherwise in a while.

    ``slow`` where time ran out: to ask once more costs as much time again.
    """

    def __init__(self, message: str, *, slow: bool = False) -> None:
        super().__init__(message)
        self.slow = slow


class Gone(FetchError):
    """The server says that there is no such photo (404, 410)."""


class Unseen(OSError):
    """What `Place.look` raises of a photo that may be there and cannot be looked at now.

    ``host`` says whose fault it is, where that is known: many photos may share it.
    """

    def __init__(self, error_number: int, reason: str, host: Reachable | None = None) -> None:
        super().__init__(error_number, reason)
        self.host = host


class Reachable:
    """A host, and what is wrong with it as a whole, if anything."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.down: str | None = None
        """Why it is not asked any more; None while it is."""
