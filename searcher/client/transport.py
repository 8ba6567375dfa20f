"""One request of the client: sent, sent again where the service asks for it, and read; whatever fails is one line."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from indexer.errors import ClientError, ServiceUnavailable, UsageError
from indexer.system.arguments import number_of, text_of, whole_of
from indexer.system.forks import Lock, in_child
from indexer.system.text import one_line
from indexer.version import __version__
from searcher.client.content import as_json

if TYPE_CHECKING:
    import httpx

ASK_AGAIN = frozenset({429, 503})
"""Answers after which the same question is asked again."""
FIRST_WAIT = 0.5
"""Seconds before the second attempt where the service does not say; then doubled."""
FOR_EVER = 366 * 86_400.0
"""Seconds; an endless wait is none that a socket takes."""
LONGEST_DETAIL = 1000
CLOSED = "this client is closed; make a new one"


class Transport:
    """Sends requests to one service over connections that are kept open; it may be shared by threads.

    A forked child has connections of its own: two that read from one would each get parts of the other's answers.

    Args:
        base_url: where the service is, ``https://search.shop.example`` or with a path in front of its own.
        api_key: sent as ``Authorization: Bearer``, to this service alone: redirects are not followed.
        timeout: seconds to connect, and between two pieces of an answer.
        attempts: times a question is sent before 429 or 503 becomes an error.
        longest_wait: the service's Retry-After is waited for up to so many seconds; a longer one is an error at once.

    Raises:
        UsageError: an address, key or number that makes no sense.
    """

    _client: httpx.Client | None

    def __init__(self, base_url: str, api_key: str | None, timeout: float, attempts: int, longest_wait: float) -> None:
        self.base_url = _checked_url(text_of("base_url", base_url, "the address of a service"))
        timeout, longest_wait = number_of("timeout", timeout), number_of("longest_wait", longest_wait)
        attempts = whole_of("attempts", attempts)
        if attempts < 1 or not timeout > 0 or not longest_wait >= 0:
            raise UsageError(
                f"timeout {timeout}, attempts {attempts} and longest wait {longest_wait} must be above 0, 1 or more "
                "and 0 or more"
            )
        headers = {"user-agent": f"jewelry-similarity/{__version__}", "accept": "application/json"}
        if api_key is not None:
            headers["authorization"] = f"Bearer {_checked_key(api_key)}"
        self._attempts, self._longest_wait = attempts, min(longest_wait, FOR_EVER)
        self._headers, self._timeout, self._closed, self._lock = headers, min(timeout, FOR_EVER), False, Lock()
        self._forget()
        in_child(self._forget)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            self._closed = True
            if self._client is not None:
                self._client.close()

    def document(self, method: str, path: str, *, once: bool = False, **content: Any) -> Any:
        """The JSON document that a request is answered with; see `answer`."""
        response = self.answer(method, path, once=once, **content)
        try:
            document = response.json()
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise ClientError(
                f"{self.base_url}: {path} was answered with {_kind_of(response)} that is not a JSON object; is this "
                "the address of a searcher serve?",
                status=response.status_code,
            )
        return document

    def answer(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, once: bool = False, **content: Any
    ) -> httpx.Response:
        """The answer to a request, read to its end.

        Args:
            method: GET or POST; all are questions, or decisions that may be sent twice.
            path: from the first slash on, as it goes over the wire.
            body: what goes along as JSON.
            once: never ask again.
            content: other content, as httpx takes it: ``files``, ``data``, ``params``.

        Raises:
            UsageError: the body holds what JSON has not.
            ClientError: the service refuses the request.
            ServiceUnavailable: it cannot be reached, is too slow or cannot answer now.
        """
        if body is not None:
            content |= {"content": as_json(body).encode(), "headers": {"content-type": "application/json"}}
        for attempt in range(1, self._attempts + 1):
            response = self._sent(method, path, content)
            if response.is_success:
                return response
            error = _error_of(response, self.base_url)
            wait = FIRST_WAIT * 2 ** (attempt - 1) if error.retry_after is None else error.retry_after
            last = once or attempt == self._attempts or wait > self._longest_wait
            if response.status_code not in ASK_AGAIN or last:
                raise error
            time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _connected(self) -> httpx.Client:
        client = self._client
        if client is not None:
            return client
        import httpx

        with self._lock:
            if self._closed:
                raise UsageError(CLOSED)
            if self._client is None:
                self._client = httpx.Client(headers=self._headers, timeout=self._timeout, follow_redirects=False)
            return self._client

    def _forget(self) -> None:
        self._client = None

    def _sent(self, method: str, path: str, content: Mapping[str, Any]) -> httpx.Response:
        import httpx

        try:
            return self._connected().request(method, self.base_url + path, **content)
        except httpx.TimeoutException as error:
            raise ServiceUnavailable(
                f"{self.base_url}: no answer in time ({type(error).__name__}); try later, or give a longer timeout"
            ) from error
        except httpx.TransportError as error:
            reason = one_line(error) or type(error).__name__
            raise ServiceUnavailable(
                f"{self.base_url}: cannot be reached ({reason}); is searcher serve running there?"
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise ClientError(f"{self.base_url}: the request cannot be sent ({one_line(error)})") from error
        except RuntimeError as error:  # what httpx raises for a closed client
            raise UsageError(CLOSED) from error


def _error_of(response: httpx.Response, base_url: str) -> ClientError:
    status = response.status_code
    try:
        problem = response.json() if "json" in response.headers.get("content-type", "") else {}
    except (ValueError, RecursionError):
        problem = {}
    problem = problem if isinstance(problem, dict) else {}
    kind = str(problem.get("type", "")).rpartition(":")[2] or None
    request_id = problem.get("request_id") or response.headers.get("x-request-id")
    detail = problem.get("detail")
    if response.is_redirect:
        to = response.headers.get("location", "elsewhere")
        detail = f"{base_url} answers with a redirect to {to}; give the address that it leads to as base_url"
    elif not isinstance(detail, str):
        detail = f"{base_url} answers with {_phrase(status)} and {_kind_of(response)} that says no more"
    named = "" if request_id is None else f", request {request_id}"
    message = one_line(Exception(f"{detail[:LONGEST_DETAIL]} (HTTP {status}{named})"))
    rows = problem.get("errors")
    fields = [(str(row.get("where")), str(row.get("message"))) for row in rows or () if isinstance(row, dict)]
    of = ServiceUnavailable if status == 429 or status >= 500 else ClientError
    return of(
        message,
        status=status,
        kind=kind,
        request_id=None if request_id is None else str(request_id),
        fields=fields,
        retry_after=_seconds(response.headers.get("retry-after")),
    )


def _seconds(retry_after: str | None) -> float | None:
    """Seconds of a Retry-After, which is a number or a date (RFC 9110, section 10.2.3); None for anything else."""
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            at = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _kind_of(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip()[:100] or "a body without a type"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"status {status}"


def _checked_url(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username is not None or parts.query or parts.fragment or not base_url.isprintable():
        shown = base_url if good and parts.username is None else base_url.rpartition("@")[2]
        raise UsageError(
            f"{shown[:200]!r} is not an address of a service; give http or https, host and port: http://localhost:8000 "
            "(a key goes into api_key)"
        )
    return base_url.rstrip("/")


def _checked_key(api_key: str) -> str:
    key = text_of("api_key", api_key).strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError("the API key is empty or holds characters that no key has; see searcher keys add")
    return key
