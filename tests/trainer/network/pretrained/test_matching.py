"""Weights are those of a network by name, by order under another library's names, or they are refused."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torchvision import models

from indexer.errors import MissingExtra, ModelError, UsageError
from trainer.network.pretrained.matching import matched
from trainer.network.pretrained.starter import starter_file
from trainer.network.weights import build_network

CLASSIFIER = ("fc.",)


def tensors(**shapes: tuple[int, ...]) -> dict[str, Tensor]:
    return {name.replace("__", "."): torch.full(shape, float(k)) for k, (name, shape) in enumerate(shapes.items())}


NEEDED = tensors(conv__weight=(4, 3, 1, 1), bn__weight=(4,), bn__bias=(4,), bn__running_mean=(4,))


def match(given: dict[str, Tensor]) -> dict[str, Tensor]:
    return matched(NEEDED, given, classifier=CLASSIFIER, origin="w.pth", backbone="tiny")


@pytest.mark.parametrize("classes", [None, 7, 1000])
def test_a_classifier_of_any_size_or_none(classes: int | None) -> None:
    head = {} if classes is None else {"fc.weight": torch.zeros(classes, 4), "fc.bias": torch.zeros(classes)}
    assert match({**NEEDED, **head}).keys() == NEEDED.keys()


def test_another_librarys_names_in_the_same_order() -> None:
    other = tensors(stem__weight=(4, 3, 1, 1), norm1__weight=(4,), norm1__bias=(4,), norm1__running_mean=(4,))
    other |= {
        "norm1.num_batches_tracked": torch.tensor(3),
        "last.weight": torch.zeros(9, 4),
        "last.bias": torch.zeros(9),
    }
    found = match(other)
    assert {name: float(value.flatten()[0]) for name, value in found.items()} == {
        "conv.weight": 0,
        "bn.weight": 1,
        "bn.bias": 2,
        "bn.running_mean": 3,
    }


def test_other_networks_are_refused() -> None:
    swapped = tensors(stem__weight=(4, 3, 1, 1), norm__bias=(4,), norm__weight=(4,), norm__running_mean=(4,))
    wider = {**NEEDED, "conv.weight": torch.zeros(5, 3, 1, 1)}
    fewer = {name: value for name, value in NEEDED.items() if name != "bn.bias"}
    more = {**NEEDED, "conv2.weight": torch.zeros(4, 4, 1, 1)}
    for given, why in {
        "swapped": (swapped, "4 names missing, 4 unknown, 0 of another shape, first: conv.weight"),
        "wider": (wider, "0 names missing, 0 unknown, 1 of another shape, first: conv.weight"),
        "fewer": (fewer, "1 names missing, 0 unknown, 0 of another shape, first: bn.bias"),
        "more": (more, "0 names missing, 1 unknown, 0 of another shape, first: conv2.weight"),
    }.values():
        with pytest.raises(ModelError) as caught:
            match(given)
        assert str(caught.value) == (
            f"w.pth: these are not weights of tiny ({why}); choose the matching backbone or another file"
        )


def test_a_torchvision_checkpoint_is_loaded(tmp_path: Path) -> None:
    model = models.mobilenet_v3_small(num_classes=7)
    torch.save(model.state_dict(), tmp_path / "own.pth")
    for several in (False, True):
        network = build_network("mobilenet_v3_small", str(tmp_path / "own.pth"), size=32, several=several)
        first = network.backbone.state_dict()["trunk.cut.features.0.0.weight"]
        assert torch.equal(first, model.features[0][0].weight)
    with pytest.raises(ModelError, match=r"own\.pth: these are not weights of resnet18 \(\d+ names missing"):
        build_network("resnet18", str(tmp_path / "own.pth"), size=32)


def test_a_vit_takes_weights_of_another_input_size(tmp_path: Path) -> None:
    model = models.VisionTransformer(
        image_size=64, patch_size=32, num_layers=12, num_heads=2, hidden_dim=32, mlp_dim=32, num_classes=3
    )
    from trainer.network.backbones.torchvision_models import TorchvisionModel

    whole = object.__new__(TorchvisionModel)
    whole.model = models.VisionTransformer(
        image_size=96, patch_size=32, num_layers=12, num_heads=2, hidden_dim=32, mlp_dim=32, num_classes=3
    )
    assert model.encoder.pos_embedding.shape == (1, 5, 32)
    assert whole.fitted(model.state_dict())["encoder.pos_embedding"].shape == (1, 10, 32)


@pytest.fixture
def starter_weights() -> Path:
    try:
        return starter_file()
    except MissingExtra as error:
        pytest.skip(str(error))


def test_starter_weights_are_those_of_the_lite_network(starter_weights: Path) -> None:
    network = build_network("efficientnet_lite0", "starter", size=64)
    held = torch.load(starter_weights, weights_only=True)
    state = network.backbone.state_dict()
    assert torch.equal(state["trunk.stem.conv.weight"], held["_conv_stem.weight"])
    assert torch.equal(state["trunk.head.norm.running_var"], held["_bn1.running_var"])
    by_hub = build_network("efficientnet_lite0", "imagenet", size=64).backbone.state_dict()
    assert all(torch.equal(value, by_hub[name]) for name, value in state.items())


def test_starter_weights_of_another_backbone() -> None:
    with pytest.raises(UsageError, match="--weights starter are those of efficientnet_lite0, not of resnet18"):
        build_network("resnet18", "starter", size=32)
    with pytest.raises(UsageError, match="no hub has weights of efficientnet_lite2; give a file"):
        build_network("efficientnet_lite2", "imagenet", size=32)


@pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm is not installed")
@pytest.mark.parametrize(
    ("name", "theirs", "size"),
    [
        ("mobilenet_v2", "mobilenetv2_100", 64),
        ("efficientnet_lite0", "tf_efficientnet_lite0", 64),
        ("resnet18",) * 2 + (64,),
    ],
)
def test_weights_of_timm_give_what_they_give_there(name: str, theirs: str, size: int, tmp_path: Path) -> None:
    import timm

    torch.manual_seed(0)
    model = timm.create_model(theirs).eval()
    torch.save(model.state_dict(), tmp_path / "timm.pth")
    network = build_network(name, str(tmp_path / "timm.pth"), size=size).eval()
    pixels = torch.rand(2, 3, size, size)
    with torch.inference_mode():
        assert torch.allclose(network.backbone(pixels), model.forward_features(pixels).mean((2, 3)), atol=1e-5)
