"""Photos behind http and https URLs: fetched once, then asked about, within what hosts and disk bear."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TypeVar
from urllib.parse import urlsplit

from indexer.errors import FetchError
from indexer.photos.fetch.answer import Answer, seconds_of
from indexer.photos.fetch.connections import Connections
from indexer.photos.fetch.faults import Gone, Unreachable, Unseen
from indexer.photos.fetch.fetcher import Fetcher
from indexer.photos.fetch.many.bounds import PER_HOST, TIMEOUT
from indexer.photos.fetch.many.cache import Cache, Known
from indexer.photos.fetch.many.flights import Flights, Held
from indexer.photos.fetch.many.hosts import Host, Hosts
from indexer.photos.fingerprints import sha256
from indexer.photos.opening import MAX_BYTES
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
        self._flights, self._held = Flights(), Held()
        self._seen: dict[str, Seen] = {}
        """What was found out in this command."""
        self._heads: dict[str, Seen] = {}
        """What servers said of photos that were not fetched."""
        self._faults: dict[str, FetchError] = {}

    def look(self, url: str) -> Seen:
        """What a server says of a photo; where that says nothing, it is fetched. Raises as `Place.look` does."""
        try:
            if (seen := self._seen.get(url) or self._heads.get(url)) is not None:
                return seen
            if self._trusting and self._cache.known(url) is None:
                seen = self._once("head", url, lambda: self._head(url))
                if seen is not None:
                    return seen
            self._once("get", url, lambda: self._found_out(url, hold=True))
            return self._seen[url]
        except Gone as error:
            raise FileNotFoundError(errno.ENOENT, str(error)) from error
        except FetchError as error:
            raise Unseen(errno.EIO, str(error), self._host(url)) from error

    def read(self, url: str) -> bytes:
        """The bytes of a photo; raises ``FetchError``."""
        data = self._once("get", url, lambda: self._found_out(url, hold=False))
        held = self._held.pop(url)  # also where somebody who fetched it ahead was waited for
        data = held if data is None else data
        if data is None and (known := self._cache.known(url)) is not None:
            data = self._cache.bytes_of(known)
        if data is None:
            data = self._once("whole", url, lambda: self._get(url, None, hold=False))
            assert data is not None  # noqa: S101 - without validators, a server cannot answer that nothing changed
        return data

    def begin(self, url: str) -> None:
        """Fetch a photo that is going to be read, unless it is there; what fails is for the reader to hear."""
        with suppress(FetchError):
            self._once("get", url, lambda: self._found_out(url, hold=True))

    def _found_out(self, url: str, *, hold: bool) -> bytes | None:
        """What is behind a URL, once a command: asked here, where others wait, whether somebody has been quicker."""
        if url in self._seen:
            return None
        return self._get(url, self._cache.known(url), hold=hold)

    def document(self, url: str, asked: Asked, into: BinaryIO) -> Answer:
        """What a server answers for something that is no photo; its body is written. Raises ``FetchError``."""

        def again() -> Answer:
            into.seek(0)
            into.truncate()
            return self._fetcher.ask(url, asked, into=into)

        return self._hosts.ask(self._host(url), again)

    def close(self) -> None:
        """Nobody waits any longer, and no connection stays open."""
        self._hosts.close()
        self._fetcher.close()

    def _check(self, url: str) -> None:
        if (fault := self._faults.get(url)) is not None:
            raise fault.with_traceback(None)

    def _host(self, url: str) -> Host:
        return self._hosts.of(host_named(url))

    def _once(self, kind: str, url: str, work: Callable[[], T]) -> T:
        def checked() -> T:
            self._check(url)
            return work()

        try:
            return self._flights.once((kind, url), checked)
        except FetchError as error:
            self._faults.setdefault(url, error)
            raise

    def _ask(self, url: str, asked: Asked) -> Answer:
        return self._hosts.ask(self._host(url), lambda: self._fetcher.ask(url, asked))

    def _head(self, url: str) -> Seen | None:
        """What a server says of a photo that another machine fetched, or this one before its disk was lost."""
        from indexer.photos.fetch.request import Asked

        if (seen := self._seen.get(url) or self._heads.get(url)) is not None:
            return seen
        try:
            answer = self._ask(url, Asked("HEAD"))
        except Unreachable:
            raise
        except FetchError:  # what is wrong with it, the photo itself has to say: HEAD is answered carelessly
            return None
        if answer.status != 200 or answer.length is None or (answer.etag is None and answer.last_modified is None):
            return None
        self._heads[url] = Seen(answer.length, moment_of(answer.etag, seconds_of(answer.last_modified)))
        return self._heads[url]

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
        moment = moment_of(answer.etag, seconds_of(answer.last_modified), digest)
        if before is not None and before.sha256 == digest:
            moment, hold = before.mtime_ns, False
        elif before is not None and before.mtime_ns == moment:  # another photo under the validators of the one before
            moment = moment // _SECOND * _SECOND + _fraction(digest)
        self._cache.put(Known(url, len(data), moment, digest, answer.etag, answer.last_modified), data)
        if hold:
            self._held.put(url, data)
        self._seen[url] = Seen(len(data), moment)


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
        fetcher = Fetcher(
            allow_private=allow_private, max_bytes=MAX_BYTES, timeout=TIMEOUT, connections=Connections(PER_HOST)
        )
    return Web(cache, fetcher, hosts, trusting=trusting)


def host_named(url: str) -> str:
    """The server of a URL as messages name it: scheme, host and port."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # no proper URL: refused when it is asked for
        return url[:100]
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def moment_of(etag: str | None, seconds: int | None, digest: str = "") -> int:
    """What the index calls the time of a photo: when it was changed last, to the second, in nanoseconds; below the
    seconds, a number made of the validator, so that another photo of the same second has another time.

    Args:
        etag: the validator that a server made up.
        seconds: when it was changed last, since 1970.
        digest: of the content, where there is neither.
    """
    if etag is not None:
        return (seconds or 0) * _SECOND + _fraction(etag)
    return _fraction(digest) if seconds is None else seconds * _SECOND


def _fraction(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % _SECOND
