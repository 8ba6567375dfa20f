"""A small training of a whole network, as one process or as one of those that torchrun starts: SHOP OUTPUT."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from torch import nn

from indexer.catalog.reading import read_catalog
from indexer.models.preprocessing import Preprocessing
from tests.shops.models.plain_backbone import plain_network
from trainer.data.dataset import read_dataset
from trainer.data.sharing import joined
from trainer.data.sources import Photos
from trainer.learning.loop import train
from trainer.learning.recipes import Recipe
from trainer.settings import FitSettings


def main(shop: Path, output: str) -> None:
    """Train, and write the history and the weights of this process."""
    samples = read_dataset(read_catalog(shop)).samples
    # 7 photos in 2 views are 14 rows, of which 3 processes would repeat one; nothing here depends on a batch's mean
    settings = FitSettings(recipe="two-level", epochs=3, batch=7, learning_rate=0.01, smoothing=1, keep="last")
    with joined("cpu") as share:
        torch.manual_seed(share.rank)  # the first one's weights count
        layers = nn.Conv2d(3, 8, 5, stride=4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        network = plain_network(*layers, width=8)
        if share.first:
            torch.save(network.state_dict(), f"{output}.start.pt")
        photos = Photos(network, samples, Preprocessing(24), share=share)
        recipe = Recipe(settings, samples, samples)
        result = train(photos, photos, recipe, settings)
        torch.save(network.state_dict(), f"{output}.{share.rank}.pt")
        Path(f"{output}.{share.rank}.json").write_text(json.dumps([list(epoch) for epoch in result.history]))


main(Path(sys.argv[1]), sys.argv[2])
