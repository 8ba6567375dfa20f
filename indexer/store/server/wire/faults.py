"""Faults of the wire: which may pass, which say what, and how each is told in one line.

They come from httpx, grpc, pydantic and qdrant-client, which have no common base; those of qdrant-client and grpc are
told by their names, as importing either takes longer than a question.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import httpx

from indexer.errors import UsageError
from indexer.store.server.wire.addresses import shown

RETRY_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_GRPC_RETRY = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"})
_MOVED = frozenset({301, 302, 307, 308})
SILENT_STATUS = frozenset({502, 503, 504})
_GRPC_SILENT = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED"})
LONGEST_REASON = 300


class Refused(Exception):
    """An answer of the REST interface with a status that is not 200."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"status {response.status_code}")
        self.status_code, self.reason_phrase = response.status_code, response.reason_phrase
        self.content, self.headers = response.content, response.headers


class Unreadable(ValueError):
    """An answer that Qdrant would not give."""


def explain(error: Exception, where: str, attempts: int) -> str:
    """A fault as one line that says what to do.

    Args:
        error: what happened last.
        where: what the server is called.
        attempts: how often it was tried.
    """
    status, code, tries = _status(error), grpc_code(error), f"after {attempts} attempts"
    if status in (401, 403) or code in ("UNAUTHENTICATED", "PERMISSION_DENIED"):
        return f"{where}: the API key was refused; set JEWELRY_QDRANT_API_KEY to one that may do this"
    if is_too_large(error):
        return f"{where}: refuses a request of this size ({reason(error)}); raise its max_request_size_mb"
    if status == 429 or code == "RESOURCE_EXHAUSTED" or _is(error, "QdrantException"):
        return f"{where}: too many requests {tries}; try later or raise its limits"
    if status in _MOVED and (place := _moved_to(error)) is not None:
        return f"{where}: has moved to {place}; write that address"
    if status in (408, 504) or code == "DEADLINE_EXCEEDED" or _is_late(error):
        return f"{where}: no answer in time {tries}; raise JEWELRY_QDRANT_TIMEOUT"
    if isinstance(source(error), ValueError):
        return f"{where}: the answer cannot be read {tries}; check that this is the address of a Qdrant server"
    if source(error) is not None or code == "UNAVAILABLE":
        return f"{where}: no connection {tries} ({reason(error)}); check the address and that it runs"
    if status is not None and status >= 500:
        return f"{where}: the server failed with status {status} {tries} ({reason(error)}); see its log"
    return f"{where}: {reason(error)}"


def explain_all(errors: Mapping[str, Exception], attempts: int) -> str:
    """`explain` where several addresses did not answer.

    Args:
        errors: what happened last, by what each address is called.
        attempts: how often each was tried.
    """
    if len(errors) == 1:
        ((where, error),) = errors.items()
        return explain(error, where, attempts)
    each = "; ".join(f"{where} ({reason(error)})" for where, error in errors.items())
    return f"no address answers after {attempts} attempts each: {each}; check them, and that the servers run"


def is_too_large(error: BaseException | None) -> bool:
    """Whether a request was refused for its size, by the server or by a proxy in front of it."""
    if not isinstance(error, Exception):
        return False
    status = _status(error)
    if status is not None:
        return status == 413 or (status == 400 and "larger than" in reason(error))
    return grpc_code(error) in ("RESOURCE_EXHAUSTED", "OUT_OF_RANGE") and "larger than" in str(error)


def inner_words(error: BaseException | None) -> str | None:
    """What a server says of a fault of its own; None for faults of other kinds."""
    if not isinstance(error, Exception):
        return None
    return _text(error) if (_status(error) or 0) >= 500 or grpc_code(error) == "INTERNAL" else None


def is_missing(error: BaseException | None) -> bool:
    """Whether the fault says that the collection is not there."""
    if not isinstance(error, Exception):
        return False
    if isinstance(error, ValueError):  # how ":memory:" says it
        return str(error).endswith("not found")
    return _status(error) == 404 or grpc_code(error) == "NOT_FOUND"


def may_pass(error: Exception) -> bool:
    """Whether the same request, sent again, may be answered."""
    if source(error) is not None:
        return not isinstance(source(error), httpx.UnsupportedProtocol | httpx.InvalidURL)
    if is_too_large(error):
        return False
    return _is(error, "QdrantException") or _status(error) in RETRY_STATUS or grpc_code(error) in _GRPC_RETRY


def is_silence(error: Exception) -> bool:
    """Whether another address of the same cluster may answer what this one did not.

    It cannot be reached, is late, or does not itself reach the nodes that hold what was asked for.
    """
    if isinstance(source(error), httpx.TransportError):
        return may_pass(error)
    if _status(error) in SILENT_STATUS or grpc_code(error) in _GRPC_SILENT:
        return True
    return "read operations failed" in (inner_words(error) or "")


def is_unknown_speech(error: Exception) -> bool:
    """Whether an address that has never answered may be that of a port that speaks otherwise, as TLS."""
    if isinstance(source(error), httpx.TransportError):
        return not _is_late(error)
    return _status(error) == 400 or grpc_code(error) in _GRPC_SILENT


def hints_at_tls(error: Exception) -> bool:
    """Whether gRPC says that a handshake failed."""
    return grpc_code(error) == "UNAVAILABLE" and re.search("ssl|handshake|certificate", _text(error), re.I) is not None


def retry_after(error: Exception) -> float | None:
    """The seconds the server asks for; None where it says nothing that can be read."""
    seconds: Any = getattr(error, "retry_after_s", None)
    if seconds is None and _status(error) is not None:
        seconds = getattr(error, "headers", {}).get("retry-after")
    try:
        seconds = float(seconds)
    except (TypeError, ValueError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def reason(error: Exception) -> str:
    """The few words of an error that a person can use, on one line."""
    text = " ".join(_text(error).split()) or type(error).__name__
    return text if len(text) <= LONGEST_REASON else f"{text[: LONGEST_REASON - 3]}..."


def source(error: Exception) -> Exception | None:
    """What happened on the wire, where that is known."""
    if isinstance(error, httpx.HTTPError | httpx.InvalidURL | json.JSONDecodeError | Unreadable):
        return error
    inner = getattr(error, "source", None)
    return inner if _is(error, "ResponseHandlingException") and isinstance(inner, Exception) else None


def _is_late(error: Exception) -> bool:
    """Whether a connection was made, and then nothing came in time."""
    below = source(error)
    return isinstance(below, httpx.TimeoutException) and not isinstance(below, httpx.ConnectTimeout)


def _moved_to(error: Exception) -> str | None:
    try:
        return shown(getattr(error, "headers", {}).get("location", ""))
    except UsageError:
        return None


def _status(error: Exception) -> int | None:
    return error.status_code if isinstance(error, Refused) or _is(error, "UnexpectedResponse") else None  # type: ignore[attr-defined]


def grpc_code(error: Exception) -> str | None:
    """The name of gRPC's status; None where it is another protocol's fault."""
    code = getattr(error, "code", None)
    return getattr(code(), "name", None) if callable(code) else None


def _is(error: Exception, name: str) -> bool:
    """Whether it is an exception of qdrant-client with this name."""
    return any(kind.__name__ == name and kind.__module__.startswith("qdrant_client.") for kind in type(error).__mro__)


def _text(error: Exception) -> str:
    status = _status(error)
    if status is not None:
        try:
            return str(json.loads(error.content)["status"]["error"])  # type: ignore[attr-defined]
        except (ValueError, KeyError, TypeError):
            return f"status {status} {error.reason_phrase}"  # type: ignore[attr-defined]
    if source(error) is not None:
        return str(source(error)) or type(source(error)).__name__
    details = getattr(error, "details", None)
    return str(details()) if callable(details) else str(error)
