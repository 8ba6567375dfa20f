"""Photos in object stores (s3, gs, az), by fsspec and the package of each, with this machine's credentials."""

from __future__ import annotations

import errno
import importlib.util
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.errors import FetchError, ImageError, MissingExtra
from indexer.photos.fetch.faults import Gone, Reachable, Unseen
from indexer.photos.fetch.many.flights import Flights, Held
from indexer.photos.fetch.many.web import moment_of
from indexer.photos.fetch.url import shown_text
from indexer.photos.opening import MAX_BYTES
from indexer.photos.places import Seen
from indexer.system.files import replacing
from indexer.system.text import counted

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem  # type: ignore[import-untyped]

PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs"}
"""What reads the store of a scheme, beside fsspec."""
FAILURES = 5
"""Photos in a row that could not be had, until a store counts as down."""
_TIMES = ("LastModified", "last_modified", "updated", "mtime", "created")
_TAGS = ("ETag", "etag", "e_tag", "md5Hash", "content_md5", "checksum")


def require(scheme: str) -> None:
    """Refuse, before anything is read, what cannot be read as things are installed.

    Raises:
        MissingExtra: the package for this store is missing.
    """
    for package in ("fsspec", PACKAGES[scheme]):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(package, "remote")


class Store(Reachable):
    """All that a command reads of one kind of store; may be shared among threads.

    Args:
        scheme: one of `PACKAGES`.
        files: the file system, in place of that of the package.
        most: largest photo.
    """

    def __init__(self, scheme: str, files: AbstractFileSystem | None = None, *, most: int = MAX_BYTES) -> None:
        super().__init__(f"{scheme}://")
        if files is None:
            require(scheme)
            import fsspec

            files = fsspec.filesystem(scheme, use_listings_cache=False)
        self._files, self._most = files, most
        self._lock = threading.Lock()
        self._failed = 0
        self._seen: dict[str, Seen] = {}
        self._flights, self._held = Flights(), Held()

    def look(self, url: str) -> Seen:
        """Size and time of an object: one request; raises as `Place.look` does."""
        if (seen := self._seen.get(url)) is None:
            seen = self._seen[url] = _seen(self._asked(lambda: self._files.info(url)))
        return seen

    def read(self, url: str) -> bytes:
        """The bytes of an object.

        Raises:
            ImageError: they cannot be had.
        """
        data = self._flights.once(url, lambda: self._held.pop(url) or self._fetched(url))
        self._held.pop(url)  # where somebody who fetched it ahead was waited for
        return data

    def begin(self, url: str) -> None:
        """Fetch an object that is going to be read; what fails is for the reader to hear."""

        def hold() -> bytes:
            data = self._fetched(url)
            self._held.put(url, data)
            return data

        with suppress(ImageError):
            self._flights.once(url, hold)

    def download(self, url: str, path: Path) -> Path:
        """Have an object that is no photo as a file; it is fetched again where its size or time is another.

        Raises:
            Gone: there is none.
            FetchError: it cannot be had now.
            OSError: it cannot be written.
        """
        try:
            seen = self.look(url)
            if path.is_file() and Seen(path.stat().st_size, path.stat().st_mtime_ns) == seen:
                return path
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path, durable=False) as file:
                self._asked(lambda: self._files.get_file(url, file.name))
            os.utime(path, ns=(seen.mtime_ns, seen.mtime_ns))
        except Unseen as error:
            raise FetchError(str(error.strerror)) from error
        except FileNotFoundError as error:
            raise Gone(str(error.strerror)) from error
        return path

    def _fetched(self, url: str) -> bytes:
        too_large = f"has more than the {self._most / 1e6:g} MB a photo may have; scale it down"
        try:
            size = self.look(url).size
            if size > self._most:
                raise FetchError(too_large)
            data = bytes(self._asked(lambda: self._files.cat_file(url, start=0, end=self._most + 1))) if size else b""
        except OSError as error:
            raise FetchError(str(error.strerror)) from error
        if len(data) > self._most:
            raise FetchError(too_large)
        if not data:
            raise FetchError("the file is empty")
        return data

    def _asked(self, question: Callable[[], Any]) -> Any:
        """An answer of the store, or why there is none, in the words of `Place.look`."""
        if self.down is not None:
            raise Unseen(errno.EIO, f"{self.name} is not asked any more in this run: {self.down}", self)
        try:
            answer = question()
        except FileNotFoundError as error:
            self._failed = 0
            raise FileNotFoundError(errno.ENOENT, "there is no such object (any more); correct its URL") from error
        except PermissionError as error:
            reason = f"may not be read ({_first_line(error)}); check the credentials"
            raise Unseen(errno.EACCES, reason, self) from error
        except Exception as error:  # each package has errors of its own
            reason = f"the store does not answer ({_first_line(error)}); check name, network and credentials"
            with self._lock:
                self._failed += 1
                if self._failed >= FAILURES and self.down is None:
                    self.down = f"{counted(self._failed, 'photo')} in a row could not be had, the last: {reason}"
            raise Unseen(errno.EIO, reason, self) from error
        self._failed = 0
        return answer


@dataclass(frozen=True, slots=True)
class StorePlace:
    """A photo in an object store."""

    url: str
    store: Store

    def look(self) -> Seen:
        """See `Place.look`."""
        return self.store.look(self.url)

    def read(self) -> bytes:
        """See `Place.read`."""
        return self.store.read(self.url)

    def begin(self) -> None:
        """Fetch it ahead, for a `read` that is to come."""
        self.store.begin(self.url)


def _seen(info: dict[str, Any]) -> Seen:
    """Size and time by what a store says of an object; each has its own names for it."""
    tag = next((str(info[name]) for name in _TAGS if info.get(name)), None)
    time = _nanoseconds(next((info[name] for name in _TIMES if info.get(name)), None))
    if tag is None and time is not None:
        return Seen(int(info.get("size") or 0), time)
    return Seen(int(info.get("size") or 0), moment_of(tag, None if time is None else time // 10**9))


def _nanoseconds(time: object) -> int | None:
    """A time since 1970, whatever a store writes it as."""
    if isinstance(time, int | float):
        return int(time * 10**9)
    if isinstance(time, str):
        try:
            time = datetime.fromisoformat(time.replace("Z", "+00:00"))
        except ValueError:
            return None
    if isinstance(time, datetime):
        return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 10**6) * 1000
    return None


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return shown_text(lines[0], 160) if lines else "it says no more"
