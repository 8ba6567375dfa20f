"""From a text to its query vector: through the text model that the photos of the index were embedded with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from indexer.errors import FingerprintMismatch, ModelError, UsageError
from indexer.system.forks import Lock, in_child
from searcher.search.ground.published import Published
from searcher.search.ground.stages import stage

if TYPE_CHECKING:
    from indexer.models.text_model import TextTower


class TextReader:
    """Reads texts; the model is loaded when the first one comes, once. It may be shared by threads.

    Args:
        text_model: directory of the text model; None takes the one the index was built with.
    """

    _tower: TextTower | None

    def __init__(self, text_model: Path | None) -> None:
        self._path = text_model
        self._lock = Lock()
        self._forget()
        in_child(self._forget)

    def read(self, published: Published, text: str) -> tuple[NDArray[np.float32], bool]:
        """The text's vectors, [1, dimension], and whether its end was left out as the model reads no further.

        Raises:
            UsageError: the index has no text vectors, or the text cannot be used.
            ModelError: the model is missing or altered, or is not the one of the index (``FingerprintMismatch``).
            MissingExtra: the package tokenizers is not installed.
        """
        with stage("embed"):
            vector, cut = self._tower_for(published).read(text)
            return vector[None], cut

    def close(self) -> None:
        """Let go of the model; a later text loads it again."""
        with self._lock:
            self._tower = None

    def _forget(self) -> None:
        self._tower = None

    def _tower_for(self, published: Published) -> TextTower:
        from indexer.models.text_directory import find_files
        from indexer.models.text_model import TextTower

        wanted = published.store.record.text_model
        if wanted is None:
            raise UsageError(
                f"the index at {published.location} has no text model, so texts are asked by their words; "
                "docs/asking.md says how to get one, then: indexer sync CATALOG --text-model DIR"
            )
        with self._lock:
            if self._tower is None or self._tower.files.fingerprint != wanted.fingerprint:
                path = self._path or Path(wanted.path)
                if not path.is_dir():
                    raise ModelError(
                        f"{path}: the text model of the index at {published.location} is not there; name its place "
                        "with JEWELRY_TEXT_MODEL, or ask by words"
                    )
                files = find_files(path)
                if files.fingerprint != wanted.fingerprint:
                    raise FingerprintMismatch(
                        f"{files.path} is text model {files.short}, but the index at {published.location} was built "
                        f"with {wanted.fingerprint[:12]}; set JEWELRY_TEXT_MODEL to that one, or rebuild the index "
                        f"with: indexer sync CATALOG --text-model {files.path}"
                    )
                self._tower = TextTower(files)
            return self._tower
