"""One published generation, open for questions: its products, their pictures, a sample of its vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from indexer.errors import JewelryError, UnknownProduct
from indexer.fields.groups import has_groups
from indexer.fields.types import Payload
from indexer.models.calibration import Calibrations
from indexer.models.directory import load_model
from indexer.models.strangers import Strangers
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.filters import text_form
from indexer.store.filters.check import SHOWN, shown
from indexer.store.filters.normal_forms import spellings
from indexer.store.filters.tree import Filter, Match, Range, value_at
from indexer.store.filters.where import Where
from indexer.store.interface import Index, Store
from indexer.store.records import Point, Vectors
from indexer.system.forks import Lock, in_child, once
from searcher.search.nearness.keyed_ids import ListedIds
from searcher.search.nearness.near_ids import NearIds

if TYPE_CHECKING:
    from indexer.store.beside.summary.reading import Summed

SUGGEST_AMONG = 300_000
"""Product ids that are known when one was mistyped: to list 100,000 of them takes a store a third of a second."""

Made = TypeVar("Made")


class _Kept(Generic[Made]):
    """What was made of a generation, once it was."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.made: list[Made] = []


class Published:
    """What the parts of one answer share. It stays with its generation, whatever is published meanwhile."""

    def __init__(self, index: Index, catalog: Path | None, model: Path | None = None) -> None:
        self._model = model
        self.store: Store = index.read()
        self.location = index.location
        self.local = index.local
        self._thumbnails = ThumbnailStore(index.local)
        self._lock = Lock()
        self._forget()
        in_child(self._forget)
        self.catalog_root = catalog or Path(self.store.record.catalog_root)

    def _forget(self) -> None:
        self._kept: dict[Callable[[Published], Any], _Kept[Any]] = {}

    @property
    def generation(self) -> str:
        """The generation's name."""
        return self.store.generation

    def product(self, product_id: str, *, vectors: Vectors = False) -> list[Point]:
        """The product's points, one a photo, in order of the photos' rank.

        Raises:
            UnknownProduct: there is none of this id.
        """
        try:
            product_id.encode()
            points = list(self.store.scroll(of_product(product_id), vectors=vectors))
        except UnicodeEncodeError:  # bytes of a command line that are not UTF-8: no index holds that
            points = []
        if points:
            return sorted(points, key=lambda point: (value_at(point.payload, "photo.rank") or 0, point.id))
        near = self.near_ids(product_id)
        hint = f"did you mean {', '.join(map(_readable, near))}?" if near else "a sync adds what is new in the catalog"
        raise UnknownProduct(f"product {shown(product_id)} is not in the index at {self.location}; {hint}")

    def near_ids(self, product_id: str) -> list[str]:
        """The ids that one which is not in the index was likeliest meant to be, at most three.

        The generation's summary knows the ids there are. Without one they are listed once, or every mistyped one would
        cost as much as hundreds of answers.
        """
        found = self.summed.ask(lambda summary: NearIds(summary).near(product_id))
        return self.memo(_near_ids).near(product_id) if found is None else found

    def thumbnail(self, payload: Payload) -> Path | None:
        """The picture that a sync left for the photo, where there is one."""
        return self._thumbnails.find(value_at(payload, "photo.sha256"))

    def has_photo(self, sha256: str) -> bool:
        """Whether a photo with this file hash is in the generation."""
        return self.store.count(Filter(must=(Match("photo.sha256", (sha256,)),))) > 0

    def read_filter(self, where: Where) -> Filter | None:
        """The filter tree of a filter in any of its forms; raises ``FilterError``."""
        return text_form.read(where, self.store.record.field_table)

    @property
    def has_groups(self) -> bool:
        """Whether products of the generation may be versions of one piece."""
        return has_groups(self.store.record.field_table)

    @once
    def photos_a_product(self) -> float:
        """How many photos a product has, on average and about: first photos stand for products."""
        return self.store.count() / self.products

    @once
    def products(self) -> int:
        """How many there are, about: by their first photos; 1 at least."""
        return max(1, self.store.count(Filter(must=(Range("photo.rank", lte=0.0),))))

    @once
    def summed(self) -> Summed:
        """What the writer of the generation found out for its readers, where that is at hand."""
        from indexer.store.beside.summary.reading import Summed  # most questions need none

        return Summed(self.store)

    def memo(self, make: Callable[[Published], Made]) -> Made:
        """What ``make`` returns for this generation: called when it is first asked for, then kept with the generation.

        Whoever needs something of a whole generation (a census of it, a sample, a vocabulary) has it kept here, and
        this module need not know of it. Threads that ask meanwhile wait for the one that makes it; what fails is
        made again by the next. ``make`` is told by identity, so it is a function of a module and no lambda.
        """
        with self._lock:
            kept: _Kept[Made] = self._kept.setdefault(make, _Kept())
        with kept.lock:
            if not kept.made:
                kept.made.append(make(self))
            return kept.made[0]

    @property
    def model_folder(self) -> Path:
        """Where the model is; raises ``UsageError`` where none is named or found."""
        from indexer.settings import find_model

        return find_model(self._model, self.store.record.model_path)

    @once
    def _of_model(self) -> tuple[Calibrations, Strangers | None]:
        try:
            model = load_model(self.model_folder)
        except JewelryError:
            return Calibrations(), None
        known = model.fingerprint == self.store.record.fingerprint
        return (model.calibration, model.strangers) if known else (Calibrations(), None)

    @property
    def calibration(self) -> Calibrations:
        """What a cosine means to the model of the generation; empty where the model is not at hand or was altered."""
        return self._of_model[0]

    @property
    def strangers(self) -> Strangers | None:
        """What pictures of no product mean to it; None there too, and where the model is of the first format."""
        return self._of_model[1]


def _near_ids(published: Published) -> NearIds:
    listed = published.store.facet("product_id", limit=SUGGEST_AMONG)
    return NearIds(ListedIds(str(value) for value, _ in listed))


def of_product(product_id: str) -> Filter:
    """The filter that passes the photos of one product, whatever the normal form of its id."""
    return Filter(must=(Match("product_id", spellings((product_id,))),))


def without_products(product_ids: Sequence[str]) -> Filter | None:
    """The filter that passes the photos of all other products; None when there are none to leave out."""
    return Filter(must_not=(Match("product_id", spellings(product_ids)),)) if product_ids else None


def photo_key(payload: Mapping[str, object]) -> str:
    """The photo's path under the catalog root."""
    return str(value_at(dict(payload), "photo.path") or "")


def _readable(product_id: str) -> str:
    """An id as a sentence names it: in quotes where it would not be seen as one, and not all of a long one."""
    plain = product_id.isprintable() and product_id == product_id.strip() and "," not in product_id
    return product_id if plain and len(product_id) <= SHOWN else shown(product_id)
