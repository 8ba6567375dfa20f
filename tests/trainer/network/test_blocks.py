"""Which layers learn when the last blocks do."""

from __future__ import annotations

import pytest
from torchvision import models

from trainer.network.blocks import let_learn, top_blocks
from trainer.network.weights import build_network


@pytest.mark.parametrize(
    ("backbone", "several", "first"),
    [
        ("mobilenet_v2", False, "trunk.cut.features.14"),
        ("mobilenet_v2", True, "trunk.cut.features.14"),
        ("mobilenet_v3_small", False, "trunk.cut.features.9"),
        ("resnet18", True, "trunk.cut.layer4"),
        ("efficientnet_b0", False, "trunk.cut.features.6"),
        ("efficientnet_lite0", True, "trunk.blocks.11"),
    ],
)
def test_the_top_is_what_sees_the_smallest_picture(backbone: str, several: bool, first: str) -> None:
    network = build_network(backbone, "none", several=several)
    blocks = top_blocks(network.backbone)
    assert blocks[0] == first
    let_learn(network, "top")
    learns = {name: p.requires_grad for name, p in network.backbone.named_parameters()}
    assert {name for name, does in learns.items() if does} == {
        name for name in learns if any(name.startswith(f"{block}.") for block in blocks)
    }
    top = sum(p.numel() for p in network.backbone.parameters() if p.requires_grad)
    assert 0.5 < top / sum(p.numel() for p in network.backbone.parameters()) < 0.9
    assert all(p.requires_grad for p in network.head.parameters())


def test_of_a_transformer_it_is_the_last_third() -> None:
    model = models.VisionTransformer(
        image_size=16, patch_size=8, num_layers=6, num_heads=2, hidden_dim=8, mlp_dim=8, num_classes=3
    )
    assert top_blocks(model) == [
        "encoder.layers.encoder_layer_4",
        "encoder.layers.encoder_layer_5",
        "encoder.ln",
        "heads.head",
    ]


@pytest.mark.parametrize(("which", "learns"), [("none", False), ("all", True)])
def test_none_and_all(which: str, learns: bool) -> None:
    network = build_network("resnet18", "none")
    let_learn(network, "top")
    let_learn(network, which)  # type: ignore[arg-type]
    assert {p.requires_grad for p in network.backbone.parameters()} == {learns}
    assert all(p.requires_grad for p in network.head.parameters())
