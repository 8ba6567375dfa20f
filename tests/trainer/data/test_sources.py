"""Photos as a network learns from them: the same however an epoch is cut, batch norm left alone, half precision."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from indexer.catalog.reading import read_catalog
from indexer.models.preprocessing import Preprocessing
from tests.shops.catalogs.drawn_catalog import draw
from tests.shops.models.plain_backbone import plain_network
from trainer.data.dataset import Sample, read_dataset
from trainer.data.features import FeatureBank, extract
from trainer.data.sources import CachedFeatures, Photos, Source
from trainer.network.network import EmbeddingNetwork

SIDE = 24
PLAN = [np.array([0, 3, 1]), np.array([2, 2]), np.array([4]), np.array([1, 0])]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sample, ...]:
    shop = draw(tmp_path_factory.mktemp("shop"), per_category=2, photos=1, size=SIDE)
    return read_dataset(read_catalog(shop)).samples


def network() -> EmbeddingNetwork:
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 8, 5, stride=4), nn.BatchNorm2d(8), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    return plain_network(*layers, width=8)


def sources(samples: tuple[Sample, ...]) -> list[Source]:
    vectors = np.random.default_rng(0).normal(size=(len(samples), 5, 8)).astype(np.float32)
    return [Photos(network(), samples, Preprocessing(SIDE)), CachedFeatures(network(), FeatureBank(vectors))]


@pytest.mark.parametrize("views", [0, 1, 2])
@pytest.mark.parametrize("kind", [0, 1], ids=["photos", "features"])
def test_an_epoch_that_goes_on_shows_what_one_that_was_not_cut_shows(
    kind: int, views: int, samples: tuple[Sample, ...]
) -> None:
    source = sources(samples)[kind]
    whole = list(source.batches(PLAN, views, np.random.default_rng(3)))
    for passed in range(len(PLAN)):
        rest = list(source.after(passed).batches(PLAN[passed:], views, np.random.default_rng(3)))
        assert len(rest) == len(PLAN) - passed
        assert all(torch.equal(one, other) for one, other in zip(rest, whole[passed:], strict=True))
    if views:
        again = list(source.batches(PLAN, views, np.random.default_rng(4)))
        assert not all(torch.equal(one, other) for one, other in zip(again, whole, strict=True))


def test_judging_does_not_depend_on_where_an_epoch_is(samples: tuple[Sample, ...]) -> None:
    for source in sources(samples):
        assert np.array_equal(source.after(2).embed_all(1, len(samples)), source.embed_all(1, len(samples)))


@pytest.mark.parametrize("norms", [True, False])
def test_batch_norm_learns_or_stays_as_it_came(norms: bool, samples: tuple[Sample, ...]) -> None:
    source = Photos(network(), samples, Preprocessing(SIDE), norms=norms)
    before = {name: value.clone() for name, value in source.network.named_buffers()}
    source.learn()
    for inputs in source.batches(PLAN, 2, np.random.default_rng(0)):
        source.embed(inputs).sum().backward()
    same = {name: torch.equal(value, before[name]) for name, value in source.network.named_buffers()}
    assert same["backbone.1.running_mean"] is not norms
    assert all(p.grad is not None for p in source.network.parameters())


def test_half_precision_gives_unit_vectors_and_gradients_in_single(samples: tuple[Sample, ...]) -> None:
    single = Photos(network(), samples, Preprocessing(SIDE))
    half = Photos(network(), samples, Preprocessing(SIDE), mixed=torch.bfloat16)
    seen = []
    for source in (single, half):
        inputs = next(source.batches([np.arange(6)], 0, np.random.default_rng(0)))
        embeddings = source.embed(inputs)
        embeddings[:, 0].sum().backward()
        seen.append(embeddings.detach())
        assert embeddings.dtype == torch.float32
        assert torch.allclose(embeddings.detach().norm(dim=1), torch.ones(6), atol=1e-5)
        assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in source.network.parameters())
    assert not torch.equal(*seen)  # it did compute in half
    assert torch.allclose(*seen, atol=0.05)


def test_photos_of_which_no_digest_is_known_are_not_taken_for_one_another(
    samples: tuple[Sample, ...], tmp_path: Path
) -> None:
    nameless = [replace(sample, content="") for sample in samples]
    kept = network().eval()
    for photos in (nameless, nameless, samples, samples):  # the second time from what is kept, where anything is
        features = extract(kept, photos, Preprocessing(SIDE), cache=tmp_path).bank.originals
        assert len(np.unique(features, axis=0)) == len(samples)
