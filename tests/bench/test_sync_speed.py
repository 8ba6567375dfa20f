"""Speed of `indexer sync` against the plain loop everybody writes first, and against what its cores could do."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from indexer.models.embedder import Embedder
from indexer.photos.fingerprints import sha256
from indexer.photos.thumbnails import ThumbnailStore
from indexer.sync.photo import fingerprinted, opened_for
from indexer.system.machine import cores
from tests.bench.timing import ROUNDS, compare, seconds

pytestmark = pytest.mark.bench

INDEXER = [sys.executable, "-c", "from indexer.cli.main import main; main()"]

PLAIN_LOOP = """
import sys, time
from pathlib import Path
import torch
from PIL import Image
from torchvision import transforms
from trainer.network.weights import build_network
network = build_network("mobilenet_v2", sys.argv[2]).eval()
network = torch.nn.Sequential(network.backbone, network.head)
transform = transforms.Compose([
    transforms.Resize((224, 224)), transforms.ToTensor(),
    transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
])
embeddings, began = [], time.perf_counter()
with torch.no_grad():
    for path in sorted(Path(sys.argv[1]).rglob("*.jpg")):
        photo = transform(Image.open(path).convert("RGB"))
        embeddings.append(torch.nn.functional.normalize(network(photo[None]))[0].numpy())
print(time.perf_counter() - began)
"""
"""Pillow's full decode, torchvision's usual transforms, torch eager with its default threads, one photo at a time."""


def test_first_sync_against_a_plain_loop(real_data: Path, imagenet_weights: Path, model: Path, tmp_path: Path) -> None:
    """Process start to published index (thumbnails, hashes, payload and all), against the loop without its start-up."""
    index = tmp_path / "index"

    def sync() -> None:
        shutil.rmtree(index, ignore_errors=True)
        arguments = ["sync", str(real_data / "jewelry"), "--model", str(model), "--index", str(index)]
        subprocess.run([*INDEXER, *arguments], check=True, capture_output=True)

    def plain() -> float:
        command = [sys.executable, "-c", PLAIN_LOOP, str(real_data / "jewelry"), str(imagenet_weights)]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    compare("indexer sync against a plain loop, 1,199 photos", sync, plain, items=1199, unit="photos")


SIDE, PHOTOS, ALONE, WARMING = 1000, 1199, 100, 5


def test_photos_of_1000_pixels_against_a_plain_loop_and_the_limit(
    real_data: Path, imagenet_weights: Path, model: Path, tmp_path: Path
) -> None:
    """The stages alone on one core, then the whole beside the plain loop; what is reached of cores / (decode + model +
    thumbnail) is that of the embedding, what is reached of the loop that of the process from its start to its end."""
    catalog = _enlarged(real_data / "jewelry", tmp_path / "catalog")
    alone = _alone(sorted(catalog.rglob("*.jpg"))[:ALONE], model, tmp_path / "alone")
    print(f"\n{'alone on one core':<24}{'ms':>8}{'ms of CPU':>11}")
    for stage, (clock, cpu) in alone.items():
        print(f"{stage:<24}{1000 * clock:>8.2f}{1000 * cpu:>11.2f}")
    needed = [sum(alone[stage][k] for stage in ("decode", "model", "thumbnail")) for k in (0, 1)]
    reports: list[dict[str, Any]] = []

    def sync() -> None:
        shutil.rmtree(tmp_path / "index", ignore_errors=True)
        arguments = ["sync", str(catalog), "--model", str(model), "--index", str(tmp_path / "index"), "--json"]
        done = subprocess.run([*INDEXER, *arguments], check=True, capture_output=True, text=True)
        reports.append(json.loads(done.stdout))

    def plain() -> float:
        command = [sys.executable, "-c", PLAIN_LOOP, str(catalog), str(imagenet_weights)]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    name = f"indexer sync against a plain loop, {PHOTOS} photos of {SIDE} px"
    compare(name, sync, plain, items=PHOTOS, unit="photos")
    stages = {stage: [r["speed"]["milliseconds"].get(stage, 0.0) for r in reports] for stage in _stages(reports)}
    total = sum(map(statistics.median, stages.values()))
    print(f"{'within the sync':<24}{'ms':>8}{'share':>11}")
    for stage, each in stages.items():
        print(f"{stage:<24}{statistics.median(each):>8.2f}{statistics.median(each) / total:>11.0%}")
    reached = statistics.median(r["speed"]["photos_per_second"] for r in reports)
    for k, what in enumerate(("by the clock", "by CPU time")):
        limit = cores() / needed[k]
        print(
            f"embedding {reached:.0f} photos/s (median of {ROUNDS}): {reached / limit:.0%} of {limit:.0f} = "
            f"{cores()} / (decode + model + thumbnail, {what})"
        )
    own = statistics.median(r["speed"]["photos_per_second"] / r["speed"]["limit"] for r in reports)
    print(f"as the sync itself says: {own:.0%} of its limit; thumbnail / decode {_ratio(alone):.2f}")


def _enlarged(source: Path, folder: Path) -> Path:
    """Real photos at the size that shops have theirs, with a camera's noise, so that the files weigh what theirs do."""
    drawn = np.random.default_rng(0)
    for number, path in enumerate(sorted(source.rglob("*.jpg"))[:PHOTOS]):
        with Image.open(path) as photo:
            scale = SIDE / max(photo.size)
            size = (round(photo.width * scale), round(photo.height * scale))
            levels = np.asarray(photo.convert("RGB").resize(size, Image.Resampling.LANCZOS), np.float32)
        noisy = np.clip(levels + drawn.normal(0, 4, levels.shape), 0, 255).astype(np.uint8)
        target = folder / path.parent.name / f"P{number:04d}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noisy).save(target, quality=88)
    return folder


def _alone(paths: list[Path], model: Path, folder: Path) -> dict[str, tuple[float, float]]:
    """Seconds a photo by the clock and of CPU, stage by stage, on one thread; medians over the photos."""
    embedder, thumbnails = Embedder(model), ThumbnailStore(folder)
    preprocessing = embedder.model.preprocessing
    taken: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def decode(data: bytes) -> tuple[Image.Image, tuple[int, int], NDArray[np.uint8]]:
        image, size = opened_for(data, preprocessing)
        return image, size, preprocessing.apply(image)

    def measured(stage: str, work: Callable[..., Any], *arguments: Any) -> Any:
        clock, cpu = time.perf_counter(), time.thread_time()
        made = work(*arguments)
        taken[stage].append((time.perf_counter() - clock, time.thread_time() - cpu))
        return made

    for path in [*paths[:WARMING], *paths]:
        data = measured("read", path.read_bytes)
        digest = measured("hash", sha256, data)
        image, size, pixels = measured("decode", decode, data)
        measured("fingerprints", fingerprinted, image, size, digest)
        measured("model", embedder.run, pixels[None])
        measured("thumbnail", partial(thumbnails.write, anew=True), digest, image)
    return {
        stage: (
            statistics.median(clock for clock, _ in each[WARMING:]),
            statistics.median(cpu for _, cpu in each[WARMING:]),
        )
        for stage, each in taken.items()
    }


def _stages(reports: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(stage for report in reports for stage in report["speed"]["milliseconds"]))


def _ratio(alone: dict[str, tuple[float, float]]) -> float:
    return alone["thumbnail"][1] / alone["decode"][1]


def test_second_sync_of_an_unchanged_catalog(real_data: Path, model: Path, tmp_path: Path) -> None:
    """Whole process; a shop runs this every few minutes."""
    command = [*INDEXER, "sync", str(real_data / "jewelry"), "--model", str(model), "--index", str(tmp_path / "index")]
    subprocess.run(command, check=True, capture_output=True)
    times = [seconds(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(5)]
    print(f"\nsecond sync of 1,199 unchanged photos: {min(times):.2f} to {max(times):.2f} s, whole process")
