"""Photos that were there when the catalog was read, and may be gone or others a minute later: named, done without."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from indexer.catalog.products import Reject
from indexer.errors import CatalogError, ImageError
from indexer.photos.fingerprints import sha256
from indexer.photos.opening import open_image
from indexer.system.forks import Lock
from trainer.data.dataset import Sample


class Readable:
    """Opens the photos of a dataset during a fit, from any thread; one that cannot be read any more is noted once.

    So is one that has changed: what is kept of it goes by what it was.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples
        self._lost: dict[int, Reject] = {}
        self._lock = Lock()

    @property
    def rejects(self) -> tuple[Reject, ...]:
        """The photos that were lost, in the order of the samples."""
        with self._lock:
            return tuple(self._lost[index] for index in sorted(self._lost))

    @property
    def lost(self) -> frozenset[str]:
        """Their keys."""
        return frozenset(reject.where for reject in self.rejects)

    def open(self, index: int, *, fit: int | None = None) -> Image.Image | None:
        """A photo as `open_image` gives it; None where it cannot be read any more, which is tried only once."""
        if index in self._lost:
            return None
        sample = self._samples[index]
        try:
            data = sample.place.read()
            if sample.content and sha256(data) != sample.content:
                raise ImageError("has changed since it was read; train again")
            return open_image(data, fit=fit)
        except ImageError as error:
            with self._lock:
                self._lost[index] = Reject(sample.key, str(error), sample.product_id)
            return None

    def stand_in(self, index: int, *, fit: int | None = None) -> Image.Image:
        """A photo, or, in its place in a batch, the next of its category that can be read: its label stays right.

        Raises:
            CatalogError: not one photo of the category is left.
        """
        count = len(self._samples)
        for step in range(count):
            other = (index + step) % count
            if self._samples[other].category == self._samples[index].category:
                image = self.open(other, fit=fit)
                if image is not None:
                    return image
        raise CatalogError(
            f"not one of the photos of {self._samples[index].category or 'the catalog'} can be read any more, "
            f"{self._samples[index].key} among them; see that they are there, and train again"
        )
