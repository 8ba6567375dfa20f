"""A manifest behind a URL as a watch sees it: what is there now, by its content."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

from indexer.errors import FetchError
from indexer.photos.fetch.many.documents import SETTINGS
from indexer.photos.fetch.many.kept import FOLDER
from indexer.photos.fetch.many.sources import PhotoSources


class Address:
    """A manifest that is asked for from time to time: as long as the server says that it is the same, nothing is sent.

    Args:
        url: of the manifest.
        local: the folder that the index has on this machine, where a sync keeps its copy.
        allow_private: also from addresses of the own network.
    """

    root, silent = None, "as it is behind a URL"

    def __init__(self, url: str, local: Path, allow_private: bool) -> None:
        self._url, self._folder, self._private = url, local.joinpath(*FOLDER), allow_private
        self._last = ""

    def mark(self) -> str:
        """What changes with the manifest and the catalog.toml beside it; what it was as long as nobody answers."""
        try:
            with PhotoSources(self._folder, self._private) as sources:
                path = sources.document(self._url)
                self._last = self._of(path) + self._of(path.with_name(SETTINGS))
        except (FetchError, OSError):
            pass  # the next sync says so, and no change is known of
        return self._last

    def identity(self) -> tuple[int, int] | None:
        """Nothing takes the place of an address."""
        return (0, 0)

    def concerns(self, paths: Iterable[str]) -> bool:  # noqa: ARG002
        """No file is of it."""
        return False

    @staticmethod
    def _of(path: Path) -> str:
        try:
            with path.open("rb") as file:
                digest = blake2b(digest_size=16)
                while block := file.read(1 << 20):
                    digest.update(block)
        except FileNotFoundError:
            return "-"
        return digest.hexdigest()
