"""What else finds duplicates: imagededup's pHash and CNN, and one threshold on the embeddings; scores for given pairs.

    python -m tests.bench.duplicates.baselines FOLDER WEIGHTS [MODEL]

prints their measures on the test photos of a dataset; WEIGHTS is a MobileNetV2 checkpoint, MODEL a model directory.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.bench.duplicates.dataset import HELD_OUT, Labelled, read_dataset
from tests.bench.duplicates.measures import (
    Curve,
    Floats,
    Ints,
    Scored,
    Truth,
    false_positive_rates,
    interval,
    recall_by_edit,
)

CANDIDATES = 100_000
"""Best pairs that enter a bootstrap; what comes later has next to no precision."""


def imagededup() -> ModuleType:
    """The package, or a skipped test where it is not installed: it is not a dependency of this project."""
    try:
        import imagededup.methods
    except ImportError as error:
        pytest.skip(f"no imagededup ({error}): pip install imagededup opencv-python-headless")
    return imagededup.methods


def all_pairs(count: int) -> tuple[Ints, Ints]:
    """Every pair of ``count`` photos once."""
    return np.triu_indices(count, 1)


def files(folder: Path, rows: Sequence[Labelled]) -> list[Path]:
    """Where the photos of a dataset lie."""
    return [folder / row.split / row.path for row in rows]


def phash_codes(folder: Path, rows: Sequence[Labelled]) -> NDArray[np.uint64]:
    """imagededup's perceptual hash of each photo, 64 bits."""
    hasher = imagededup().PHash(verbose=False)
    return np.array(
        [int(hasher.encode_image(image_file=str(file)), 16) for file in files(folder, rows)], dtype=np.uint64
    )


def phash_scores(codes: NDArray[np.uint64], first: Ints, second: Ints) -> Floats:
    """Share of the 64 bits that agree, for each pair."""
    return np.asarray(1 - np.bitwise_count(codes[first] ^ codes[second]) / 64, dtype=np.float64)


def cnn_vectors(folder: Path, rows: Sequence[Labelled], weights: Path) -> NDArray[np.float32]:
    """imagededup's CNN with this project's backbone, pooled features [n, 1280] of length one; its own preprocessing."""
    from imagededup.utils.models import CustomModel, MobilenetV3

    from trainer.network.weights import build_network

    backbone = build_network("mobilenet_v2", str(weights)).backbone.eval()
    settings = CustomModel(name="mobilenet_v2", model=backbone, transform=MobilenetV3.transform)
    encoder = imagededup().CNN(verbose=False, model_config=settings)
    places = files(folder, rows)
    roots = {row.split for row in rows}
    found: dict[Path, Any] = {}
    for root in roots:
        encodings = encoder.encode_images(image_dir=folder / root, recursive=True)
        found |= {folder / root / name: vector for name, vector in encodings.items()}
    return unit(np.stack([found[place] for place in places]))


def embeddings(folder: Path, rows: Sequence[Labelled], model: Path) -> NDArray[np.float32]:
    """This project's embeddings [n, 128], of length one."""
    from indexer.models.embedder import Embedder

    embedder, places = Embedder(model), files(folder, rows)
    return np.concatenate([embedder.embed(places[start : start + 64]) for start in range(0, len(places), 64)])


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors [n, d] scaled to length one."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def cosine_scores(vectors: NDArray[np.float32], first: Ints, second: Ints) -> Floats:
    """Cosine of each pair of unit vectors, a block of pairs at a time."""
    blocks = range(0, len(first), 100_000)
    parts = [np.einsum("nd,nd->n", vectors[first[b : b + 100_000]], vectors[second[b : b + 100_000]]) for b in blocks]
    return np.concatenate(parts).astype(np.float64)


def show(name: str, scored: Scored, ms: float) -> None:
    """One line of measures, then false positives by kind and recall by edit at precision .90."""
    curve, top = scored.curve(), scored.best(CANDIDATES)

    def with_interval(measure: Callable[[Curve], float]) -> str:
        low, high = interval(top, measure, rounds=100)
        return f"{measure(curve):.3f} ({low:.2f} to {high:.2f})"

    threshold = curve.threshold_at(0.90)
    if not np.isfinite(threshold):  # no threshold is that precise: judge the one that finds half of the copies
        threshold = float(curve.threshold[np.searchsorted(curve.recall, min(0.5, curve.recall[-1]))])
    print(
        f"{name}: uAP {with_interval(Curve.average_precision)}, R@P90 {with_interval(lambda c: c.recall_at(0.90))}, "
        f"R@P99 {with_interval(lambda c: c.recall_at(0.99))}, {ms:.1f} ms per photo"
    )
    rates = ", ".join(f"{kind} {rate:.2f}" for kind, rate in false_positive_rates(scored, threshold).items())
    found = ", ".join(f"{family} {share:.2f}" for family, share in recall_by_edit(scored, threshold).items())
    print(f"  at {threshold:.3f}: false positives {rates}\n  found (held out: {HELD_OUT}): {found}", flush=True)


def main() -> None:
    """Print the measures of every baseline on the test split."""
    folder, weights, *rest = (Path(argument) for argument in sys.argv[1:])
    rows = read_dataset(folder, "test")
    first, second = all_pairs(len(rows))
    truth = Truth(rows)
    print(f"{len(rows)} photos, {len(first)} pairs, {truth.copies_of.sum():.0f} copies")
    imagededup()  # its import takes seconds, which are not part of what a photo costs
    began = time.perf_counter()
    codes = phash_codes(folder, rows)
    ms = 1000 * (time.perf_counter() - began) / len(rows)
    show("imagededup pHash", Scored(truth, first, second, phash_scores(codes, first, second)), ms)
    runs: list[tuple[str, Callable[[], NDArray[np.float32]]]] = [
        ("imagededup CNN", partial(cnn_vectors, folder, rows, weights))
    ]
    runs += [("embedding, one threshold", partial(embeddings, folder, rows, model)) for model in rest]
    for name, encode in runs:
        began = time.perf_counter()
        vectors = encode()
        ms = 1000 * (time.perf_counter() - began) / len(rows)
        show(name, Scored(truth, first, second, cosine_scores(vectors, first, second)), ms)


if __name__ == "__main__":
    main()
