"""The directory of a text model: a CLIP or SigLIP as two ONNX networks, as the usual tools export it.

    vision_model.onnx           photo → vector (also in a folder onnx/)
    text_model.onnx             text → vector of the same space (also in a folder onnx/)
    tokenizer.json              as the package tokenizers writes it
    preprocessor_config.json    how photos are scaled, cropped and normalised
    tokenizer_config.json       optional: the length of texts and what fills them up

The names are those of Hugging Face's exports. Nothing in the directory is executed but the two networks.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.errors import ModelError

VISION, TEXT = "vision_model.onnx", "text_model.onnx"
TOKENIZER, PHOTOS, TEXTS = "tokenizer.json", "preprocessor_config.json", "tokenizer_config.json"
_OPTIONAL = (TEXTS,)
LONGEST_TEXT = 4096
"""A ``model_max_length`` above this only says that nobody set one."""


@dataclass(frozen=True, slots=True)
class TextModelFiles:
    """A complete directory. ``fingerprint`` names the model: equal fingerprints give comparable vectors."""

    path: Path
    fingerprint: str
    files: dict[str, Path]

    @property
    def short(self) -> str:
        """The first 12 digits of the fingerprint, for people."""
        return self.fingerprint[:12]

    def read_json(self, name: str) -> dict[str, Any]:
        """One of its JSON files; {} where it is not there. Raises ``ModelError``."""
        path = self.files.get(name)
        if path is None:
            return {}
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(found, dict):
                raise TypeError("it is not an object")
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise ModelError(f"{path}: cannot be read ({error}); restore it from the export") from error
        return found


def find_files(path: Path) -> TextModelFiles:
    """The files of a directory and the sha256 over all of them.

    Raises:
        ModelError: one is missing or cannot be read.
    """
    if not path.is_dir():
        raise ModelError(f"{path}: no such directory of a text model; docs/asking.md says how to get one")
    files = {}
    for name in (VISION, TEXT, TOKENIZER, PHOTOS, *_OPTIONAL):
        places = [place for place in (path / name, path / "onnx" / name) if place.is_file()]
        if places:
            files[name] = places[0]
        elif name not in _OPTIONAL:
            raise ModelError(
                f"{path}: {name} is missing, so this is not a whole text model; docs/asking.md says how to get one"
            )
    digest = hashlib.sha256()
    for name, place in files.items():
        try:
            with place.open("rb") as handle:
                digest.update(f"{name}:{hashlib.file_digest(handle, 'sha256').hexdigest()}\n".encode())
        except OSError as error:
            raise ModelError(
                f"{place}: cannot be read ({error.strerror or error}); check its owner and rights"
            ) from error
    return TextModelFiles(path, digest.hexdigest(), files)
