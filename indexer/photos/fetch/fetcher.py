"""The one safe fetcher of photos by URL: limits on size, time, type and redirects, and public addresses only."""

from __future__ import annotations

import math
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from indexer.errors import FetchError, UsageError
from indexer.photos.fetch.addresses import Resolver, all_permitted, all_public, resolve
from indexer.photos.fetch.answer import Answer
from indexer.photos.fetch.connections import Connections
from indexer.photos.fetch.faults import Unreachable
from indexer.photos.fetch.url import shown_text, shown_url
from indexer.photos.opening import MAX_BYTES
from indexer.system.forks import in_child, once

if TYPE_CHECKING:
    import httpcore
    import httpx

    from indexer.photos.fetch.request import Asked, Deadline

MAX_ADDRESSES = 6
"""How many of a host's addresses are tried (all of them are checked)."""

MAX_LOOKUPS = 32
"""How many names one fetcher resolves at a time; a name server that hangs cannot pile up more threads."""

_SHORT_PAGE = 65_536
_REDIRECTS = (301, 302, 303, 307, 308)
_TYPES = ("application/octet-stream", "binary/octet-stream")  # the latter is what S3 calls a file without a type


class Fetcher:
    """Fetches photos from URLs that strangers give.

    - http and https; port 80 or 443; no user name or password in the URL. Every redirect passes the same checks.
    - A host is resolved once per hop, all its addresses must be public, and the connection goes to one of exactly
      these: what a name server says later changes nothing. Certificate and Host header keep the host's name.
    - No proxy, cookie, netrc or other credential of this machine is used; nothing is kept between two fetches but
      open connections, where these are given. An instance may be shared among threads, and needs closing only then.

    Args:
        allow_private: also addresses of the own network, and every port. Only where whoever gives the URLs may
            see whatever this machine can reach. Link-local addresses, multicast and those at which clouds keep a
            machine's metadata are refused even then.
        max_bytes: largest photo; larger ones are given up while they are read.
        timeout: seconds for everything together: names, connections, redirects, headers, body.
        max_redirects: how many are followed.
        resolver: asked for a host's addresses; the system's by default.
        connections: keeps connections open from one request to the next; each is closed after its request without.

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
        connections: Connections | None = None,
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
        self._connections = connections
        self._begin()
        in_child(self._begin)

    def _begin(self) -> None:
        self._lookups = threading.Semaphore(MAX_LOOKUPS)

    def fetch(self, url: str) -> bytes:
        """The bytes behind a URL, at least one; whether they are a photo is for `indexer.photos.opening` to say.

        Raises:
            FetchError: the URL is refused, or the photo cannot be had; one line that shows the URL without its query.
        """
        try:
            answer = self.ask(url)
            if answer.status != 200:
                what = f"the server answers {answer.status}"
                raise FetchError(f"{what}; check that the URL shows the photo in a browser")
        except FetchError as error:
            raise FetchError(f"{shown_url(url)}: {error}") from error
        return answer.body

    def ask(self, url: str, asked: Asked | None = None, *, into: BinaryIO | None = None) -> Answer:
        """What a server answers in the end.

        Args:
            url: what to ask for.
            asked: how; a plain GET of a photo by default.
            into: where the body of a 200 is written, which then may be of any type; what is there of an answer that
                breaks off is not the caller's to use. A photo's is in the answer.

        Raises:
            Unreachable: there is no proper answer, or not in time.
            FetchError: the URL is refused, or what is there is no photo. Neither message names the URL.
        """
        from indexer.photos.fetch.request import Asked, Deadline
        from indexer.photos.fetch.url import checked_url

        deadline, asked = Deadline(self._timeout), asked or Asked()
        hop, place = None, url
        with self._explained():
            for _ in range(self._max_redirects + 1):
                with _redirected(url, place):
                    hop = checked_url(place, base=hop, any_port=self._allow_private)
                    answer = self._hop(hop, asked, deadline, into)
                    if answer.status not in _REDIRECTS:
                        return answer
                    place = _location(answer)
            raise FetchError(f"redirects more than {self._max_redirects} times; give the URL that it ends at")

    def _hop(self, hop: httpx.URL, asked: Asked, deadline: Deadline, into: BinaryIO | None) -> Answer:
        """One request, and its answer read to the end."""
        with ExitStack() as stack:
            response = self._response(stack, hop, asked, deadline)
            headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers]
            answer = Answer(response.status, headers)
            if response.status != 200:
                _pass_over(answer, response)
                return answer
            if into is None:
                _check_type(answer)
            return replace(answer, body=self._body(answer, response, asked.method == "HEAD", into))

    def _response(self, stack: ExitStack, hop: httpx.URL, asked: Asked, deadline: Deadline) -> httpcore.Response:
        """What comes back over a connection that is there already, or over a new one."""
        import httpcore

        from indexer.photos.fetch.request import ask, connect
        from indexer.photos.fetch.url import host_of, port_of

        keep, pool = None, self._connections
        if pool is not None:
            origin = hop.scheme, host_of(hop), port_of(hop)
            keep = partial(pool.give, origin)
            if (kept := pool.take(origin)) is not None:
                # The server may have closed it, at any time: that says nothing of a new one.
                with suppress(httpcore.NetworkError, httpcore.RemoteProtocolError):
                    return stack.enter_context(ask(hop, asked, deadline, kept, keep))
        addresses = self._addresses(host_of(hop), deadline)
        connection = connect(hop, addresses, deadline, self._tls if hop.scheme == "https" else None)
        return stack.enter_context(ask(hop, asked, deadline, connection, keep))

    def close(self) -> None:
        """End the connections that are kept open, if any."""
        if self._connections is not None:
            self._connections.close()

    @once
    def _tls(self) -> ssl.SSLContext:
        from indexer.photos.fetch.request import tls_context

        return tls_context()

    def _addresses(self, host: str, deadline: Deadline) -> list[str]:
        """Where to connect to: the host's addresses, every one of them checked."""
        try:
            addresses = self._look_up(host, deadline)
            public = all_public(addresses) or self._allow_private
            permitted = all_permitted(addresses, allow_private=self._allow_private)
        except TimeoutError:
            raise
        except (OSError, ValueError) as error:  # ValueError: a label too long, or what a resolver calls an address
            raise Unreachable("its host is not found; check the host's name") from error
        if not addresses:
            raise Unreachable("its host has no address; check the host's name")
        if not public:
            raise FetchError("its host is not on the public internet; give a public URL, or allow private addresses")
        if not permitted:
            raise FetchError("its host has an address that nothing is fetched from, be private ones allowed or not")
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

    def _body(self, answer: Answer, response: httpcore.Response, is_head: bool, into: BinaryIO | None) -> bytes:
        """The body of a final answer, as long as it is uncompressed and of a permitted size."""
        if any(value.strip().lower() not in ("", "identity") for value in _values(answer, "content-encoding")):
            raise FetchError("comes compressed although that was not asked for; download it and give the file")
        if any(int(value) > self._max_bytes for value in _values(answer, "content-length")):  # h11 checked: digits
            raise self._too_large(into)
        if is_head:
            for _ in response.iter_stream():  # there is nothing in it; the connection is free after that
                pass
            return b""
        body, count = bytearray(), 0
        for chunk in response.iter_stream():
            count += len(chunk)
            if count > self._max_bytes:
                raise self._too_large(into)
            if into is None:
                body += chunk
            else:
                into.write(chunk)
        if not count:
            raise FetchError("the server sends an empty file; give another URL")
        return bytes(body)

    def _too_large(self, into: BinaryIO | None) -> FetchError:
        what = "a photo may have; scale it down" if into is None else "that are fetched at once"
        return FetchError(f"has more than the {self._max_bytes / 1e6:g} MB {what}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn whatever a network of strangers does into one line."""
        import httpcore

        try:
            yield
        except (TimeoutError, httpcore.TimeoutException) as error:
            what = f"takes longer than {self._timeout:g} s; try again later, or give the photo as a file"
            raise Unreachable(what, slow=True) from error
        except httpcore.ProtocolError as error:
            raise Unreachable("the server's answer is cut short or not proper HTTP; try again later") from error
        except (httpcore.NetworkError, OSError) as error:
            reason = shown_text(_reason(error), 120)
            raise Unreachable(f"the connection fails ({reason}); check the URL, or try again later") from error


@contextmanager
def _redirected(first: str, place: str) -> Iterator[None]:
    """Say where a redirect led to, when the fault lies there."""
    try:
        yield
    except FetchError as error:
        if place is first:
            raise
        message = f"redirects to {shown_url(place)}: {error}"
        raise (
            Unreachable(message, slow=error.slow) if isinstance(error, Unreachable) else FetchError(message)
        ) from error


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


def _pass_over(answer: Answer, response: httpcore.Response) -> None:
    """Read the short page that comes with an answer that is no photo, so that the connection can be used again."""
    import httpcore

    if answer.status != 304 and (answer.length is None or answer.length > _SHORT_PAGE):
        return
    with suppress(TimeoutError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.NetworkError):
        for _ in response.iter_stream():
            pass


def _check_type(answer: Answer) -> None:
    """Refuse what does not say that it is a picture."""
    kinds = [value.partition(";")[0].strip().lower() for value in _values(answer, "content-type")]
    if not kinds or not all(kind.startswith("image/") or kind in _TYPES for kind in kinds):
        kind = shown_text(kinds[0], 60) if kinds else "of no stated type"
        raise FetchError(f"is {kind}, not an image; give the URL of the photo itself, not of a page")


def _values(answer: Answer, name: str) -> list[str]:
    """All values of a header."""
    return [value for key, value in answer.headers if key == name]


def _location(answer: Answer) -> str:
    """Where a redirect leads; servers write UTF-8 into it although it should be ASCII."""
    found = _values(answer, "location")
    if len(found) != 1:
        raise FetchError(f"the server answers {answer.status} without saying where to go; give another URL")
    return found[0].encode("latin-1").decode("utf-8", "replace")
