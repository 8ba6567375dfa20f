"""The one safe fetcher of photos by URL: limits on size, time, type and redirects, and public addresses only."""

from __future__ import annotations

import math
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING

from indexer.errors import FetchError, UsageError
from indexer.photos.fetch.addresses import Resolver, all_public, resolve
from indexer.photos.fetch.url import shown_text, shown_url
from indexer.photos.opening import MAX_BYTES
from indexer.system.forks import in_child, once

if TYPE_CHECKING:
    import httpcore

    from indexer.photos.fetch.request import Deadline

MAX_ADDRESSES = 6
"""How many of a host's addresses are tried (all of them are checked)."""

MAX_LOOKUPS = 32
"""How many names one fetcher resolves at a time; a name server that hangs cannot pile up more threads."""

_REDIRECTS = (301, 302, 303, 307, 308)
_TYPES = ("application/octet-stream", "binary/octet-stream")  # the latter is what S3 calls a file without a type


class Fetcher:
    """Fetches photos from URLs that strangers give.

    - http and https; port 80 or 443; no user name or password in the URL. Every redirect passes the same checks.
    - A host is resolved once per hop, all its addresses must be public, and the connection goes to one of exactly
      these: what a name server says later changes nothing. Certificate and Host header keep the host's name.
    - No proxy, cookie, netrc or other credential of this machine is used; nothing is kept between two fetches, so
      that an instance may be shared among threads and needs no closing.

    Args:
        allow_private: also addresses of the own network, and every port. Only where whoever gives the URLs may
            see whatever this machine can reach.
        max_bytes: largest photo; larger ones are given up while they are read.
        timeout: seconds for everything together: names, connections, redirects, headers, body.
        max_redirects: how many are followed.
        resolver: asked for a host's addresses; the system's by default.

    Raises:
        UsageError: a limit that makes no sense.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        max_bytes: int = MAX_BYTES,
        timeout: float = 10.0,
        max_redirects: int = 5,
        resolver: Resolver = resolve,
    ) -> None:
        if not (math.isfinite(timeout) and timeout > 0 and max_bytes > 0 and max_redirects >= 0):
            raise UsageError(
                f"no photo can be fetched in {timeout} s, {max_bytes} bytes and {max_redirects} redirects; "
                "give limits above 0"
            )
        self._allow_private = allow_private
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._max_redirects = max_redirects
        self._resolver = resolver
        self._begin()
        in_child(self._begin)

    def _begin(self) -> None:
        self._lookups = threading.Semaphore(MAX_LOOKUPS)

    def fetch(self, url: str) -> bytes:
        """The bytes behind a URL, at least one; whether they are a photo is for `indexer.photos.opening` to say.

        Raises:
            FetchError: the URL is refused, or the photo cannot be had; one line that shows the URL without its query.
        """
        from indexer.photos.fetch.request import Deadline, get
        from indexer.photos.fetch.url import checked_url, host_of

        deadline = Deadline(self._timeout)
        hop, place = None, url
        with self._explained(url):
            for _ in range(self._max_redirects + 1):
                with _redirected(url, place):
                    hop = checked_url(place, base=hop, any_port=self._allow_private)
                    addresses = self._addresses(host_of(hop), deadline)
                    tls = self._tls if hop.scheme == "https" else None
                    with get(hop, addresses, deadline, tls) as response:
                        if response.status not in _REDIRECTS:
                            return self._body(response)
                        place = _location(response)
            raise FetchError(f"redirects more than {self._max_redirects} times; give the URL that it ends at")

    @once
    def _tls(self) -> ssl.SSLContext:
        from indexer.photos.fetch.request import tls_context

        return tls_context()

    def _addresses(self, host: str, deadline: Deadline) -> list[str]:
        """Where to connect to: the host's addresses, every one of them checked."""
        try:
            addresses = self._look_up(host, deadline)
            public = all_public(addresses) or self._allow_private
        except TimeoutError:
            raise
        except (OSError, ValueError) as error:  # ValueError: a label too long, or what a resolver calls an address
            raise FetchError("its host is not found; check the host's name") from error
        if not addresses:
            raise FetchError("its host has no address; check the host's name")
        if not public:
            raise FetchError("its host is not on the public internet; give a public URL, or allow private addresses")
        return addresses[:MAX_ADDRESSES]

    def _look_up(self, host: str, deadline: Deadline) -> list[str]:
        """Ask the resolver in a thread of its own: the system's knows no time limit."""
        answer: Future[list[str]] = Future()

        def ask() -> None:
            try:
                answer.set_result(list(self._resolver(host)))
            except BaseException as error:  # noqa: BLE001 - goes to the thread that waits
                answer.set_exception(error)
            finally:
                self._lookups.release()

        if not self._lookups.acquire(timeout=deadline.left()):
            raise TimeoutError
        try:
            threading.Thread(target=ask, name="resolve", daemon=True).start()
        except BaseException:
            self._lookups.release()
            raise
        return answer.result(deadline.left())

    def _body(self, response: httpcore.Response) -> bytes:
        """The body of a final answer, as long as it is an uncompressed picture of a permitted size."""
        if response.status != 200:
            raise FetchError(f"the server answers {response.status}; check that the URL shows the photo in a browser")
        kinds = [value.partition(";")[0].strip().lower() for value in _header(response, b"content-type")]
        if not kinds or not all(kind.startswith("image/") or kind in _TYPES for kind in kinds):
            kind = shown_text(kinds[0], 60) if kinds else "of no stated type"
            raise FetchError(f"is {kind}, not an image; give the URL of the photo itself, not of a page")
        if any(value.strip().lower() not in ("", "identity") for value in _header(response, b"content-encoding")):
            raise FetchError("comes compressed although that was not asked for; download it and give the file")
        if any(int(value) > self._max_bytes for value in _header(response, b"content-length")):  # h11 checked: digits
            raise self._too_large()
        body = bytearray()
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > self._max_bytes:
                raise self._too_large()
        if not body:
            raise FetchError("the server sends an empty file; give another URL")
        return bytes(body)

    def _too_large(self) -> FetchError:
        return FetchError(f"has more than the {self._max_bytes / 1e6:g} MB a photo may have; scale it down")

    @contextmanager
    def _explained(self, url: str) -> Iterator[None]:
        """Turn whatever a network of strangers does into one line that begins with the URL."""
        import httpcore

        try:
            yield
        except FetchError as error:
            raise FetchError(f"{shown_url(url)}: {error}") from error
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise FetchError(
                f"{shown_url(url)}: takes longer than {self._timeout:g} s; try again later, or give the photo as a file"
            ) from error
        except httpcore.ProtocolError as error:
            raise FetchError(
                f"{shown_url(url)}: the server's answer is cut short or not proper HTTP; try again later"
            ) from error
        except (httpcore.NetworkError, OSError) as error:
            reason = shown_text(_reason(error), 120)
            raise FetchError(
                f"{shown_url(url)}: the connection fails ({reason}); check the URL, or try again later"
            ) from error


@contextmanager
def _redirected(first: str, place: str) -> Iterator[None]:
    """Say where a redirect led to, when the fault lies there."""
    try:
        yield
    except FetchError as error:
        if place is first:
            raise
        raise FetchError(f"redirects to {shown_url(place)}: {error}") from error


def _reason(error: BaseException) -> str:
    """The plain words of the system's error below an HTTP library's."""
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {cause.verify_message.rstrip('.')}"
    if isinstance(cause, ssl.SSLError):
        return f"no TLS: {cause.reason or 'the server ends it'}"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(error) or type(error).__name__


def _header(response: httpcore.Response, name: bytes) -> list[str]:
    """All values of a header."""
    return [value.decode("latin-1") for key, value in response.headers if key.lower() == name]


def _location(response: httpcore.Response) -> str:
    """Where a redirect leads; servers write UTF-8 into it although it should be ASCII."""
    found = [value for key, value in response.headers if key.lower() == b"location"]
    if len(found) != 1:
        raise FetchError(f"the server answers {response.status} without saying where to go; give another URL")
    return found[0].decode("utf-8", "replace")
