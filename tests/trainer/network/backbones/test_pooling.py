"""Pooling and CBAM, recomputed by hand, and the same after export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from trainer.network.backbones.cbam import CBAM, ChannelAttention, SpatialAttention
from trainer.network.backbones.pooling import POOLINGS, AttentionPooling, GeM
from trainer.settings import LEARNT
from trainer.settings import POOLINGS as NAMES

MAPS = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 8.0]]]])
"""One picture, two channels of 2 x 2 places."""


def maps(channels: int = 32) -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(0.5, 1, (3, channels, 4, 4)).astype(np.float32))


def test_the_settings_know_all_poolings() -> None:
    assert tuple(POOLINGS) == NAMES
    learnt = {name for name, make in POOLINGS.items() if any(one.requires_grad for one in make(16).parameters())}
    assert learnt == set(LEARNT)


def test_average_and_maximum() -> None:
    assert POOLINGS["avg"](2)(MAPS).tolist() == [[2.5, 2.0]]
    assert POOLINGS["max"](2)(MAPS).tolist() == [[4.0, 8.0]]


def test_gem_lies_between_them() -> None:
    first = ((1 + 8 + 27 + 64) / 4) ** (1 / 3)
    second = ((3 * 1e-18 + 512) / 4) ** (1 / 3)
    assert POOLINGS["gem"](2)(MAPS)[0].tolist() == pytest.approx([first, second], rel=1e-6)
    assert torch.allclose(GeM(1.0)(MAPS), MAPS.mean((2, 3)), atol=1e-5)
    assert torch.allclose(GeM(60.0)(MAPS.double()).float(), MAPS.amax((2, 3)), rtol=0.05)


def test_the_power_of_gem_is_learnt() -> None:
    pool = GeM(1.5, learnt=True).double()
    target = GeM(4.0).double()(maps().double())
    optimizer = torch.optim.Adam(pool.parameters(), lr=0.1)
    losses = []
    for _ in range(120):
        loss = (pool(maps().double()) - target).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 20
    assert float(pool.power.detach()) == pytest.approx(4.0, abs=0.3)


def test_attention_starts_as_the_mean_and_goes_where_its_query_points() -> None:
    pool = AttentionPooling(2, heads=1)
    assert torch.allclose(pool(MAPS), MAPS.mean((2, 3)))
    with torch.no_grad():
        pool.query.copy_(torch.tensor([[1.0, 0.5]]))
    places = [(1.0, 0.0), (2.0, 0.0), (3.0, 0.0), (4.0, 8.0)]
    scores = np.exp([(a + 0.5 * b) / np.sqrt(2) for a, b in places])
    weights = scores / scores.sum()
    by_hand = [sum(w * place[channel] for w, place in zip(weights, places, strict=True)) for channel in (0, 1)]
    assert pool(MAPS)[0].tolist() == pytest.approx(by_hand, rel=1e-5)


def test_attention_has_heads_that_divide_the_channels() -> None:
    pool = AttentionPooling(6, heads=4)
    assert pool.heads == 2
    assert pool(maps(6)).shape == (3, 6)


def test_channel_attention() -> None:
    attention = ChannelAttention(2)
    first, _, second = attention.shared
    with torch.no_grad():
        first.weight.fill_(0.5)
        first.bias.zero_()
        second.weight.copy_(torch.tensor([[1.0], [-1.0]]))
        second.bias.zero_()
    inside = 0.5 * (2.5 + 2.0) + 0.5 * (4.0 + 8.0)  # of the mean and of the maximum; both pass the ReLU
    up, down = 1 / (1 + np.exp(-inside)), 1 / (1 + np.exp(inside))
    out = attention(MAPS)[0]
    assert torch.allclose(out[0], MAPS[0, 0] * up)
    assert torch.allclose(out[1], MAPS[0, 1] * down)


def test_spatial_attention() -> None:
    attention = SpatialAttention()
    with torch.no_grad():
        attention.conv.weight.zero_()
        attention.conv.weight[0, 0, 3, 3] = 1.0  # the mean at the place itself
        attention.conv.weight[0, 1, 3, 3] = -0.5  # the maximum there
        attention.conv.bias.fill_(0.25)
    mean, strongest = MAPS[0].mean(0), MAPS[0].amax(0)
    by_hand = MAPS[0] * torch.sigmoid(mean - 0.5 * strongest + 0.25)
    assert torch.allclose(attention(MAPS)[0], by_hand)


def test_cbam_is_learnt() -> None:
    torch.manual_seed(0)
    attention = CBAM(16)
    target = maps(16) * (torch.arange(16) % 2).view(1, 16, 1, 1)
    optimizer = torch.optim.Adam(attention.parameters(), lr=0.1)
    losses = []
    for _ in range(25):
        loss = (attention(maps(16)) - target).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 3


@pytest.mark.slow
@pytest.mark.parametrize("name", [*POOLINGS, "cbam"])
def test_exported_they_are_the_same(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module: nn.Module = CBAM(32) if name == "cbam" else POOLINGS[name](32)
    with torch.no_grad():
        for one in module.parameters():
            if name != "gem":
                one.add_(0.1 * torch.randn_like(one))
    torch.onnx.export(
        module.eval(),
        (maps()[:2],),
        str(tmp_path / "pool.onnx"),
        dynamo=True,
        external_data=False,
        verbose=False,
        input_names=["maps"],
        dynamic_shapes=({0: torch.export.Dim("n")},),
    )
    session = onnxruntime.InferenceSession(tmp_path / "pool.onnx")
    with torch.inference_mode():
        expected = module(maps()).numpy()
    assert np.abs(session.run(None, {"maps": maps().numpy()})[0] - expected).max() < 1e-5
