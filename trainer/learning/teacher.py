"""A teacher: an earlier model, or a larger pretrained network, and what it makes of photos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from indexer.errors import CatalogError, ModelError
from indexer.models.preprocessing import Preprocessing
from trainer.data.dataset import Sample
from trainer.data.features import FeatureBank, extract
from trainer.network.backbones.names import check_backbone
from trainer.network.heads.mlp import MlpHead
from trainer.network.network import EmbeddingNetwork
from trainer.network.trained import trained_network
from trainer.network.weights import IMAGENET, pretrained_backbone


class Teacher:
    """A network that is asked, and never learns.

    Args:
        network: an earlier model's, or pretrained stages.
        size: side of its photos in pixels, which need not be the student's.
        embeds: it teaches its embedding; otherwise its features, each stage centred and brought to a deviation of 1.
    """

    def __init__(self, network: EmbeddingNetwork, size: int, *, embeds: bool) -> None:
        self.network = network.eval().requires_grad_(False)
        self.preprocessing = Preprocessing(size)
        self._embeds = embeds
        self._centre, self._scale = torch.zeros(1), torch.ones(1)

    def look(
        self,
        samples: Sequence[Sample],
        views: int,
        cache: Path | None,
        progress: Callable[[int], None] | None = None,
    ) -> FeatureBank:
        """Its vectors [n, 1 + views, e] of photos and of the views that a student sees of them.

        Args:
            samples: the training photos; by them its features are centred.
            views: of each photo.
            cache: folder of features that are kept.
            progress: called with 1 after each photo.

        Raises:
            CatalogError: a photo cannot be read any more.
        """
        seen = extract(self.network, samples, self.preprocessing, views=views, cache=cache, progress=progress)
        if seen.rejects:
            raise CatalogError(
                f"{seen.rejects[0].where}: cannot be read any more ({seen.rejects[0].reason}); run again"
            )
        self.settle(seen.bank)
        return self.bank(seen.bank)

    def settle(self, bank: FeatureBank) -> None:
        """Take centre and deviations of its features from those of the training photos."""
        features = torch.from_numpy(bank.originals)
        self._centre = features.mean(0)
        stages = torch.split(features.std(0), list(self.network.stages))
        self._scale = torch.cat([torch.full_like(one, float(one.mean().clamp_min(1e-6))) for one in stages])

    @torch.no_grad()
    def vectors(self, features: Tensor) -> Tensor:
        """Unit vectors [n, e] of its backbone's features [n, F]."""
        if self._embeds:
            return self.network.embed(features)
        return functional.normalize((features - self._centre) / self._scale, dim=1)

    def bank(self, bank: FeatureBank) -> FeatureBank:
        """Its vectors of photos and views, of the features that its backbone has of them."""
        rows = torch.from_numpy(bank.vectors)
        vectors = self.vectors(rows.flatten(0, 1)).numpy()
        return FeatureBank(vectors.reshape(*bank.vectors.shape[:2], -1))

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        """Unit vectors [n, e] of photos uint8 [n, H, W, 3] of any size."""
        size = self.preprocessing.size
        if images.shape[1] != size:
            pixels = images.permute(0, 3, 1, 2).float()
            scaled = functional.interpolate(pixels, (size, size), mode="bilinear", antialias=True)
            images = scaled.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
        return self.vectors(self.network.features(images))


def load_teacher(name: str) -> Teacher:
    """A teacher by what the command line calls it.

    Args:
        name: a model directory; or a backbone, with the weights that its hub has of it; or BACKBONE=FILE.

    Raises:
        UsageError: there is no such backbone.
        ModelError: there is no such model, or weights cannot be had.
    """
    folder = Path(name)
    if folder.is_dir():
        return Teacher(*trained_network(folder), embeds=True)
    if len(folder.parts) > 1 and not name.startswith("timm/") and "=" not in name:
        raise ModelError(f"{name}: no such model directory; --teacher takes a model directory or a backbone")
    backbone, _, weights = name.partition("=")
    kept = pretrained_backbone(check_backbone(backbone), weights or IMAGENET)
    return Teacher(EmbeddingNetwork(kept, kept.taps, MlpHead(kept.features)), kept.size, embeds=False)
