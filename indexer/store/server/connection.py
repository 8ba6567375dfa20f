"""The wire to a Qdrant server: connecting, its version, retries with backoff, and faults in one line."""

from __future__ import annotations

import json
import logging
import math
import random
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import httpx
from qdrant_client import QdrantClient
from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.context_headers import headers as request_headers
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from indexer.errors import ShardLost, StoreError, UsageError
from indexer.store.server.cluster import NO_REST, lost_shards
from indexer.system import trace_context
from indexer.system.forks import Lock, NotPickled, in_child

OLDEST = (1, 18)
"""Qdrant servers from this version on: older ones lack what the collection is made of (metadata, strict mode)."""

MEMORY_TIERS = (1, 19)
"""First version that knows ``memory=cold|cached|pinned``; before, two flags said the same."""

PREFIX_MATCH = (1, 19)
"""First version that can filter keywords by prefix."""

RETRY_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_GRPC_RETRY = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"})
LONGEST_WAIT = 30.0
LONGEST_REASON = 300
LOOK_SECONDS = 5.0
CHUNK = 1 << 20

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


class Connection(
    NotPickled, advice="an index on a server cannot be pickled or copied: open it in each process, by its address"
):
    """A client together with how its faults are met. Every request is repeatable, so every one may be retried.

    The waiting times are *full jitter* of Brooker, *Exponential Backoff And Jitter* (AWS Architecture Blog, 2015),
    unless the server says how long with Retry-After. A forked child connects anew at its first call.

    Args:
        client: any qdrant-client, also ``QdrantClient(":memory:")``.
        where: what error messages call the server.
        attempts: requests per call before it counts as failed.
        first_wait: seconds before the second attempt.
        api_key: for what is not sent by the client, see `download`.
        timeout: seconds, for the same.
        again: makes another client for a forked child; None where the same one does.
    """

    def __init__(
        self,
        client: QdrantClient,
        where: str,
        *,
        attempts: int = 5,
        first_wait: float = 0.25,
        api_key: str | None = None,
        timeout: float = 30,
        again: Callable[[], QdrantClient] | None = None,
    ) -> None:
        self._client: QdrantClient | None = client
        self._again, self._lock, self.where = again, Lock(), where
        in_child(self._forget)
        self._attempts, self._first_wait = attempts, first_wait
        self._headers = {} if api_key is None else {"api-key": api_key}
        self._timeout = timeout
        self.version: tuple[int, int] | None = None

    @property
    def client(self) -> QdrantClient:
        """The client; its connections are of this process alone."""
        client = self._client
        if client is None:
            with self._lock:
                assert self._again is not None  # noqa: S101
                client = self._client = self._client or self._again()
        return client

    def _forget(self) -> None:
        if self._again is not None:
            self._client = None

    def call(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Call a method of the client, again where the fault may pass.

        Raises:
            StoreError: it failed for good; the message says what to do.
        """
        for attempt in range(1, self._attempts + 1):
            try:
                with _trace_passed_on():
                    return function(*arguments, **named)
            except Exception as error:  # httpx, grpc, pydantic and qdrant-client have no common base
                if not _may_pass(error) or attempt == self._attempts:
                    raise self._failure(error, (*arguments, *named.values())) from error
                wait = _retry_after(error)
                if wait is None:
                    wait = random.uniform(0, self._first_wait * 2 ** (attempt - 1))
                wait = min(wait, LONGEST_WAIT)
                log.info("%s: attempt %d failed (%s); again in %.2f s", self.where, attempt, _reason(error), wait)
                time.sleep(wait)
        raise AssertionError("unreachable")

    @property
    def version_text(self) -> str | None:
        """The server's version as ``1.20``; None where it is unknown."""
        return None if self.version is None else ".".join(map(str, self.version))

    @property
    def has_key(self) -> bool:
        """Whether an API key is sent, which may not be allowed everything."""
        return bool(self._headers)

    def look(self, path: str) -> tuple[int, Any]:
        """Status and result of a path of the REST interface, asked once and not for long: for what one can do without.

        The status is 0 where no answer comes that can be read.
        """
        try:
            rest = self.client.http.client
            answer = rest.request(type_=dict[str, Any], method="GET", url=path, timeout=LOOK_SECONDS)
            return 200, answer.get("result")
        except NotImplementedError:  # a client in the process
            return NO_REST, None
        except UnexpectedResponse as error:
            return error.status_code or 0, None
        except (ResponseHandlingException, QdrantException, ValueError):
            return 0, None

    def download(self, path: str) -> Iterator[bytes]:
        """What the server has at a path of its REST interface, in pieces: the client's methods read a body as a whole.

        Raises what the client would raise; to be used inside `call`.
        """
        url = f"{self.client.http.client.host.rstrip('/')}{path}"
        traceparent = trace_context.current()
        headers = self._headers if traceparent is None else {**self._headers, "traceparent": traceparent}
        try:
            with httpx.stream("GET", url, headers=headers, timeout=self._timeout) as response:
                if response.status_code != 200:
                    response.read()
                    raise UnexpectedResponse.for_response(response)
                yield from response.iter_bytes(CHUNK)
        except httpx.HTTPError as error:
            raise ResponseHandlingException(error) from error

    def knows(self, since: tuple[int, int]) -> bool:
        """Whether the server has what arrived with a version; an unknown version counts as the newest."""
        return self.version is None or self.version >= since

    def _failure(self, error: Exception, arguments: tuple[Any, ...]) -> StoreError:
        """What a fault that lasts is told as; the client's methods name the collection before any other text."""
        if (_status(error) or 0) >= 500 or _grpc_code(error) in ("INTERNAL", "UNAVAILABLE"):
            collection = next((argument for argument in arguments if isinstance(argument, str)), None)
            lost = lost_shards(self.look, collection, _text(error))
            if lost is not None:
                what = self.where if collection is None else f"{self.where}: collection {collection}"
                return ShardLost(f"{what} cannot be reached: {lost}; start one of the nodes that hold it")
        return StoreError(self._explain(error))

    def _explain(self, error: Exception) -> str:
        status, code, tries = _status(error), _grpc_code(error), f"after {self._attempts} attempts"
        if status in (401, 403) or code in ("UNAUTHENTICATED", "PERMISSION_DENIED"):
            return f"{self.where}: the API key was refused; set JEWELRY_QDRANT_API_KEY to one that may do this"
        if is_too_large(error):
            return f"{self.where}: refuses a request of this size ({_reason(error)}); raise its max_request_size_mb"
        if status == 429 or code == "RESOURCE_EXHAUSTED" or isinstance(error, QdrantException):
            return f"{self.where}: too many requests {tries}; try later or raise its limits"
        if status in (408, 504) or code == "DEADLINE_EXCEEDED" or isinstance(_source(error), httpx.TimeoutException):
            return f"{self.where}: no answer in time {tries}; raise JEWELRY_QDRANT_TIMEOUT"
        if isinstance(_source(error), ValueError):
            return f"{self.where}: the answer cannot be read {tries}; check that this is the address of a Qdrant server"
        if isinstance(error, ResponseHandlingException) or code == "UNAVAILABLE":
            return f"{self.where}: no connection {tries} ({_reason(error)}); check the address and that it runs"
        if status is not None and status >= 500:
            return f"{self.where}: the server failed with status {status} {tries} ({_reason(error)}); see its log"
        return f"{self.where}: {_reason(error)}"


def _trace_passed_on() -> AbstractContextManager[None]:
    """Send the current ``traceparent`` with each request, over REST and gRPC alike."""
    traceparent = trace_context.current()
    return nullcontext() if traceparent is None else request_headers({"traceparent": traceparent})


def connect(address: ServerAddress) -> Connection:
    """Connect to a server and check its version.

    Raises:
        UsageError: the address is not an http or https URL.
        StoreError: it cannot be reached, refuses the key, or is older than ``OLDEST``.
    """
    where = _shown(address.url)
    again = partial(_client_of, address)
    client = again()
    connection = Connection(
        client,
        where,
        attempts=address.attempts,
        first_wait=address.first_wait,
        api_key=address.api_key,
        timeout=address.timeout,
        again=again,
    )
    try:
        connection.version = _version(connection.call(client.info).version)
        if connection.version is None or connection.version < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            found = (
                "of an unknown version" if connection.version is None else "Qdrant {}.{}".format(*connection.version)
            )
            raise StoreError(f"{where}: is {found}; this needs {oldest} or newer: upgrade the server")
    except StoreError:
        client.close()
        raise
    return connection


def _client_of(address: ServerAddress) -> QdrantClient:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
        return QdrantClient(
            url=address.url,
            api_key=address.api_key,
            prefer_grpc=address.grpc,
            grpc_port=address.grpc_port,
            timeout=address.timeout,
            check_compatibility=False,
        )


def _shown(url: str) -> str:
    """An address for people: checked, and without the password somebody may have put into it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{url}: is not an address ({error}); write it as http://host:6333") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{url}: is not an address of a Qdrant server; write it as http://host:6333")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return urlunsplit((parts.scheme, host if port is None else f"{host}:{port}", parts.path.rstrip("/"), "", ""))


def _version(text: str) -> tuple[int, int] | None:
    parts = text.removeprefix("v").split(".")
    try:
        return int(parts[0]), int(parts[1])
    except (ValueError, IndexError):
        return None


def is_too_large(error: BaseException | None) -> bool:
    """Whether a request was refused for its size, by the server or by a proxy in front of it."""
    if isinstance(error, UnexpectedResponse):
        return error.status_code == 413 or (error.status_code == 400 and "larger than" in _reason(error))
    code = _grpc_code(error) if isinstance(error, Exception) else None
    return code in ("RESOURCE_EXHAUSTED", "OUT_OF_RANGE") and "larger than" in str(error)


def is_missing(error: BaseException | None) -> bool:
    """Whether the fault says that the collection is not there."""
    if isinstance(error, UnexpectedResponse):
        return error.status_code == 404
    if isinstance(error, ValueError):  # how ":memory:" says it
        return str(error).endswith("not found")
    return isinstance(error, Exception) and _grpc_code(error) == "NOT_FOUND"


def _may_pass(error: Exception) -> bool:
    if isinstance(error, ResponseHandlingException | QdrantException | json.JSONDecodeError):
        return not isinstance(_source(error), httpx.UnsupportedProtocol | httpx.InvalidURL)
    if is_too_large(error):
        return False
    return _status(error) in RETRY_STATUS or _grpc_code(error) in _GRPC_RETRY


def _retry_after(error: Exception) -> float | None:
    """The seconds the server asks for; None where it says nothing that can be read."""
    if isinstance(error, ResourceExhaustedResponse):
        return max(0.0, float(error.retry_after_s))
    if isinstance(error, UnexpectedResponse):
        try:
            seconds = float(error.headers["retry-after"])
        except (KeyError, ValueError):
            return None
        return seconds if math.isfinite(seconds) and seconds >= 0 else None
    return None


def _source(error: Exception) -> Exception | None:
    """What happened on the wire, where that is known."""
    if isinstance(error, json.JSONDecodeError):  # an answer that is not JSON
        return error
    return error.source if isinstance(error, ResponseHandlingException) else None


def _status(error: Exception) -> int | None:
    return error.status_code if isinstance(error, UnexpectedResponse) else None


def _grpc_code(error: Exception) -> str | None:
    code = getattr(error, "code", None)
    return getattr(code(), "name", None) if callable(code) else None


def _reason(error: Exception) -> str:
    """The few words of an error that a person can use, on one line."""
    text = " ".join(_text(error).split()) or type(error).__name__
    return text if len(text) <= LONGEST_REASON else f"{text[: LONGEST_REASON - 3]}..."


def _text(error: Exception) -> str:
    if isinstance(error, UnexpectedResponse):
        try:
            return str(error.structured()["status"]["error"])
        except (ValueError, KeyError, TypeError):
            return f"status {error.status_code} {error.reason_phrase}"
    if isinstance(error, ResponseHandlingException):
        return str(error.source) or type(error.source).__name__
    details = getattr(error, "details", None)
    return str(details()) if callable(details) else str(error)
