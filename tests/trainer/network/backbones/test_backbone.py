"""Backbones: the stages that are kept of each family, learning, and what is served."""

from __future__ import annotations

import copy
import importlib.util
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch

from indexer.errors import MissingExtra, UsageError
from indexer.models.onnx_session import open_session
from trainer.network.backbones.backbone import Backbone
from trainer.network.backbones.building import architecture
from trainer.network.backbones.names import BACKBONES, LITE, TORCHVISION, Stages, check_backbone
from trainer.network.export import write_onnx
from trainer.network.heads.mlp import MlpHead
from trainer.network.network import BackboneFeatures, EmbeddingNetwork

SIZE = 64
TIMM = (
    "timm/mobilenetv4_conv_small",
    "timm/tf_efficientnet_lite0",
    "timm/convnext_atto",
    "timm/vit_tiny_patch16_224",
    "timm/vit_small_patch16_dinov3",
    "timm/vit_base_patch16_siglip_224",
    "timm/swin_tiny_patch4_window7_224",
)
OF_EACH_FAMILY = (
    *("mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large", "resnet18", "efficientnet_b0", "efficientnet_v2_s"),
    *("convnext_tiny", "regnet_y_400mf", "vgg11_bn", "vgg16", "vit_b_32", "swin_t", "swin_v2_t", "densenet121"),
    *("mnasnet1_0", "shufflenet_v2_x1_0", "efficientnet_lite0"),
)
has_timm = pytest.mark.skipif(
    importlib.util.find_spec("timm") is None,
    reason="timm is not installed: pip install 'jewelry-similarity[backbones]'",
)


def backbone(name: str, stages: Stages = "several", size: int = SIZE, **how: object) -> Backbone:
    torch.manual_seed(0)
    return Backbone(architecture(name, size), size, stages=stages, **how)  # type: ignore[arg-type]


def pixels(count: int = 2, size: int = SIZE) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).random((count, 3, size, size), dtype=np.float32))


def photos(count: int = 3, size: int = SIZE) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(1).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def check_served(kept: Backbone) -> None:
    """It learns in every weight it has, and ONNX Runtime gives what torch gives."""
    kept.train()(pixels()).sum().backward()
    assert all(weight.grad is not None for weight in kept.parameters() if weight.requires_grad)
    network = EmbeddingNetwork(kept, kept.taps, MlpHead(kept.features)).eval()
    images = photos(size=kept.size)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "features.onnx"
        write_onnx(BackboneFeatures(network), path, kept.size, outputs=("features",))
        session = open_session(path)
        served = session.run(None, {"image": images})[0]
    with torch.inference_mode():
        expected = network.features(torch.from_numpy(images)).numpy()
    assert served.shape == (len(images), kept.features)
    assert np.abs(served - expected).max() < 1e-5 * max(1, np.abs(expected).max())


def test_mobilenet_v2_keeps_five_stages_or_its_last() -> None:
    whole = architecture("mobilenet_v2", SIZE)
    assert Backbone(whole, SIZE, stages="several").taps == (64, 96, 576, 160, 320)
    last = Backbone(whole, SIZE, stages="last").eval()
    assert last.taps == (1280,)
    with torch.inference_mode():
        by_hand = whole.model.eval().features(pixels()).mean((2, 3))
        assert torch.allclose(last(pixels()), by_hand, atol=1e-5)


def test_several_stages_are_the_means_of_the_maps() -> None:
    whole = architecture("resnet18", SIZE)
    kept = Backbone(whole, SIZE, stages="several").eval()
    model = whole.model.eval()
    with torch.inference_mode():
        maps = model.layer1(model.maxpool(model.relu(model.bn1(model.conv1(pixels())))))
        means = []
        for layer in (model.layer2, model.layer3, model.layer4):
            maps = layer(maps)
            means.append(maps.mean((2, 3)))
        assert torch.allclose(kept(pixels()), torch.cat(means, 1), atol=1e-5)


def test_what_the_backbone_learns_several_stages_of_it_know() -> None:
    last = backbone("mobilenet_v3_small", "last")
    with torch.no_grad():
        next(last.parameters()).add_(1)
    several = last.with_several()
    assert torch.equal(next(several.parameters()), next(last.parameters()))
    assert len(several.taps) == 5


def test_a_copy_of_a_network_that_learns_serves_as_the_network_does() -> None:
    """A stochastic depth that is traced through would go on dropping blocks in the copy that is exported."""
    kept = backbone("efficientnet_b0", size=32).train()
    copied = copy.deepcopy(kept).eval()
    with torch.inference_mode():
        assert torch.equal(copied(pixels(size=32)), kept.eval()(pixels(size=32)))


def test_a_vit_keeps_its_patches_and_its_class_token() -> None:
    whole = architecture("vit_b_32", SIZE)
    kept = Backbone(whole, SIZE, stages="last").eval()
    model = whole.model.eval()
    with torch.inference_mode():
        tokens = model._process_input(pixels())
        tokens = model.encoder(torch.cat([model.class_token.expand(2, -1, -1), tokens], 1))
        assert torch.allclose(kept(pixels()), torch.cat([tokens[:, 1:].mean(1), tokens[:, 0]], 1), atol=1e-5)


def test_lite_normalises_its_own_way() -> None:
    lite = backbone("efficientnet_lite0", size=32)
    assert lite.taps == (80, 112, 672, 192, 320)
    assert lite.mean == (127 / 255,) * 3
    network = EmbeddingNetwork(lite, lite.taps, MlpHead(lite.features))
    assert network.mean.flatten().tolist() == pytest.approx([127.0] * 3)
    assert (1 / network.scale).flatten().tolist() == pytest.approx([128.0] * 3)


@pytest.mark.parametrize("side", [31, 32, 33])
def test_lite_pads_as_tensorflow_does(side: int) -> None:
    """An output's place is where TensorFlow's ``SAME`` puts it: of even sides, the padding is at the end."""
    from trainer.network.backbones.efficientnet_lite import ConvNorm

    layer = ConvNorm(1, 1, 3, 2, act=False).eval()
    with torch.no_grad():
        layer.conv.weight.zero_()
        layer.conv.weight[0, 0, 0, 0] = (1 + layer.norm.eps) ** 0.5  # the corner that is looked at first
        rows = torch.arange(float(side)).view(1, 1, side, 1).expand(1, 1, side, side) + 1
        seen = layer(rows)[0, 0, :, -1]
    before = 0 if side % 2 == 0 else 1
    expected = [max(0, 2 * row - before + 1) for row in range(-(-side // 2))]
    assert seen.tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "near"),
    [("mobilenetv2", "mobilenet_v2"), ("resnet-18", "resnet18"), ("efficientnet-lite0", "efficientnet_lite0")],
)
def test_a_name_that_is_not_known_is_answered_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"{name}.*nearest.*{near}"):
        check_backbone(name)


def test_a_name_that_is_near_to_none_is_answered_with_all() -> None:
    with pytest.raises(UsageError, match=r"choose one of mobilenet_v2, .*timm/NAME"):
        check_backbone("nonsense")


def test_photos_of_a_size_that_a_network_does_not_take() -> None:
    with pytest.raises(UsageError, match=r"vit_b_16 .*size 100"):
        backbone("vit_b_16", size=100)
    with pytest.raises(UsageError, match=r"vgg11_bn does not take photos of 16 pixels"):
        backbone("vgg11_bn", size=16)


def test_a_pooling_that_is_not_known() -> None:
    with pytest.raises(UsageError, match=r"pooling 'mean' is not known; choose one of avg, max"):
        backbone("resnet18", pooling="mean")


@pytest.mark.parametrize("pooling", ["gem", "attention"])
def test_maps_are_pooled_by_name_and_attended_to(pooling: str) -> None:
    kept = backbone("resnet18", size=32, pooling=pooling, cbam=True).train()
    out = kept(pixels(size=32))
    assert out.shape == (2, 128 + 256 + 512)
    out.sum().backward()
    assert all(one.grad is not None for one in kept.pools.parameters() if one.requires_grad)


@pytest.mark.skipif(importlib.util.find_spec("timm") is not None, reason="timm is installed")
def test_without_timm_its_networks_ask_for_the_extra() -> None:
    with pytest.raises(
        MissingExtra, match=r"timm is not installed; run: pip install 'jewelry-similarity\[backbones\]'"
    ):
        backbone("timm/mobilenetv4_conv_small")


@has_timm
def test_names_of_timm() -> None:
    with pytest.raises(UsageError, match=r"nearest.* timm/mobilenetv4_conv_small"):
        backbone("timm/mobilenetv4_conv_smal")
    with pytest.raises(UsageError, match=r"has no weights of that name; there are timm/mobilenetv4_conv_small\."):
        backbone("timm/mobilenetv4_conv_small.none")


@has_timm
@pytest.mark.slow
def test_networks_of_timm_bring_pixels_and_sizes_of_their_own() -> None:
    siglip = architecture("timm/vit_base_patch16_siglip_256")
    assert (siglip.mean, siglip.std, siglip.side) == ((0.5,) * 3, (0.5,) * 3, 256)
    assert siglip.hub[0] == "timm/vit_base_patch16_siglip_256.v2_webli"
    assert architecture("timm/mobilenetv4_conv_small").side == 224


@has_timm
def test_a_transformer_of_timm_keeps_patches_of_three_blocks_and_its_summary() -> None:
    kept = backbone("timm/vit_tiny_patch16_224").eval()
    assert kept.taps == (192,) * 4
    model = kept.trunk.model
    with torch.inference_mode():
        assert torch.allclose(kept(pixels())[:, -192:], model(pixels()), atol=1e-5)
        last = model.forward_features(pixels())
        assert torch.allclose(kept(pixels())[:, -384:-192], last[:, 1:].mean(1), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_EACH_FAMILY)
def test_every_family_learns_and_is_served_as_it_is(name: str) -> None:
    check_served(backbone(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in BACKBONES if name not in OF_EACH_FAMILY])
def test_the_stages_of_every_other_backbone_are_there(name: str) -> None:
    kept = backbone(name).eval()
    with torch.inference_mode():
        assert kept(pixels(1)).shape == (1, kept.features)
    assert backbone(name, "last").eval().taps


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mobilenet_v2", "efficientnet_lite0", "vit_b_32", "swin_t"])
def test_the_last_stage_is_served_as_it_is(name: str) -> None:
    check_served(backbone(name, "last"))


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["max", "gem", "gem-learnt", "attention"])
def test_every_pooling_is_served_as_it_is(pooling: str) -> None:
    check_served(backbone("resnet18", pooling=pooling, cbam=True))


@has_timm
@pytest.mark.slow
@pytest.mark.parametrize("name", TIMM)
@pytest.mark.parametrize("stages", ["last", "several"])
def test_networks_of_timm_learn_and_are_served_as_they_are(name: str, stages: Stages) -> None:
    check_served(backbone(name, stages))


def test_names_are_told_once() -> None:
    assert len(set(BACKBONES)) == len(BACKBONES) == len(TORCHVISION) + len(LITE)
