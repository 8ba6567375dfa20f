"""Where a batch comes from: cached features of a frozen backbone, or the photos through the whole network."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from indexer.models.preprocessing import Preprocessing
from indexer.system.machine import cores
from trainer.data.augmentation import Augmentation, view_rng
from trainer.data.dataset import Sample
from trainer.data.features import FeatureBank
from trainer.data.readable import Readable
from trainer.data.sampling import Indices
from trainer.data.sharing import ALONE, Share
from trainer.network.network import EmbeddingNetwork

_EVALUATION_BATCH = 32
_SETTLING_PHOTOS = 256
_ROUNDS = 1 << 20  # views of different epochs never share a seed


class Source(ABC):
    """Photos of one part of the split as the network's input, original or as random views."""

    network: EmbeddingNetwork
    share: Share = ALONE
    """The processes that embed a batch together; what is cached each of them embeds for itself."""
    passed = 0
    """Steps of the plan that an earlier run has done."""

    @property
    def has_views(self) -> bool:
        """Whether photos can be shown altered, too; where features were cached without views they cannot."""
        return True

    def after(self, steps: int) -> Self:
        """The same photos for an epoch of which so many steps are done: what comes is as if this had done them."""
        rest = copy.copy(self)
        rest.passed = steps
        return rest

    @abstractmethod
    def batches(self, plan: Sequence[Indices], views: int, rng: np.random.Generator) -> Iterator[Tensor]:
        """For each array of photo indices its inputs: ``views`` random views of all of them, one after the other.

        With ``views`` 0 the photos themselves. ``rng`` is asked once, before the first; what a batch is drawn from
        follows from that and from its place in the epoch (`after`).
        """

    @abstractmethod
    def embed(self, inputs: Tensor) -> Tensor:
        """Unit vectors of a batch, with gradients."""

    @abstractmethod
    def trained(self) -> nn.Module:
        """The part of the network that learns."""

    def learn(self) -> None:
        """Put what learns into training mode."""
        self.trained().train()

    def settle(self, seed: int) -> None:
        """Make the statistics that evaluation uses those of the photos; nothing to do where none are learnt."""
        del seed

    def features(self, inputs: Tensor) -> Tensor:
        """What the backbone makes of a batch."""
        return self.network.features(inputs)

    def embed_all(self, views: int, photos: int, seed: int = 0) -> NDArray[np.float32]:
        """Embeddings of all ``photos`` without gradients: themselves (views 0) or one fixed random view of each."""
        return self._all(_embedded, views, photos, seed)

    def features_all(self, photos: int) -> NDArray[np.float32]:
        """Backbone features of all ``photos``, float32 [n, features]."""
        return self._all(_features, 0, photos, 0)

    def _all(
        self, function: Callable[[Source, Tensor], Tensor], views: int, photos: int, seed: int
    ) -> NDArray[np.float32]:
        plan = np.array_split(np.arange(photos), max(1, -(-photos // _EVALUATION_BATCH)))
        module = self.trained()
        was_training = module.training
        module.eval()
        with torch.inference_mode():
            whole = self.after(0)
            parts = [
                function(whole, inputs).cpu().numpy()
                for inputs in whole.batches(plan, views, np.random.default_rng(seed))
            ]
        module.train(was_training)
        return np.concatenate(parts)


def _embedded(source: Source, inputs: Tensor) -> Tensor:
    return source.embed(inputs)


def _features(source: Source, inputs: Tensor) -> Tensor:
    return source.features(inputs)


class CachedFeatures(Source):
    """Features computed once: an epoch takes a second, and only the head learns."""

    def __init__(self, network: EmbeddingNetwork, bank: FeatureBank) -> None:
        self.network, self.bank = network, bank
        self._vectors = torch.from_numpy(bank.vectors)

    @property
    def has_views(self) -> bool:
        """See `Source.has_views`."""
        return self.bank.views > 0

    def batches(self, plan: Sequence[Indices], views: int, rng: np.random.Generator) -> Iterator[Tensor]:
        """See `Source.batches`; the first of several views may be the photo itself, so that it is learnt too."""
        start = int(rng.integers(0, _ROUNDS))
        for step, indices in enumerate(plan, self.passed):
            if not views:
                yield self._vectors[indices, 0]
                continue
            chosen, rng = [], np.random.default_rng((start, step))
            for view in range(views):
                low = 0 if view == 0 and views > 1 else 1
                picked = rng.integers(low, self._vectors.shape[1], size=len(indices))
                chosen.append(self._vectors[indices, picked])
            yield torch.cat(chosen)

    def embed(self, inputs: Tensor) -> Tensor:
        """See `Source.embed`."""
        return self.network.embed(inputs.to(self.network.mean.device))

    def features(self, inputs: Tensor) -> Tensor:
        """See `Source.features`; they are what the inputs are."""
        return inputs

    def trained(self) -> nn.Module:
        """The head."""
        return self.network.head


class Photos(Source):
    """Photos decoded and augmented by threads while the network learns from the batch before.

    Args:
        network: whole, on the device where it learns.
        samples: the photos.
        preprocessing: the inference transform, applied to photos and views alike.
        norms: whether batch norm learns the statistics of the batches; else it keeps those of its first training.
        mixed: the type in which layers compute where that is safe; None for float32.
        share: the processes that embed each batch together.
    """

    def __init__(
        self,
        network: EmbeddingNetwork,
        samples: Sequence[Sample],
        preprocessing: Preprocessing,
        *,
        norms: bool = True,
        mixed: torch.dtype | None = None,
        share: Share = ALONE,
    ) -> None:
        self.network = network
        self.share = share
        self.readable = Readable(samples)
        self._photos = len(samples)
        self._preprocessing = preprocessing
        self._augmentation = Augmentation()
        self._norms, self._mixed = norms, mixed
        self._rows = 0

    def batches(self, plan: Sequence[Indices], views: int, rng: np.random.Generator) -> Iterator[Tensor]:
        """See `Source.batches`; of a batch that is shared, this process's rows."""
        start = int(rng.integers(0, _ROUNDS))

        def load(task: tuple[int, int, int]) -> NDArray[np.uint8]:
            step, index, view = task
            image = self.readable.stand_in(index, fit=self._preprocessing.fit)
            if views:
                generator = view_rng(start, index, step * views + view)
                image = self._augmentation.view(image, generator, self._preprocessing.size)
            return self._preprocessing.apply(image)

        def tasks(place: int) -> Iterable[tuple[int, int, int]]:
            step = self.passed + place
            rows = [(step, int(index), view) for view in range(max(1, views)) for index in plan[place]]
            return [rows[row] for row in self.share.rows(len(rows))]

        with ThreadPoolExecutor(cores()) as pool:
            ahead = pool.map(load, tasks(0)) if len(plan) else iter(())
            for place in range(len(plan)):
                photos = np.stack(list(ahead))
                if place + 1 < len(plan):
                    ahead = pool.map(load, tasks(place + 1))
                self._rows = len(plan[place]) * max(1, views)
                yield torch.from_numpy(photos)

    def by_itself(self) -> Photos:
        """The same photos for this process alone: what comes after a training that was shared the first one does."""
        own = copy.copy(self)
        own.share = ALONE
        return own

    def learn(self) -> None:
        """All of the network, but for batch norm that keeps its statistics.

        On few photos and small batches these are better left as they came: they are of a million photos.
        """
        self.network.train()
        if not self._norms:
            for module in self.network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()

    def settle(self, seed: int) -> None:
        """Take batch norm's statistics afresh from some of the photos as they are.

        Its running means lag behind a network that learns from scratch: for its first epochs, in evaluation, it would
        map all photos to one point ("precise BN" in Wu and Johnson, *Rethinking "Batch" in BatchNorm*, 2021).
        """
        some = np.random.default_rng(seed).permutation(self._photos)[:_SETTLING_PHOTOS]
        plan = np.array_split(some, max(1, len(some) // _EVALUATION_BATCH))
        norms = [module for module in self.network.modules() if isinstance(module, nn.BatchNorm2d)]
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain mean over the batches
        self.network.train()
        with torch.no_grad():
            for inputs in self.after(0).batches(plan, 0, np.random.default_rng(seed)):
                self._embed_own(inputs)
        self.share.average_statistics(self.network)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum

    def embed(self, inputs: Tensor) -> Tensor:
        """See `Source.embed`: all rows of the batch, in float32, whichever process embedded them."""
        return self.share.gathered(self._embed_own(inputs), self._rows)

    def _embed_own(self, inputs: Tensor) -> Tensor:
        place = self.network.mean.device
        with torch.autocast(place.type, dtype=self._mixed, enabled=self._mixed is not None):
            features = self.network.features(inputs.to(place))
        return self.network.embed(features.float())

    def trained(self) -> nn.Module:
        """Everything."""
        return self.network
