"""One connection, with h11 as its parser, where httptools is not installed; see `Bounded`."""

from __future__ import annotations

from uvicorn.protocols.http.h11_impl import H11Protocol

from searcher.http.server.bounded import Bounded


class BoundedH11(Bounded, H11Protocol):  # type: ignore[misc]  # the two parsers' classes differ in what they keep
    """For the parser that uvicorn brings along."""

    def reads_head(self) -> bool:
        """See `Bounded.reads_head`."""
        return str(self.conn.their_state) == "IDLE"  # a request has not begun, or its head is not complete
