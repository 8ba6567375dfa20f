"""Photos → embeddings with ONNX Runtime: one session, one thread; parallelism belongs to whoever calls it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.errors import ModelError
from indexer.models.directory import ModelFile, load_model
from indexer.models.onnx_session import first_line, open_session
from indexer.models.vectors import softmax
from indexer.photos.opening import is_plain, to_rgb
from indexer.system.arguments import listed, path_of, whole_of

BATCH = 1
"""Photos per inference: on a CPU one at a time is fastest, because its activations stay in the core's cache
(4.0 ms each against 4.9 in batches of 8 and 5.4 in batches of 16, MobileNetV2 at 224)."""

Photo = Image.Image | str | Path | bytes


class Prediction(NamedTuple):
    """Network outputs for n photos."""

    embeddings: NDArray[np.float32]
    """[n, dimension], unit length."""
    category_logits: NDArray[np.float32]
    """[n, categories]; may have 0 columns for a model trained without categories."""
    strangeness: NDArray[np.float32] | None = None
    """[n]: how unlike the model's products; None of a model that does not say. See `calibration.NoneOfThese`."""


class Embedder:
    """Turns photos into unit vectors with the network of a model directory.

    Args:
        model: a model directory, or a `ModelFile` already verified.
        threads: threads inside one inference; 1 is best when several workers run side by side.

    Raises:
        ModelError: the directory is missing or altered, or ONNX Runtime cannot run the network.
    """

    def __init__(self, model: ModelFile | str | Path, *, threads: int = 1) -> None:
        self.model = model if isinstance(model, ModelFile) else load_model(model)
        threads = whole_of("threads", threads, "a whole number, 1 or more", least=1)
        self._session = open_session(self.model.onnx, self.model.network, threads=threads)
        self._check_signature()

    def embed(self, images: Iterable[Photo]) -> NDArray[np.float32]:
        """Embeddings of photos (PIL images, paths or image bytes) as float32 [n, dimension], in their order.

        Raises:
            ImageError: one of them is not a photo that can be used.
            UsageError: they are no list, or one of them is something else than a photo.
        """
        return self.predict(images).embeddings

    def predict(self, images: Iterable[Photo]) -> Prediction:
        """Embeddings and category logits of photos; raises ``ImageError`` like `embed`."""
        arrays = [self.prepare(image) for image in listed("images", images, "photos", ordered=True)]
        if not arrays:
            empty = np.empty((0, self.model.dimension), np.float32)
            return Prediction(empty, np.empty((0, len(self.model.categories)), np.float32))
        return self.run(np.stack(arrays))

    def prepare(self, image: Photo, *, most: int | None = None) -> NDArray[np.uint8]:
        """A photo as the network takes it, uint8 [size, size, 3]; raises ``ImageError``.

        ``most`` pixels are decoded of a file; see `indexer.photos.opening.open_image`.
        """
        transform = self.model.preprocessing
        if not isinstance(image, Image.Image):
            path_or_bytes = image if isinstance(image, bytes | Path) else path_of("a photo", image)
            return transform.load(path_or_bytes, most=most)
        return transform.apply(image if is_plain(image) else to_rgb(image))

    def run(self, batch: NDArray[np.uint8]) -> Prediction:
        """Run the network on preprocessed photos, uint8 [n, size, size, 3]; may be called from several threads.

        Raises:
            ModelError: the network cannot run on photos of the size its model.json names.
        """
        slices = [batch[start : start + BATCH] for start in range(0, len(batch), BATCH)]
        try:
            parts = [self._session.run(self._outputs, {"image": part}) for part in slices]
        except Exception as error:  # ONNX Runtime's own classes have no public home
            raise ModelError(f"{self.model.onnx}: ONNX Runtime cannot run it ({first_line(error)})") from error
        found = [np.concatenate(column) for column in zip(*parts, strict=True)]
        return Prediction(found[0], found[1], found[2][:, 0] if len(found) > 2 else None)

    def _check_signature(self) -> None:
        """Refuse a network whose outputs are not those model.json describes, before any photo is decoded."""
        inputs = [node.name for node in self._session.inputs]
        shapes = {node.name: node.shape for node in self._session.outputs}
        wanted = {"embedding": self.model.dimension, "category_logits": len(self.model.categories)}
        if self.model.calibration.none_of_these is not None:
            wanted["strangeness"] = 1
        self._outputs = list(wanted)
        if inputs != ["image"] or not all(_fits(shapes.get(name), width) for name, width in wanted.items()):
            raise ModelError(
                f"{self.model.onnx}: maps {inputs} to {shapes} where model.json says ['image'] to {wanted}; "
                "train it anew"
            )


def classify(logits: NDArray[np.float32], categories: Sequence[str]) -> list[tuple[str, float]]:
    """The likeliest category of each row of logits [n, C] with its softmax probability; [] without categories."""
    if not len(categories):
        return []
    probabilities = softmax(logits)
    best = probabilities.argmax(axis=1)
    return [(categories[k], float(probabilities[row, k])) for row, k in enumerate(best)]


def _fits(shape: list[int | str | None] | None, width: int) -> bool:
    """Whether an output is [n, width]; a symbolic dimension (a name, or None) is taken on trust."""
    return shape is not None and len(shape) == 2 and (not isinstance(shape[1], int) or shape[1] == width)
