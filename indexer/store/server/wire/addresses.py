"""Where a Qdrant server is: its address as it was written, and as it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from indexer.errors import UsageError

_BETWEEN = re.compile(r"\s*,\s*(?=[A-Za-z]+://|,|$)")
"""A comma between two addresses; there may be others in a password."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a Qdrant server is and how to talk to it."""

    url: str
    """Several, with commas between them, are nodes of one cluster: the next one is asked where one does not answer."""
    api_key: str | None = field(default=None, repr=False)
    grpc: bool = False
    """Send over gRPC, on the port ``grpc_port``, what can be sent that way."""
    grpc_port: int = 6334
    timeout: int = 30
    """Seconds until a request counts as failed."""
    attempts: int = 5
    first_wait: float = 0.25
    """Seconds before the second attempt; doubled each time, with full jitter."""
    ca: Path | None = None
    """A file of the authorities, in PEM, whose certificates are trusted; None takes the public ones."""


def each(address: ServerAddress) -> list[ServerAddress]:
    """An address of its own for each of those that stand in ``url`` between commas, in their order, none twice.

    Raises:
        UsageError: one is empty, or not an http or https URL.
    """
    urls = [shown(url) if url else url for url in _BETWEEN.split(address.url.strip())]
    if not all(urls):
        raise UsageError(f"{joined(filter(None, urls))}: an address beside a comma is empty; leave the comma out")
    return [replace(address, url=url) for url in dict.fromkeys(urls)]


def joined(shown_urls: Iterable[str]) -> str:
    """Several addresses as one name, which does not depend on which of them is in use."""
    return ",".join(shown_urls)


def shown(url: str) -> str:
    """An address for people: checked, and without the password somebody may have put into it.

    Raises:
        UsageError: it is not an http or https URL.
    """
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:  # which says what it cannot read, and that may be the password
        scheme, host, port = "", None, None
    if scheme not in ("http", "https") or not host:
        raise UsageError(
            f"{_without_password(url)}: is not an address of a Qdrant server; write it as http://host:6333, "
            "and several as http://a:6333,http://b:6333"
        )
    host = f"[{host}]" if ":" in host else host
    return urlunsplit((scheme, host if port is None else f"{host}:{port}", parts.path.rstrip("/"), "", ""))


def _without_password(url: str) -> str:
    """As it was written, less what stands before an @ or behind a ?, whether or not it is an address."""
    begin, between, end = re.split("[?#]", url)[0].rpartition("@")
    scheme = begin[: begin.find("://") + 3] if "://" in begin else ""
    return f"{scheme}…@{end}" if between else end
