"""From the settings of a run to its objective."""

from __future__ import annotations

import torch

from trainer.choices import OFFLINE
from trainer.learning.objectives.objective import Objective
from trainer.learning.objectives.pairs import Contrastive, MultiSimilarity, NPair, OfflineTriplet, Triplet
from trainer.learning.objectives.proxies import ArcFace, ProxyAnchor, Softmax, SubCentreArcFace
from trainer.learning.objectives.softmax import NTXent, SupCon, TwoLevel
from trainer.settings import FitSettings


def build_objective(settings: FitSettings, labels: int, dimension: int) -> Objective:
    """The objective that the settings name.

    Args:
        settings: its name and its numbers; their seed decides the first proxies, and nothing else that is random.
        labels: how many different labels the training photos have.
        dimension: length of the embedding.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        return _build(settings, labels, dimension)


def _build(settings: FitSettings, labels: int, dimension: int) -> Objective:
    # Settings give each objective the numbers that it takes.
    margin, temperature = settings.margin or 0.0, settings.temperature or 0.0
    match settings.objective:
        case "two-level":
            return TwoLevel(settings.category_temperature, settings.instance_temperature, settings.instance_weight)
        case "instance" | "supcon":
            return SupCon(temperature)
        case "nt-xent":
            return NTXent(temperature)
        case "triplet":
            return OfflineTriplet(margin) if settings.miner in OFFLINE else Triplet(margin)
        case "contrastive":
            return Contrastive(margin)
        case "multi-similarity":
            return MultiSimilarity(margin, temperature)
        case "n-pair":
            return NPair(temperature)
        case "softmax":
            return Softmax(labels, dimension, temperature)
        case "proxy-anchor":
            return ProxyAnchor(labels, dimension, margin, temperature)
        case "arcface":
            return ArcFace(labels, dimension, margin, temperature)
        case "sub-centre-arcface":
            return SubCentreArcFace(labels, dimension, margin, temperature)
        case name:
            raise ValueError(name)
