"""Networks train and export, and go on from earlier models; a model directory is published whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from indexer.errors import ModelError
from indexer.models.embedder import Embedder
from indexer.models.preprocessing import Preprocessing
from trainer.fit.target import publishing
from trainer.network import export
from trainer.network.export import write_network, write_record
from trainer.network.weights import build_network


def published(target: Path, backbone: str = "mobilenet_v3_small", *, seed: int = 0) -> tuple[Path, nn.Module]:
    size = 32
    network = build_network(backbone, "none", seed=seed).eval()
    classifier = nn.Linear(network.dimension, 3)
    with publishing(target) as folder:
        write_network(folder, network, classifier, Preprocessing(size))
        write_record(folder, network, Preprocessing(size), ["a", "b", "c"], metrics={}, calibration={})
    return target, network


def photos(count: int, size: int = 32) -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    return [Image.fromarray(array) for array in pixels]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, nn.Module]:
    """A finished model of the smallest backbone, with the network it was made of."""
    return published(tmp_path_factory.mktemp("models") / "model")


def test_what_is_served_is_what_was_trained(model: tuple[Path, nn.Module]) -> None:
    check_served(*model)


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["mobilenet_v2", "resnet50", "efficientnet_lite0"])
def test_every_backbone_learns_and_is_served_as_it_was_trained(backbone: str, tmp_path: Path) -> None:
    network = build_network(backbone, "none").train()
    images = torch.from_numpy(np.stack([np.asarray(photo) for photo in photos(4)]))
    network(images).sum().backward()
    assert all(weight.grad is not None for weight in network.parameters())
    check_served(*published(tmp_path / "model", backbone))


def check_served(target: Path, network: nn.Module) -> None:
    served = Embedder(target).predict(photos(5))
    with torch.inference_mode():
        expected = network(torch.from_numpy(np.stack([np.asarray(p) for p in photos(5)]))).numpy()
    assert served.embeddings.shape == (5, 128)
    assert served.category_logits.shape == (5, 3)
    assert np.allclose(np.linalg.norm(served.embeddings, axis=1), 1, atol=1e-5)
    assert (1 - (served.embeddings * expected).sum(1)).max() < 1e-5


def test_an_exported_network_that_differs_is_not_published(
    model: tuple[Path, nn.Module], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def another_network(module: nn.Module, path: Path, size: int, outputs: object) -> None:
        shutil.copy(model[0] / "model.onnx", path)

    monkeypatch.setattr(export, "write_onnx", another_network)
    with pytest.raises(ModelError, match="differs from the trained one"):
        published(tmp_path / "model", seed=1)
    assert list(tmp_path.iterdir()) == []


def test_weights_go_on_from_an_earlier_model(model: tuple[Path, nn.Module]) -> None:
    target, network = model
    again = build_network("mobilenet_v3_small", str(target), seed=5)
    for name, value in network.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def as_the_first_versions_wrote_it(network: nn.Module) -> dict[str, torch.Tensor]:
    """The state of a network under the names of the first versions, which had no stages to choose among."""
    old = {}
    for name, value in network.state_dict().items():
        for now, before in (("backbone.trunk.cut.", "backbone."), ("head.layers.", "head.")):
            name = name.replace(now, before)
        old[name.removeprefix("head.") if name in ("head.centre", "head.spread") else name] = value
    return old


def test_a_model_of_the_first_versions_goes_on(tmp_path: Path) -> None:
    network = build_network("mobilenet_v3_small", "none", seed=3, size=32)
    old = as_the_first_versions_wrote_it(network)
    assert {"backbone.features.0.0.weight", "head.0.weight", "head.2.bias", "centre", "spread"} <= old.keys()
    save_file(old, tmp_path / "model.safetensors")
    again = build_network("mobilenet_v3_small", str(tmp_path), seed=5, size=32)
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in network.state_dict().items())
    several = build_network("mobilenet_v3_small", str(tmp_path), seed=5, size=32, several=True)
    first = "backbone.trunk.cut.features.0.0.weight"
    assert torch.equal(several.state_dict()[first], network.state_dict()[first])


def test_a_model_of_several_stages_does_not_go_on_with_the_last(tmp_path: Path) -> None:
    network = build_network("mobilenet_v3_small", "none", size=32, several=True)
    save_file(network.state_dict(), tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="was trained on several stages of its backbone and lacks the last one"):
        build_network("mobilenet_v3_small", str(tmp_path), size=32)
    with pytest.raises(ModelError, match="these are not weights of resnet18"):
        build_network("resnet18", str(tmp_path), size=32)


def test_a_model_goes_on_with_another_pooling(tmp_path: Path) -> None:
    network = build_network("resnet18", "none", size=32, several=True)
    save_file(network.state_dict(), tmp_path / "model.safetensors")
    again = build_network("resnet18", str(tmp_path), size=32, several=True, pooling="attention", seed=4)
    assert torch.equal(again.state_dict()["head.layers.0.weight"], network.state_dict()["head.layers.0.weight"])
    assert not any(one.any() for name, one in again.state_dict().items() if name.endswith("query"))
