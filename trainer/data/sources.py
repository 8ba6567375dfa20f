"""Where a batch comes from: cached features of a frozen backbone, or the photos through the whole network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from indexer.models.preprocessing import Preprocessing
from indexer.photos.opening import open_image
from indexer.system.machine import cores
from trainer.data.augmentation import Augmentation, view_rng
from trainer.data.dataset import Sample
from trainer.data.features import FeatureBank
from trainer.data.sampling import Indices
from trainer.network.network import EmbeddingNetwork

_EVALUATION_BATCH = 32
_SETTLING_PHOTOS = 256
_ROUNDS = 1 << 20  # views of different epochs never share a seed


class Source(ABC):
    """Photos of one part of the split as the network's input, original or as random views."""

    network: EmbeddingNetwork

    @abstractmethod
    def batches(self, plan: Sequence[Indices], views: int, rng: np.random.Generator) -> Iterator[Tensor]:
        """For each array of photo indices its inputs: ``views`` random views of all of them, one after the other.

        With ``views`` 0 the photos themselves.
        """

    @abstractmethod
    def embed(self, inputs: Tensor) -> Tensor:
        """Unit vectors of a batch, with gradients."""

    @abstractmethod
    def trained(self) -> nn.Module:
        """The part of the network that learns."""

    def settle(self, seed: int) -> None:
        """Make the statistics that evaluation uses those of the photos; nothing to do where none are learnt."""
        del seed

    def features(self, inputs: Tensor) -> Tensor:
        """What the backbone makes of a batch."""
        return self.network.features(inputs)

    def embed_all(self, views: int, photos: int, seed: int = 0) -> NDArray[np.float32]:
        """Embeddings of all ``photos`` without gradients: themselves (views 0) or one fixed random view of each."""
        return self._all(self.embed, views, photos, seed)

    def features_all(self, photos: int) -> NDArray[np.float32]:
        """Backbone features of all ``photos``, float32 [n, features]."""
        return self._all(self.features, 0, photos, 0)

    def _all(self, function: Callable[[Tensor], Tensor], views: int, photos: int, seed: int) -> NDArray[np.float32]:
        plan = np.array_split(np.arange(photos), max(1, -(-photos // _EVALUATION_BATCH)))
        module = self.trained()
        was_training = module.training
        module.eval()
        with torch.inference_mode():
            parts = [function(inputs).numpy() for inputs in self.batches(plan, views, np.random.default_rng(seed))]
        module.train(was_training)
        return np.concatenate(parts)


class CachedFeatures(Source):
    """Features computed once: an epoch takes a second, and only the head learns."""

    def __init__(self, network: EmbeddingNetwork, bank: FeatureBank) -> None:
        self.network = network
        self._vectors = torch.from_numpy(bank.vectors)

    def batches(self, plan: Sequence[Indices], views: int, rng: np.random.Generator) -> Iterator[Tensor]:
        """See `Source.batches`; the first of several views may be the photo itself, so that it is learnt too."""
        for indices in plan:
            if not views:
                yield self._vectors[indices, 0]
                continue
            chosen = []
            for view in range(views):
                low = 0 if view == 0 and views > 1 else 1
                picked = rng.integers(low, self._vectors.shape[1], size=len(indices))
                chosen.append(self._vectors[indices, picked])
            yield torch.cat(chosen)

    def embed(self, inputs: Tensor) -> Tensor:
        """See `Source.embed`."""
        return self.network.embed(inputs)

    def features(self, inputs: Tensor) -> Tensor:
        """See `Source.features`; they are what the inputs are."""
        return inputs

    def trained(self) -> nn.Module:
        """The head."""
        return self.network.head


class Photos(Source):
    """Photos decoded and augmented by threads while the network learns from the batch before."""

    def __init__(self, network: EmbeddingNetwork, samples: Sequence[Sample], preprocessing: Preprocessing) -> None:
        self.network = network
        self._samples = samples
        self._preprocessing = preprocessing
        self._augmentation = Augmentation()

    def batches(self, plan: Sequence[Indices], views: int, rng: np.random.Generator) -> Iterator[Tensor]:
        """See `Source.batches`."""
        start = int(rng.integers(0, _ROUNDS))

        def load(task: tuple[int, int, int]) -> NDArray[np.uint8]:
            step, index, view = task
            image = open_image(self._samples[index].place.read(), fit=self._preprocessing.fit)
            if views:
                generator = view_rng(start, index, step * views + view)
                image = self._augmentation.view(image, generator, self._preprocessing.size)
            return self._preprocessing.apply(image)

        def tasks(step: int) -> Iterable[tuple[int, int, int]]:
            return [(step, int(index), view) for view in range(max(1, views)) for index in plan[step]]

        with ThreadPoolExecutor(cores()) as pool:
            ahead = pool.map(load, tasks(0)) if len(plan) else iter(())
            for step in range(len(plan)):
                photos = np.stack(list(ahead))
                if step + 1 < len(plan):
                    ahead = pool.map(load, tasks(step + 1))
                yield torch.from_numpy(photos)

    def settle(self, seed: int) -> None:
        """Take batch norm's statistics afresh from some of the photos as they are.

        Its running means lag behind a network that learns from scratch: for its first epochs, in evaluation, it would
        map all photos to one point ("precise BN" in Wu and Johnson, *Rethinking "Batch" in BatchNorm*, 2021).
        """
        some = np.random.default_rng(seed).permutation(len(self._samples))[:_SETTLING_PHOTOS]
        plan = np.array_split(some, max(1, len(some) // _EVALUATION_BATCH))
        norms = [module for module in self.network.modules() if isinstance(module, nn.BatchNorm2d)]
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain mean over the batches
        self.network.train()
        with torch.no_grad():
            for inputs in self.batches(plan, 0, np.random.default_rng(seed)):
                self.network(inputs)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum

    def embed(self, inputs: Tensor) -> Tensor:
        """See `Source.embed`."""
        return self.network(inputs)  # type: ignore[no-any-return]

    def trained(self) -> nn.Module:
        """Everything."""
        return self.network
