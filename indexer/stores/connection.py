"""The wire to a Qdrant server: connecting, its version, retries with backoff, and faults in one line."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from qdrant_client import QdrantClient
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from indexer.errors import StoreError

OLDEST = (1, 18)
"""Qdrant servers from this version on: older ones lack what the collection is made of (metadata, strict mode)."""

RETRY_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_GRPC_RETRY = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"})
LONGEST_WAIT = 30.0

T = TypeVar("T")
log = logging.getLogger(__name__)


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


class Connection:
    """A client together with how its faults are met. Every request is repeatable, so every one may be retried.

    The waiting times are *full jitter* of Brooker, *Exponential Backoff And Jitter* (AWS Architecture Blog, 2015),
    unless the server says how long with Retry-After.

    Args:
        client: any qdrant-client, also ``QdrantClient(":memory:")``.
        where: what error messages call the server.
        attempts: requests per call before it counts as failed.
        first_wait: seconds before the second attempt.
    """

    def __init__(self, client: QdrantClient, where: str, *, attempts: int = 5, first_wait: float = 0.25) -> None:
        self.client, self.where = client, where
        self._attempts, self._first_wait = attempts, first_wait
        self.version: tuple[int, int] | None = None

    def call(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Call a method of the client, again where the fault may pass.

        Raises:
            StoreError: it failed for good; the message says what to do.
        """
        for attempt in range(1, self._attempts + 1):
            try:
                return function(*arguments, **named)
            except Exception as error:  # httpx, grpc, pydantic and qdrant-client have no common base
                if not _may_pass(error) or attempt == self._attempts:
                    raise StoreError(self._explain(error)) from error
                wait = _retry_after(error)
                if wait is None:
                    wait = random.uniform(0, self._first_wait * 2 ** (attempt - 1))
                log.info("request to %s failed (%s), attempt %d; again in %.2f s", self.where, error, attempt, wait)
                time.sleep(min(wait, LONGEST_WAIT))
        raise AssertionError("unreachable")

    def _explain(self, error: Exception) -> str:
        status, grpc = _status(error), _grpc_code(error)
        if status in (401, 403) or grpc in ("UNAUTHENTICATED", "PERMISSION_DENIED"):
            return f"{self.where}: the API key was refused; set JEWELRY_QDRANT_API_KEY to one that may do this"
        if status == 429 or grpc == "RESOURCE_EXHAUSTED" or isinstance(error, ResourceExhaustedResponse):
            return f"{self.where}: too many requests after {self._attempts} attempts; try later or raise its limits"
        if grpc == "DEADLINE_EXCEEDED" or "timed out" in str(error).lower():
            return f"{self.where}: no answer in time after {self._attempts} attempts; raise JEWELRY_QDRANT_TIMEOUT"
        if isinstance(error, ResponseHandlingException) or grpc == "UNAVAILABLE":
            return f"{self.where}: cannot be reached ({_reason(error)}); check that it runs and the address is right"
        if status is not None and status >= 500:
            return f"{self.where}: the server failed with {status} after {self._attempts} attempts ({_reason(error)})"
        return f"{self.where}: {_reason(error)}"


def connect(address: ServerAddress) -> Connection:
    """Connect to a server and check its version.

    Raises:
        StoreError: it cannot be reached, refuses the key, or is older than ``OLDEST``.
    """
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
        client = QdrantClient(
            url=address.url, api_key=address.api_key, prefer_grpc=address.grpc, grpc_port=address.grpc_port,
            timeout=address.timeout, check_compatibility=False,
        )  # fmt: skip
    connection = Connection(client, address.url, attempts=address.attempts, first_wait=address.first_wait)
    connection.version = _version(connection.call(client.info).version)
    if connection.version is None or connection.version < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        client.close()
        found = "of an unknown version" if connection.version is None else "Qdrant {}.{}".format(*connection.version)
        raise StoreError(f"{address.url}: is {found}; this needs {oldest} or newer: upgrade the server")
    return connection


def _version(text: str) -> tuple[int, int] | None:
    parts = text.split(".")
    try:
        return int(parts[0]), int(parts[1])
    except (ValueError, IndexError):
        return None


def _may_pass(error: Exception) -> bool:
    if isinstance(error, ResponseHandlingException | ResourceExhaustedResponse):
        return True
    status, grpc = _status(error), _grpc_code(error)
    return status in RETRY_STATUS or grpc in _GRPC_RETRY


def _retry_after(error: Exception) -> float | None:
    if isinstance(error, ResourceExhaustedResponse):
        return float(error.retry_after_s)
    if isinstance(error, UnexpectedResponse):
        try:
            return float(error.headers["retry-after"])
        except (KeyError, ValueError):
            return None
    return None


def _status(error: Exception) -> int | None:
    return error.status_code if isinstance(error, UnexpectedResponse) else None


def _grpc_code(error: Exception) -> str | None:
    code = getattr(error, "code", None)
    return getattr(code(), "name", None) if callable(code) else None


def _reason(error: Exception) -> str:
    """The few words of an error that a person can use."""
    if isinstance(error, UnexpectedResponse):
        try:
            return str(error.structured()["status"]["error"])
        except (ValueError, KeyError, TypeError):
            return f"status {error.status_code} {error.reason_phrase}".strip()
    if isinstance(error, ResponseHandlingException):
        return str(error.source) or type(error.source).__name__
    details = getattr(error, "details", None)
    return str(details()) if callable(details) else str(error) or type(error).__name__
