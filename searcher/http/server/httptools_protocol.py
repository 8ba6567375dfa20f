"""One connection, with httptools as its parser; see `Bounded`."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from searcher.http.server.bounded import Bounded


class BoundedHttpTools(Bounded, HttpToolsProtocol):
    """For the parser that is installed with the extra ``serve``."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._in_head = True

    def reads_head(self) -> bool:
        """See `Bounded.reads_head`."""
        return self._in_head

    def on_headers_complete(self) -> None:
        """The parser has read a head."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The parser has read a body, or there is none."""
        self._in_head = True
        super().on_message_complete()
