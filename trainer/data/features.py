"""What a frozen backbone sees of every photo and of its augmented views, computed once and kept in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.models.onnx_session import open_session
from indexer.models.preprocessing import Preprocessing
from indexer.photos.opening import open_image
from indexer.system.machine import cores
from trainer.data.augmentation import Augmentation, view_rng
from trainer.data.dataset import Sample
from trainer.network.network import BackboneFeatures, EmbeddingNetwork

MAX_VECTORS = 250_000
"""Feature vectors kept at most (1.3 GB at 1280 float32): a large catalog gets fewer views of each photo."""


@dataclass(frozen=True, slots=True)
class FeatureBank:
    """Features of n photos: float32 [n, 1 + views, features]; view 0 is the photo itself, as a search would see it."""

    vectors: NDArray[np.float32]

    @property
    def views(self) -> int:
        """Augmented views per photo."""
        return int(self.vectors.shape[1]) - 1

    @property
    def originals(self) -> NDArray[np.float32]:
        """Features of the photos themselves, float32 [n, features]."""
        return self.vectors[:, 0]

    def part(self, start: int, stop: int) -> FeatureBank:
        """The photos start..stop, sharing memory with this bank."""
        return FeatureBank(self.vectors[start:stop])


def extract(
    network: EmbeddingNetwork,
    samples: Sequence[Sample],
    preprocessing: Preprocessing,
    *,
    views: int = 0,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> FeatureBank:
    """Run the backbone over all photos and ``views`` random views of each.

    The backbone runs in ONNX Runtime, which is 3-5 times faster than eager torch on a CPU: one thread per core, each
    taking a photo from decoding to features (Pillow and ONNX Runtime both release the GIL).

    Args:
        network: its backbone is used, in evaluation mode; the head is not.
        samples: photos that can be decoded.
        preprocessing: the inference transform, applied to photos and views alike.
        views: fewer are made when the catalog is so large that the features would not fit (``MAX_VECTORS``).
        seed: decides the views.
        progress: called with 1 after each photo.
    """
    views = min(views, max(1, MAX_VECTORS // max(1, len(samples)) - 1)) if views else 0
    augmentation = Augmentation()

    run = _backbone(network, preprocessing.size)

    def one(index: int) -> NDArray[np.float32]:
        image = open_image(samples[index].place.read(), fit=preprocessing.fit)
        shown = [preprocessing.apply(image)]
        for view in range(views):
            rng = view_rng(seed, index, view)
            shown.append(preprocessing.apply(augmentation.view(image, rng, preprocessing.size)))
        return run(np.stack(shown))

    with ThreadPoolExecutor(cores()) as pool:
        rows = []
        for row in pool.map(one, range(len(samples))):
            rows.append(row)
            if progress:
                progress(1)
    return FeatureBank(np.stack(rows))


def _backbone(network: EmbeddingNetwork, size: int) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """The backbone as a function from photos uint8 [n,H,W,3] to features, safe to call from many threads."""
    from trainer.network.export import write_onnx

    with tempfile.TemporaryDirectory(prefix="jewelry-backbone-") as folder:
        path = Path(folder) / "backbone.onnx"
        write_onnx(BackboneFeatures(network), path, size, outputs=("features",))
        session = open_session(path, path.read_bytes())  # the file is gone after this

    def run(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        features: NDArray[np.float32] = session.run(None, {"image": images})[0]
        return features

    return run
