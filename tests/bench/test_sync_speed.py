"""Speed of `indexer sync` as a whole process against the plain loop everybody writes first."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.timing import compare, seconds

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


def test_second_sync_of_an_unchanged_catalog(real_data: Path, model: Path, tmp_path: Path) -> None:
    """Whole process; a shop runs this every few minutes."""
    command = [*INDEXER, "sync", str(real_data / "jewelry"), "--model", str(model), "--index", str(tmp_path / "index")]
    subprocess.run(command, check=True, capture_output=True)
    times = [seconds(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(5)]
    print(f"\nsecond sync of 1,199 unchanged photos: {min(times):.2f} to {max(times):.2f} s, whole process")
