"""One connection, with httptools as its parser; see `Bounded`."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from searcher.http.server.bounded import Bounded

LONGEST_ADDRESS = 65_535
"""Bytes of an address that the parser takes."""


class BoundedHttpTools(Bounded, HttpToolsProtocol):
    """For the parser that is installed with the extra ``serve``."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._in_head = True
        self._quiet_bytes = 0
        self.url = b""

    def data_received(self, data: bytes) -> None:
        """Behind a body in pieces come headers once more (trailers), which the parser would keep without end."""
        if not self._in_head:
            self._quiet_bytes += len(data)
        super().data_received(data)
        if not self._in_head and self._quiet_bytes > self._of.limits.header_bytes:
            self._of.end(self, "large")

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser has read a header; one behind the body comes too late to say anything of the request."""
        if self._in_head:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """The parser has read some of a body."""
        self._quiet_bytes = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """See `Bounded.send_400_response`; the parser of addresses counts in 16 bits, whatever a head may take."""
        if len(self.url) > LONGEST_ADDRESS:
            self._of.note("large")
            self._refuse(431, f"the address is longer than {LONGEST_ADDRESS} bytes; send what is long in a body")
        else:
            super().send_400_response(msg)

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
        self._quiet_bytes = 0
        super().on_message_complete()
