"""Objectives with a learnt vector (or several) for each label: softmax, Proxy-Anchor, ArcFace, sub-centre ArcFace."""

from __future__ import annotations

import math

import torch
from pytorch_metric_learning.losses import ArcFaceLoss, NormalizedSoftmaxLoss, ProxyAnchorLoss, SubCenterArcFaceLoss
from torch import Tensor

from trainer.learning.objectives.objective import IndicesTuple, LibraryObjective, PhotoWeighted

SUB_CENTRES = 3
"""Vectors of each label in sub-centre ArcFace, as in the paper."""
_RATE = 100.0  # as in the papers: a proxy is moved by few photos, and from a random place
_EDGE = 1e-6


class Softmax(LibraryObjective):
    """Cross-entropy over the cosines to the labels' vectors: what a classifier learns by, and nothing besides.

    Zhai and Wu, *Classification is a Strong Baseline for Deep Metric Learning*, 2019. A photo's term counts by its
    weight.
    """

    def __init__(self, labels: int, dimension: int, temperature: float) -> None:
        super().__init__(
            NormalizedSoftmaxLoss(labels, dimension, temperature=temperature, reducer=PhotoWeighted()), rate=_RATE
        )


class ProxyAnchor(LibraryObjective):
    """Each label's proxy as an anchor: soft maxima over its own photos too far away, and over others too near.

    Kim et al., *Proxy Anchor Loss for Deep Metric Learning*, 2020, with alpha = 1 / ``temperature``. It takes no
    weights of photos: its means are over the proxies.
    """

    def __init__(self, labels: int, dimension: int, margin: float, temperature: float) -> None:
        super().__init__(ProxyAnchorLoss(labels, dimension, margin=margin, alpha=1 / temperature), rate=_RATE)

    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        indices_tuple: IndicesTuple | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """See `Objective.forward`; ``weights`` are not used."""
        del weights
        return super().forward(embeddings, labels, indices_tuple)


class ArcFace(LibraryObjective):
    """Cross-entropy over the labels' vectors, where the angle to the right one counts as ``margin`` radians more.

    Deng et al., *ArcFace*, 2019, with scale s = 1 / ``temperature``. A photo's term counts by its weight.
    """

    def __init__(self, labels: int, dimension: int, margin: float, temperature: float) -> None:
        loss = _ArcFace(labels, dimension, margin=math.degrees(margin), scale=1 / temperature, reducer=PhotoWeighted())
        super().__init__(loss, rate=_RATE)


class SubCentreArcFace(LibraryObjective):
    """ArcFace with several vectors for each label, of which the nearest counts: a label may be of several kinds.

    Deng et al., *Sub-center ArcFace: Boosting Face Recognition by Large-scale Noisy Web Faces*, 2020: photos with a
    wrong label gather at a vector of their own. A photo's term counts by its weight.
    """

    def __init__(self, labels: int, dimension: int, margin: float, temperature: float) -> None:
        loss = _SubCentreArcFace(
            num_classes=labels,
            embedding_size=dimension,
            margin=math.degrees(margin),
            scale=1 / temperature,
            sub_centers=SUB_CENTRES,
            reducer=PhotoWeighted(),
        )
        super().__init__(loss, rate=_RATE)


class _ArcFace(ArcFaceLoss):  # type: ignore[misc]
    def get_angles(self, cosines: Tensor) -> Tensor:
        """Angles, never quite 0 or 180 degrees, where the arc cosine has no slope and the loss would become NaN."""
        return torch.acos(cosines.clamp(-1 + _EDGE, 1 - _EDGE))


class _SubCentreArcFace(SubCenterArcFaceLoss):  # type: ignore[misc]
    get_angles = _ArcFace.get_angles
