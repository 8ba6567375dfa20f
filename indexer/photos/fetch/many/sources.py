"""Where photos are that are no files of a catalog: the one door to all of them, for one command."""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from indexer.errors import FetchError
from indexer.photos.fetch.faults import Gone, Unreachable
from indexer.photos.fetch.many.bounds import AHEAD, TOGETHER
from indexer.photos.fetch.many.kept import LIMIT
from indexer.photos.places import FilePlace, Place
from indexer.system.forks import once

if TYPE_CHECKING:
    from indexer.photos.fetch.fetcher import Fetcher
    from indexer.photos.fetch.many.cache import Cache
    from indexer.photos.fetch.many.hosts import Hosts
    from indexer.photos.fetch.many.stores import Store
    from indexer.photos.fetch.many.web import Web

T = TypeVar("T")

WEB = ("http", "https")
STORES = ("s3", "gs", "az")


def scheme_of(name: str) -> str | None:
    """The scheme of a URL, in small letters; None for a path."""
    scheme, found, _ = name.partition("://")
    return scheme.strip().lower() if found else None


def is_remote(place: Place) -> bool:
    """Whether looking at a photo takes longer than looking at a file."""
    return not isinstance(place, FilePlace)


@dataclass
class PhotoSources:
    """What one command fetches photos from. It costs nothing until the first URL is looked at.

    Args:
        folder: where fetched photos are kept; None to keep none.
        allow_private: fetch from addresses of the own network and from any port, too.
        limit: bytes of photos that are kept.
        writing: whether anything is written to the folder.
        trusting: whether a server, or the folder, is believed that a photo is the one that it was.
        fetcher: gets what is behind http and https, in place of the usual one.
        hosts: how hosts are treated, in place of the usual way.
        stores: object stores by scheme, in place of those that are opened when the first of their photos is named.
    """

    folder: Path | None = None
    allow_private: bool = False
    limit: int = LIMIT
    writing: bool = True
    trusting: bool = True
    fetcher: Fetcher | None = None
    hosts: Hosts | None = None
    stores: dict[str, Store] = field(default_factory=dict)
    _addresses: dict[Path, str] = field(default_factory=dict, init=False, repr=False)
    """The URLs of documents, by the folder each is in."""
    _scratch: tempfile.TemporaryDirectory[str] | None = field(default=None, init=False, repr=False)

    @classmethod
    def for_a_while(cls, *, allow_private: bool = False) -> PhotoSources:
        """Those of a command without an index: what it fetches is kept until its end."""
        scratch = tempfile.TemporaryDirectory(prefix="jewelry-photos-")
        sources = cls(Path(scratch.name), allow_private)
        sources._scratch = scratch
        return sources

    def place(self, url: str) -> Place:
        """The photo behind a URL, whose scheme is one of `WEB` or `STORES`.

        Raises:
            MissingExtra: what reads such a store is not installed.
        """
        if scheme_of(url) in WEB:
            return self._web_place(url, self._web)
        return self._store_place(url, self._store(str(scheme_of(url))))

    def document(self, url: str) -> Path:
        """A file with what is behind a URL, which is not a photo but names some; see `address_of`.

        A catalog.toml beside it comes along, where there is one.

        Raises:
            MissingExtra: what reads such a store is not installed.
            FetchError: it cannot be had.
            OSError: it cannot be written.
        """
        from indexer.photos.fetch.many import documents

        place = documents.folder_of(self._documents, url)
        path = self._fetched(url, place)
        settings = place / documents.SETTINGS
        try:
            found = self._fetched(documents.beside(url, documents.SETTINGS), place / "settings")
        except Gone:
            settings.unlink(missing_ok=True)
        except Unreachable:
            raise
        except FetchError:  # there is something, and it is nothing that is shown to everybody
            settings.unlink(missing_ok=True)
        else:
            settings.unlink(missing_ok=True)
            if not documents.is_page(found):
                shutil.copyfile(found, settings)
        self._addresses[place] = url
        return path

    def address_of(self, path: Path, name: str) -> str | None:
        """The URL of a file that a document names; None where ``path`` is no document that was fetched.

        Raises:
            ValueError: the name leads out of the document's folder.
        """
        url = self._addresses.get(path.parent) if self._addresses else None
        if url is None:
            return None
        from indexer.photos.fetch.many.documents import beside

        return beside(url, name)

    def _fetched(self, url: str, place: Path) -> Path:
        from indexer.photos.fetch.many import documents

        scheme = str(scheme_of(url))
        if scheme not in WEB:
            return self._store(scheme).download(url, place / documents.name_of(url))
        web = self._web_of_documents
        return documents.fetch_document(url, place, lambda asked, into: web.document(url, asked, into))

    @once
    def _documents(self) -> Path:
        """Where documents are: with the photos, or as long as this object is in use."""
        if self.folder is not None and self.writing:
            return self.folder
        self._scratch = tempfile.TemporaryDirectory(prefix="jewelry-catalog-")
        return Path(self._scratch.name)

    def look_at(self, places: Iterable[Place], done: Callable[[int, int], None] | None = None) -> None:
        """Look at many photos at once; what comes of it is told when each is looked at."""
        wanted = list(dict.fromkeys(place for place in places if is_remote(place)))
        if not wanted:
            return
        with ThreadPoolExecutor(TOGETHER, thread_name_prefix="look") as pool:
            try:
                for number, _ in enumerate(pool.map(_look, wanted), start=1):
                    if done is not None:
                        done(number, len(wanted))
            except BaseException:
                self.close()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def ahead(self, items: Iterable[T], place_of: Callable[[T], Place]) -> Iterator[T]:
        """The same items in the same order, while the photos of those that come next are on their way."""
        waiting: deque[T] = deque()
        pool: ThreadPoolExecutor | None = None
        try:
            for item in items:
                begin = getattr(place_of(item), "begin", None)
                if begin is not None:
                    pool = pool or ThreadPoolExecutor(TOGETHER, thread_name_prefix="fetch")
                    pool.submit(begin)
                waiting.append(item)
                if len(waiting) > AHEAD or pool is None:
                    yield waiting.popleft()
            while waiting:
                yield waiting.popleft()
        except BaseException:
            self.close()
            raise
        finally:
            if pool is not None:
                pool.shutdown(wait=False, cancel_futures=True)

    def notes(self) -> list[str]:
        """What a person should know in the end."""
        if "cache" not in self.__dict__ or self.cache.trouble is None:
            return []
        return [f"{self.folder}: fetched photos cannot be kept there ({self.cache.trouble}): they are fetched again"]

    def close(self) -> None:
        """End what is under way: nobody waits for a photo any longer."""
        for name in ("_web", "_web_of_documents"):
            if name in self.__dict__:
                self.__dict__[name].close()

    def __enter__(self) -> PhotoSources:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self._scratch is not None:
            self._scratch.cleanup()
        if "cache" in self.__dict__:
            self.cache.close()

    @once
    def cache(self) -> Cache:
        """What is known of fetched photos."""
        from indexer.photos.fetch.many.cache import Cache

        return Cache(self.folder, self.limit, writing=self.writing)

    @once
    def _web_of_documents(self) -> Web:
        from indexer.photos.fetch.fetcher import Fetcher
        from indexer.photos.fetch.many.documents import MOST, TIMEOUT
        from indexer.photos.fetch.many.hosts import Hosts
        from indexer.photos.fetch.many.web import Web

        fetcher = self.fetcher or Fetcher(allow_private=self.allow_private, max_bytes=MOST, timeout=TIMEOUT)
        return Web(self.cache, fetcher, self.hosts or Hosts())

    @once
    def _web(self) -> Web:
        from indexer.photos.fetch.many.hosts import Hosts
        from indexer.photos.fetch.many.web import web_of

        hosts = self.hosts or Hosts()
        return web_of(self.cache, self.fetcher, hosts, allow_private=self.allow_private, trusting=self.trusting)

    def _store(self, scheme: str) -> Store:
        if scheme not in self.stores:
            from indexer.photos.fetch.many.stores import Store

            self.stores[scheme] = Store(scheme)
        return self.stores[scheme]

    @once
    def _store_place(self) -> Callable[[str, Store], Place]:
        from indexer.photos.fetch.many.stores import StorePlace

        return StorePlace

    @once
    def _web_place(self) -> Callable[[str, Web], Place]:
        from indexer.photos.fetch.many.web import WebPlace

        return WebPlace


@contextmanager
def fetched_ahead(places: Iterable[Place]) -> Iterator[None]:
    """While the block lasts, the photos that are no files are fetched in this order, for who reads them."""
    remote = [begin for place in places if (begin := getattr(place, "begin", None)) is not None]
    if not remote:
        yield
        return
    pool = ThreadPoolExecutor(TOGETHER, thread_name_prefix="fetch")
    try:
        for begin in remote:
            pool.submit(begin)
        yield
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _look(place: Place) -> None:
    try:
        place.look()
    except OSError:
        return
