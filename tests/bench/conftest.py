"""What several measurements need: a full-size model."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, imagenet_weights: Path) -> Path:
    """A full-size model directory; what its head learned does not matter to its speed."""
    from torch import nn

    from indexer.models.preprocessing import Preprocessing
    from trainer.network.export import write_network, write_record
    from trainer.network.weights import build_network

    folder, categories = tmp_path_factory.mktemp("model"), ["bracelets", "earrings", "necklaces", "rings", "watches"]
    network, preprocessing = build_network("mobilenet_v2", str(imagenet_weights)), Preprocessing()
    write_network(folder, network, nn.Linear(network.dimension, len(categories)), preprocessing)
    write_record(folder, network, preprocessing, categories)
    return folder
