"""Where photos are that are no files of a catalog: the one door to all of them, for one command."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from indexer.photos.fetch.bounds import AHEAD, TOGETHER
from indexer.photos.fetch.kept import LIMIT
from indexer.photos.places import FilePlace, Place
from indexer.system.forks import once

if TYPE_CHECKING:
    from indexer.photos.fetch.cache import Cache
    from indexer.photos.fetch.fetcher import Fetcher
    from indexer.photos.fetch.hosts import Hosts
    from indexer.photos.fetch.web import Web

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
    """

    folder: Path | None = None
    allow_private: bool = False
    limit: int = LIMIT
    writing: bool = True
    trusting: bool = True
    fetcher: Fetcher | None = None
    hosts: Hosts | None = None

    def place(self, url: str) -> Place:
        """The photo behind a URL, whose scheme is one of `WEB` or `STORES`."""
        if scheme_of(url) in WEB:
            return self._web_place(url, self._web)
        raise ValueError(f"{url} is no URL of a photo")

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
        if "_web" in self.__dict__:
            self._web.close()

    def __enter__(self) -> PhotoSources:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if "cache" in self.__dict__:
            self.cache.close()

    @once
    def cache(self) -> Cache:
        """What is known of fetched photos."""
        from indexer.photos.fetch.cache import Cache

        return Cache(self.folder, self.limit, writing=self.writing)

    @once
    def _web(self) -> Web:
        from indexer.photos.fetch.hosts import Hosts
        from indexer.photos.fetch.web import web_of

        hosts = self.hosts or Hosts()
        return web_of(self.cache, self.fetcher, hosts, allow_private=self.allow_private, trusting=self.trusting)

    @once
    def _web_place(self) -> Callable[[str, Web], Place]:
        from indexer.photos.fetch.web import WebPlace

        return WebPlace


def _look(place: Place) -> None:
    try:
        place.look()
    except OSError:
        return
