"""Every head gives unit vectors, is exported as it is, and is built again from its record and weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from trainer.network.heads.building import Head, build_head
from trainer.network.heads.mlp import MlpHead
from trainer.network.heads.parts import DetailHead, TwoPartHead
from trainer.network.heads.whitening import Whitening

WIDTH = 20


def whitening(directions: int = 12) -> Whitening:
    rng = np.random.default_rng(0)
    return Whitening(rng.normal(size=(directions, WIDTH)), rng.normal(size=directions), 2.0)


def head_of(kind: str) -> Head:
    torch.manual_seed(0)
    if kind == "mlp":
        return MlpHead(WIDTH, dimension=8)
    return DetailHead(whitening(), dimension=8) if kind == "detail" else TwoPartHead(whitening(), category=3, detail=5)


@pytest.mark.parametrize("kind", ["mlp", "detail", "two-part"])
def test_a_head_is_built_again_from_its_record(kind: str) -> None:
    head, features = head_of(kind).eval(), torch.randn(6, WIDTH)
    again = build_head(head.record()).eval()
    again.load_state_dict(head.state_dict())
    with torch.inference_mode():
        vectors = head(features)
        assert vectors.shape == (6, 8) == (6, head.dimension)
        assert torch.allclose(vectors.norm(dim=1), torch.ones(6), atol=1e-6)
        assert torch.equal(again(features), vectors)


@pytest.mark.parametrize(
    "kind", [*(pytest.param(kind, marks=pytest.mark.slow) for kind in ("mlp", "detail")), "two-part"]
)
def test_a_head_is_served_as_it_was_trained(kind: str, tmp_path: Path) -> None:
    import onnxruntime

    head, features = head_of(kind).eval(), torch.randn(6, WIDTH)
    path, names = str(tmp_path / "head.onnx"), ["features"]
    torch.onnx.export(head, (features,), path, dynamo=True, verbose=False, input_names=names)
    served = onnxruntime.InferenceSession(path).run(None, {"features": features.numpy()})[0]
    with torch.inference_mode():
        assert np.abs(served - head(features).numpy()).max() < 1e-5


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_cosine_of_two_parts_is_their_weighted_sum(share: float) -> None:
    head, features = head_of("two-part").eval(), torch.randn(2, WIDTH)
    assert isinstance(head, TwoPartHead)
    head.weigh(share)
    with torch.inference_mode():
        first, second = head(features)
        whitened = (features @ head.weight.T + head.bias) / head.spread
        category, detail = head.layers(whitened), whitened[:, :5]
        by_category = torch.cosine_similarity(category[0], category[1], dim=0)
        by_detail = torch.cosine_similarity(detail[0], detail[1], dim=0)
        expected = (1 - share) * by_category + share * by_detail
        assert first @ second == pytest.approx(float(expected), abs=1e-6)


def test_training_sees_noise_and_serving_does_not() -> None:
    head, features = head_of("two-part"), torch.randn(4, WIDTH)
    assert not torch.equal(head.train()(features), head(features))
    assert torch.equal(head.eval()(features), head(features))


def test_a_kind_that_is_not_known() -> None:
    with pytest.raises(ValueError, match="a head of kind 'tree'"):
        build_head({"kind": "tree", "width": 3})
