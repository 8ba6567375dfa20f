"""Looking at photos that are no files, many at a time; and what to say of photos that cannot be looked at."""

from __future__ import annotations

from collections.abc import Container, Iterator

from indexer.catalog.named.paths import cannot_be_read
from indexer.catalog.products import Catalog, Product, ProductImage, Reject
from indexer.photos.fetch.faults import Reachable, Unseen
from indexer.photos.fetch.many.sources import PhotoSources
from indexer.system.names import composed
from indexer.system.progress import EVERY, Progress
from indexer.system.text import counted


def look_at_remote(catalog: Catalog, indexed: Container[str], sources: PhotoSources, progress: Progress | None) -> None:
    """Look at the photos that are no files and that the index has, so that each is known when its turn comes.

    Args:
        catalog: that a plan is made for.
        indexed: the keys in the index, composed.
        sources: of the photos.
        progress: told how many were asked about.
    """

    def done(number: int, of: int) -> None:
        if progress is not None and (number % EVERY == 0 or number == of):
            progress("Asking", number, of)

    places = (
        image.elsewhere
        for product in catalog.products
        for image in product.images
        if image.elsewhere is not None and composed(image.key) in indexed
    )
    sources.look_at(places, done)


class Unseeable:
    """Collects what could not be looked at. Whatever a host as a whole is to blame for is said of it, once."""

    def __init__(self) -> None:
        self._found: list[tuple[Product, str, OSError]] = []

    def add(self, product: Product, image: ProductImage, error: OSError) -> None:
        """One more photo, and what `Place.look` said."""
        self._found.append((product, image.key, error))

    def rejects(self) -> Iterator[Reject]:
        """What to tell of them."""
        hosts: dict[Reachable, int] = {}
        for product, key, error in self._found:
            host = error.host if isinstance(error, Unseen) else None
            if host is not None and host.down is not None:
                hosts[host] = hosts.get(host, 0) + 1
            else:
                yield Reject(key, _reason(key, error), product.id)
        for host, count in hosts.items():
            kept = f"{counted(count, 'photo')} behind it could not be asked about, and what the index has of them stays"
            yield Reject(host.name, f"is not reached: {host.down}; {kept}")


def _reason(key: str, error: OSError) -> str:
    return str(error.strerror) if "://" in key else cannot_be_read(error)
