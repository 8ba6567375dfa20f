"""Photos behind http and https URLs: fetched once, then asked about, within what hosts and disk bear."""

from __future__ import annotations

import errno
import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from indexer.errors import FetchError
from indexer.photos.fetch.answer import Answer, seconds_of
from indexer.photos.fetch.bounds import HELD, PER_HOST, TIMEOUT
from indexer.photos.fetch.cache import Cache, Known
from indexer.photos.fetch.connections import Connections
from indexer.photos.fetch.faults import Gone, Unreachable, Unseen
from indexer.photos.fetch.fetcher import Fetcher
from indexer.photos.fetch.hosts import Host, Hosts
from indexer.photos.fingerprints import sha256
from indexer.photos.places import Seen

if TYPE_CHECKING:
    from indexer.photos.fetch.request import Asked

T = TypeVar("T")

_SECOND = 1_000_000_000


class Web:
    """What one command fetches; may be shared among threads, which wait for each other's photos.

    A photo is asked for once in a command: what came of that (a photo, that it is gone, that it is out of reach) is
    remembered until the end.

    Args:
        cache: what is known from earlier commands.
        fetcher: gets the photos.
        hosts: how hosts are treated.
        trusting: whether a server is believed that a photo is the one that it was.
    """

    def __init__(self, cache: Cache, fetcher: Fetcher, hosts: Hosts, *, trusting: bool = True) -> None:
        self._cache, self._fetcher, self._hosts, self._trusting = cache, fetcher, hosts, trusting
        self._lock = threading.Lock()
        self._flights: dict[tuple[str, str], Future[object]] = {}
        self._seen: dict[str, Seen] = {}
        """What was found out in this command."""
        self._heads: dict[str, Seen] = {}
        """What servers said of photos that were not fetched."""
        self._faults: dict[str, FetchError] = {}
        self._held: dict[str, bytes] = {}
        self._held_bytes = 0

    def look(self, url: str) -> Seen:
        """What a server says of a photo; where that says nothing, it is fetched. Raises as `Place.look` does."""
        try:
            if (seen := self._seen.get(url) or self._heads.get(url)) is not None:
                return seen
            self._check(url)
            known = self._cache.known(url)
            if known is None and self._trusting:
                seen = self._once("head", url, lambda: self._head(url))
                if seen is not None:
                    self._heads[url] = seen
                    return seen
            self._once("get", url, lambda: self._get(url, known, hold=True))
            return self._seen[url]
        except Gone as error:
            raise FileNotFoundError(errno.ENOENT, str(error)) from error
        except FetchError as error:
            raise Unseen(errno.EIO, str(error), self._host(url)) from error

    def read(self, url: str) -> bytes:
        """The bytes of a photo; raises ``FetchError``."""
        self._check(url)
        known = self._cache.known(url)
        if url not in self._seen:
            data = self._once("get", url, lambda: self._get(url, known, hold=False))
            if data is not None:
                return data
        if (data := self._let_go(url)) is not None:
            return data
        known = self._cache.known(url)
        if known is not None and (data := self._cache.bytes_of(known)) is not None:
            return data
        data = self._once("whole", url, lambda: self._get(url, None, hold=False))
        assert data is not None  # noqa: S101 - without validators, a server cannot answer that nothing changed
        return data

    def begin(self, url: str) -> None:
        """Fetch a photo that is going to be read, unless it is there; what fails is for the reader to hear."""
        try:
            if url not in self._seen:
                self._check(url)
                known = self._cache.known(url)
                self._once("get", url, lambda: self._get(url, known, hold=True))
        except FetchError:
            return

    def close(self) -> None:
        """Nobody waits any longer."""
        self._hosts.close()

    def _check(self, url: str) -> None:
        if (fault := self._faults.get(url)) is not None:
            raise fault.with_traceback(None)

    def _host(self, url: str) -> Host:
        return self._hosts.of(host_named(url))

    def _once(self, kind: str, url: str, work: Callable[[], T]) -> T:
        """Do it, or wait for who is doing it: many products may share a photo."""
        with self._lock:
            flight = self._flights.get((kind, url))
            mine = flight is None
            if flight is None:
                flight = self._flights[kind, url] = Future()
        if mine:
            try:
                flight.set_result(work())
            except FetchError as error:
                self._faults.setdefault(url, error)
                flight.set_exception(error)
            except BaseException as error:
                flight.set_exception(error)
                raise
            finally:
                with self._lock:
                    del self._flights[kind, url]
        return flight.result()  # type: ignore[return-value]

    def _ask(self, url: str, asked: Asked) -> Answer:
        return self._hosts.ask(self._host(url), lambda: self._fetcher.ask(url, asked))

    def _head(self, url: str) -> Seen | None:
        """What a server says of a photo that another machine fetched, or this one before its disk was lost."""
        from indexer.photos.fetch.request import Asked

        try:
            answer = self._ask(url, Asked("HEAD"))
        except Unreachable:
            raise
        except FetchError:  # what is wrong with it, the photo itself has to say: HEAD is answered carelessly
            return None
        if answer.status != 200 or answer.length is None or (answer.etag is None and answer.last_modified is None):
            return None
        return Seen(answer.length, _moment(answer.etag, answer.last_modified, ""))

    def _get(self, url: str, known: Known | None, *, hold: bool) -> bytes | None:
        """Ask for a photo; None where it is the one that is known.

        Args:
            url: of the photo.
            known: what is known of it; None to have it sent in any case.
            hold: keep the bytes in memory until they are read.
        """
        from indexer.photos.fetch.request import Asked

        validators = []
        if known is not None and self._trusting:
            validators += [("If-None-Match", known.etag)] if known.etag else []
            validators += [("If-Modified-Since", known.modified)] if known.modified else []
        answer = self._ask(url, Asked(headers=tuple(validators)))
        if answer.status == 304 and known is not None and validators:
            self._seen[url] = Seen(known.size, known.mtime_ns)
            return None
        if answer.is_gone:
            raise Gone(f"the server answers {answer.status}: there is no such photo (any more); correct its URL")
        if answer.status != 200:
            raise FetchError(f"the server answers {answer.status}; check that the URL shows the photo in a browser")
        self._take(url, answer, hold=hold)
        return answer.body

    def _take(self, url: str, answer: Answer, *, hold: bool) -> None:
        """Note a photo that has come. One that is the same as before keeps its time, whatever the server says now."""
        data, before = answer.body, self._cache.known(url)
        digest = sha256(data)
        moment = _moment(answer.etag, answer.last_modified, digest)
        if before is not None and before.sha256 == digest:
            moment, hold = before.mtime_ns, False
        elif before is not None and before.mtime_ns == moment:  # another photo under the validators of the one before
            moment = moment // _SECOND * _SECOND + _fraction(digest)
        self._cache.put(Known(url, len(data), moment, digest, answer.etag, answer.last_modified), data)
        with self._lock:
            if hold and self._held_bytes + len(data) <= HELD and url not in self._held:
                self._held[url] = data
                self._held_bytes += len(data)
        self._seen[url] = Seen(len(data), moment)

    def _let_go(self, url: str) -> bytes | None:
        with self._lock:
            data = self._held.pop(url, None)
            self._held_bytes -= 0 if data is None else len(data)
        return data


@dataclass(frozen=True, slots=True)
class WebPlace:
    """A photo behind an http or https URL."""

    url: str
    web: Web

    def look(self) -> Seen:
        """See `Place.look`."""
        return self.web.look(self.url)

    def read(self) -> bytes:
        """See `Place.read`."""
        return self.web.read(self.url)

    def begin(self) -> None:
        """Fetch it ahead, for a `read` that is to come."""
        self.web.begin(self.url)


def web_of(cache: Cache, fetcher: Fetcher | None, hosts: Hosts, *, allow_private: bool, trusting: bool) -> Web:
    """The web as a sync fetches from it.

    Args:
        cache: see `Web`.
        fetcher: another one than that with a sync's limits.
        hosts: see `Web`.
        allow_private: fetch from addresses of the own network, too.
        trusting: see `Web`.
    """
    if fetcher is None:
        fetcher = Fetcher(allow_private=allow_private, timeout=TIMEOUT, connections=Connections(PER_HOST))
    return Web(cache, fetcher, hosts, trusting=trusting)


def host_named(url: str) -> str:
    """The server of a URL as messages name it: scheme, host and port."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # no proper URL: refused when it is asked for
        return url[:100]
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def _moment(etag: str | None, modified: str | None, digest: str) -> int:
    """What the index calls the time of a photo: when it was changed last, to the second, in nanoseconds; below the
    seconds, a number made of the validator, so that another photo of the same second has another time.

    Args:
        etag: the server's validator.
        modified: its date.
        digest: of the content, where there is neither.
    """
    seconds = seconds_of(modified) if modified else None
    if etag is not None:
        return (seconds or 0) * _SECOND + _fraction(etag)
    return _fraction(digest) if seconds is None else seconds * _SECOND


def _fraction(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % _SECOND
