"""Where a Qdrant server is: its address as it was written, and as it is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from indexer.errors import UsageError


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a Qdrant server is and how to talk to it."""

    url: str
    api_key: str | None = field(default=None, repr=False)
    grpc: bool = False
    """Send over gRPC, on the port ``grpc_port``, what can be sent that way."""
    grpc_port: int = 6334
    timeout: int = 30
    """Seconds until a request counts as failed."""
    attempts: int = 5
    first_wait: float = 0.25
    """Seconds before the second attempt; doubled each time, with full jitter."""


def shown(url: str) -> str:
    """An address for people: checked, and without the password somebody may have put into it.

    Raises:
        UsageError: it is not an http or https URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{url}: is not an address ({error}); write it as http://host:6333") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{url}: is not an address of a Qdrant server; write it as http://host:6333")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return urlunsplit((parts.scheme, host if port is None else f"{host}:{port}", parts.path.rstrip("/"), "", ""))
