"""A text model: photos and texts → unit vectors of one space, with ONNX Runtime (Radford et al., CLIP, ICML 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.errors import ModelError, VectorError
from indexer.models.onnx_session import first_line, open_session
from indexer.models.text_directory import PHOTOS, TEXT, VISION, TextModelFiles, find_files
from indexer.models.text_photos import read_photos
from indexer.models.text_tokens import TextTokens
from indexer.models.vectors import unit
from indexer.store.records import TextModelRecord
from indexer.store.vectors import check_vectors

PHOTO_OUTPUTS = ("image_embeds", "pooler_output")
TEXT_OUTPUTS = ("text_embeds", "pooler_output")
"""CLIP's with projection, and SigLIP's, which has none."""


class TextTower:
    """The half that reads texts; a search needs no more. It may be used by several threads.

    Args:
        files: the model's directory.
        threads: threads inside one inference.

    Raises:
        ModelError: ONNX Runtime cannot run it, or it is something else.
        MissingExtra: the package tokenizers is not installed.
    """

    def __init__(self, files: TextModelFiles, *, threads: int = 1) -> None:
        self.files = files
        self._network = _Network(files.files[TEXT], TEXT_OUTPUTS, threads)
        unknown = set(self._network.inputs) - {"input_ids", "attention_mask"}
        if unknown or "input_ids" not in self._network.inputs:
            raise ModelError(
                f"{self._network.path}: takes {sorted(self._network.inputs)}, not input_ids; export it anew"
            )
        shape = self._network.inputs["input_ids"].shape
        self._tokens = TextTokens(files, shape[1] if len(shape) == 2 and isinstance(shape[1], int) else None)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of texts, float32 [n, dimension]. Raises ``UsageError`` and ``ModelError``."""
        return np.stack([self.read(text)[0] for text in texts])

    def read(self, text: str) -> tuple[NDArray[np.float32], bool]:
        """A text's unit vector [dimension], and whether its end was left out because the model reads no further."""
        ids, mask, cut = self._tokens.read(text)
        given = {"input_ids": ids[None], "attention_mask": mask[None]}
        return self._network.run({name: given[name] for name in self._network.inputs}), cut


class TextModel:
    """Both halves, for a sync. It may be used by several threads.

    Args:
        path: a directory as `indexer.models.text_directory` describes it.

    Raises:
        ModelError: it is incomplete or cannot be run, or its halves do not belong together.
        MissingExtra: the package tokenizers is not installed.
    """

    def __init__(self, path: Path) -> None:
        files = find_files(path)
        self._photos = read_photos(files.read_json(PHOTOS), files.files[PHOTOS])
        self._vision = _Network(files.files[VISION], PHOTO_OUTPUTS, 1)
        if list(self._vision.inputs) != ["pixel_values"]:
            raise ModelError(
                f"{self._vision.path}: takes {sorted(self._vision.inputs)}, not pixel_values; export it anew"
            )
        # Tried out here, so that what does not work fails before a photo is read.
        probe = self._vision.run({"pixel_values": self._photos.apply(Image.new("RGB", (64, 64), "gray"))[None]})
        text = TextTower(files).embed(["a ring"])
        if text.shape[1:] != probe.shape:
            raise ModelError(
                f"{path}: photos become {probe.shape[0]} numbers and texts {text.shape[1]}, so they cannot be "
                "compared; export both with their projections"
            )
        self.record = TextModelRecord(files.fingerprint, probe.shape[0], str(path.resolve()))

    def embed(self, photos: Sequence[Path | bytes | Image.Image]) -> NDArray[np.float32]:
        """Unit vectors of photos, float32 [n, dimension]; raises ``ImageError`` and ``ModelError``."""
        return self.embed_prepared([self.prepare(photo) for photo in photos])

    def prepare(self, photo: Path | bytes | Image.Image) -> NDArray[np.float32]:
        """A photo as the network takes it, float32 [3, height, width]; raises ``ImageError``."""
        return self._photos.load(photo)

    def embed_prepared(self, photos: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """`embed` of prepared photos, one after the other: see `indexer.models.embedder.BATCH`."""
        if not photos:
            return np.empty((0, self.record.dimension), np.float32)
        return np.stack([self._vision.run({"pixel_values": photo[None]}) for photo in photos])


class _Network:
    """One ONNX file, of which one output counts."""

    def __init__(self, path: Path, outputs: Sequence[str], threads: int) -> None:
        self.path = path
        self._session = open_session(path, threads=threads, advice="export it anew, as one file")
        self.inputs: dict[str, Any] = {node.name: node for node in self._session.inputs}
        names = [node.name for node in self._session.outputs]
        chosen = [name for name in outputs if name in names]
        if not chosen:
            raise ModelError(f"{path}: gives {names} where {' or '.join(outputs)} is needed; export it anew")
        self._output = chosen[0]

    def run(self, given: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """The unit vector [dimension] of one photo or text."""
        kinds = {"tensor(int32)": np.int32, "tensor(int64)": np.int64, "tensor(float16)": np.float16}
        typed = {name: array.astype(kinds.get(self.inputs[name].type, array.dtype)) for name, array in given.items()}
        try:
            rows = np.asarray(self._session.run([self._output], typed)[0], np.float32)
            check_vectors(rows, rows.shape[-1])
            if len(rows) != 1:
                raise VectorError(f"{self._output} of shape {rows.shape} for one input")
        except Exception as error:  # ONNX Runtime's own classes have no public home
            raise ModelError(f"{self.path}: cannot be run ({first_line(error)}); export it anew") from error
        return unit(rows[0].astype(np.float64)).astype(np.float32)
