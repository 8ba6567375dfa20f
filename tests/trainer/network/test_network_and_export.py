"""Backbones train and export; weights are loaded strictly; a model directory is published whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from indexer.errors import JewelryError, ModelError
from indexer.models.embedder import Embedder
from indexer.models.preprocessing import Preprocessing
from trainer.fit.target import publishing
from trainer.network import export
from trainer.network.backbones import BACKBONES
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
@pytest.mark.parametrize("backbone", BACKBONES)
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
    def another_network(module: nn.Module, path: Path, size: int) -> None:
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


def test_a_torchvision_checkpoint_is_loaded_strictly(tmp_path: Path) -> None:
    from torchvision import models

    model = models.mobilenet_v3_small(num_classes=7)
    torch.save(model.state_dict(), tmp_path / "own.pth")
    network = build_network("mobilenet_v3_small", str(tmp_path / "own.pth"))
    assert torch.equal(network.backbone.features[0][0].weight, model.features[0][0].weight)
    with pytest.raises(ModelError, match=r"own\.pth: these are not weights of resnet18 \(\d+ names missing"):
        build_network("resnet18", str(tmp_path / "own.pth"))


def test_files_that_are_no_weights(tmp_path: Path) -> None:
    (tmp_path / "text.pth").write_text("not weights")
    (tmp_path / "text.safetensors").write_text("not weights")
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save(nn.Linear(1, 1), tmp_path / "pickle.pth")
    for name, reason in {
        "text.pth": "not a weights file",
        "text.safetensors": "not a weights file",
        "missing.pth": "no such weights",
        "list.pth": "holds no state dict",
        "pickle.pth": "not a weights file",
    }.items():
        with pytest.raises(ModelError, match=reason) as caught:
            build_network("resnet18", str(tmp_path / name))
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)


def test_without_a_network_the_message_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*args: object, **kwargs: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr("torch.hub.urlopen", unreachable)
    with pytest.raises(JewelryError) as caught:
        build_network("mobilenet_v2", "imagenet")
    message = str(caught.value)
    assert "https://download.pytorch.org/models/mobilenet_v2-" in message
    assert str(tmp_path / "checkpoints" / "mobilenet_v2-") in message
    assert "--weights none" in message
    assert "--weights FILE" in message
