"""What a frozen backbone sees of every photo and of its augmented views, computed once."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.catalog.products import Reject
from indexer.models.onnx_session import Session, open_session
from indexer.models.preprocessing import Preprocessing
from indexer.photos.fetch.many.sources import fetched_ahead
from indexer.system.machine import cores
from trainer.data.augmentation import Augmentation, view_rng
from trainer.data.dataset import Sample
from trainer.data.feature_cache import FeatureCache
from trainer.data.readable import Readable
from trainer.network.network import BackboneFeatures, EmbeddingNetwork

MAX_VECTORS = 250_000
"""Feature vectors kept at most (1.2 GB of several stages): a large catalog gets fewer views of each photo."""


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


@dataclass(frozen=True, slots=True)
class Extracted:
    """Features of the photos that could still be read, in their order, and what became of the others."""

    bank: FeatureBank
    rejects: tuple[Reject, ...]
    lost: frozenset[str]
    """Keys of the photos that have no row."""


def extract(
    network: EmbeddingNetwork,
    samples: Sequence[Sample],
    preprocessing: Preprocessing,
    *,
    views: int = 0,
    cache: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Extracted:
    """Run the backbone over all photos and ``views`` random views of each.

    The backbone runs in ONNX Runtime, which is 3-5 times faster than eager torch on a CPU: one thread per core, each
    taking a photo from decoding to features (Pillow and ONNX Runtime both release the GIL). A photo's views are the
    same in every run, whatever its place in the catalog, so that what is in the cache need not be made again.

    Args:
        network: its backbone is used, in evaluation mode; the head is not.
        samples: photos; one that cannot be read any more has no row.
        preprocessing: the inference transform, applied to photos and views alike.
        views: fewer are made when the catalog is so large that the features would not fit (``MAX_VECTORS``).
        cache: folder of features that were made before; None to keep nothing.
        progress: called with 1 after each photo.
    """
    views = min(views, max(1, MAX_VECTORS // max(1, len(samples)) - 1)) if views else 0
    augmentation = Augmentation()
    width = sum(network.stages)
    run = _Backbone(network, preprocessing.size)
    known = FeatureCache(cache, (*_described(network), repr((preprocessing.record(), augmentation)).encode()), width)
    reader = Readable(samples)

    def shown(image: Image.Image, digest: bytes, view: int) -> NDArray[np.uint8]:
        if view == 0:
            return preprocessing.apply(image)
        rng = view_rng(int.from_bytes(digest[:16], "big"), 0, view)
        return preprocessing.apply(augmentation.view(image, rng, preprocessing.size))

    def one(index: int) -> NDArray[np.float32] | None:
        digest = bytes.fromhex(samples[index].content)
        found = known.get(digest, range(1 + views)) if digest else {}  # a photo without one would be any other
        missing = [view for view in range(1 + views) if view not in found]
        if missing:
            image = reader.open(index, fit=preprocessing.fit)
            if image is None:
                return None
            made = run(np.stack([shown(image, digest, view) for view in missing]))
            fresh = dict(zip(missing, made, strict=True))
            if digest:
                known.put(digest, fresh)
            found |= fresh
        return np.stack([found[view] for view in range(1 + views)])

    vectors, row = np.empty((len(samples), 1 + views, width), np.float32), 0
    with closing(known), fetched_ahead(sample.place for sample in samples), ThreadPoolExecutor(cores()) as pool:
        for made in pool.map(one, range(len(samples))):
            if made is not None:
                vectors[row] = made
                row += 1
            if progress:
                progress(1)
    return Extracted(FeatureBank(vectors[:row]), reader.rejects, reader.lost)


class _Backbone:
    """The backbone as a function from photos uint8 [n,H,W,3] to features, safe to call from many threads.

    It is exported with the first call: where all is cached, that is spared.
    """

    def __init__(self, network: EmbeddingNetwork, size: int) -> None:
        self._network, self._size = network, size
        self._lock = threading.Lock()
        self._session: Session | None = None

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        with self._lock:
            session = self._session = self._session or self._export()
        features: NDArray[np.float32] = session.run(None, {"image": images})[0]
        return features

    def _export(self) -> Session:
        from trainer.network.export import write_onnx

        with tempfile.TemporaryDirectory(prefix="jewelry-backbone-") as folder:
            path = Path(folder) / "backbone.onnx"
            write_onnx(BackboneFeatures(self._network), path, self._size, outputs=("features",))
            return open_session(path, path.read_bytes())  # the file is gone after this


def _described(network: EmbeddingNetwork) -> Iterator[bytes]:
    """All that decides what the backbone makes of a photo."""
    yield repr((network.backbone, network.stages, network.mean.tolist(), network.scale.tolist())).encode()
    for name, tensor in network.backbone.state_dict().items():
        yield name.encode()
        yield tensor.detach().cpu().contiguous().numpy().tobytes()
