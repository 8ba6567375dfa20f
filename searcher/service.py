"""SearchService: the library face of the search; every command and route is a few lines over it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, Unpack

import numpy as np
from numpy.typing import NDArray

from indexer.errors import JewelryError, StoreGone
from indexer.store.embedded.index import index_at
from indexer.store.filters.where import Where
from indexer.store.interface import Index
from indexer.system.arguments import path_of, text_of, texts_of, truth_of, whole_of
from indexer.system.forks import Lock, NotPickled, in_child
from indexer.system.progress import progress_of
from searcher.answers.answer import Answer
from searcher.answers.facet import FacetList
from searcher.answers.product import ProductPage
from searcher.answers.variants import Variants
from searcher.questions.declared import checked
from searcher.questions.example import Crop, Example, ExampleLike, in_order
from searcher.questions.kinds import (
    ClassifyOptions,
    FacetOptions,
    RecommendOptions,
    Strategy,
    TextMode,
    TextOptions,
    VisitOptions,
)
from searcher.questions.options import Options, Wanted
from searcher.questions.photo import PhotoSource, QueryPhoto
from searcher.search.answering import answer
from searcher.search.ground.per import group_of
from searcher.search.ground.published import Published, photo_key
from searcher.search.ground.versions import versions
from searcher.search.kinds.question import Question
from searcher.search.kinds.recommend import Discover, Recommend
from searcher.search.kinds.similar import Similar
from searcher.search.reading.examples import ExampleReader
from searcher.search.reading.texts import TextReader

if TYPE_CHECKING:
    from searcher.answers.classification import Classification
    from searcher.insights.audits.answers import MislabelReport, OutlierReport
    from searcher.insights.clusters.answers import ClusterReport
    from searcher.insights.duplicates.answers import DuplicateCheck, DuplicateReport
    from searcher.insights.duplicates.verify.verifier import Verifier

T = TypeVar("T")


class SearchService(
    NotPickled,
    advice="a SearchService cannot be pickled or copied: make one in each process, with the folder of the index",
):
    """Questions to one index. It may be shared by threads; each answer comes from one generation.

    In a forked child the same service opens index and model anew at its first question.

    Args:
        index: directory of the index, or an index already opened.
        model: model directory for query photos; None takes the one the index was built with.
        catalog: where the original photos are; None takes the place they were in at the last sync.
        allow_private: fetch photos from addresses that are not public too, such as the shop's own network.
        at_once: query photos embedded side by side; 0 means one per core.
        text_model: directory of the text model; None takes the one that the index was built with, if any.
        most_pixels: pixels that are decoded of a photo asked with, once a JPEG was read smaller; None: as for the
            catalog. A service for strangers gives fewer.

    Directories may be relative: where the process is when the service is made counts, wherever it goes later. Links in
    them are followed at each question.

    All questions about products take the keyword arguments of `Options` besides their own, and raise:

        UsageError: what is asked makes no sense (``FilterError``, ``UnknownProduct``).
        ImageError: a photo cannot be used or fetched.
        ModelError: the model is missing or altered, or is not the one of the index (``FingerprintMismatch``).
        StoreError: there is no index, or it cannot be read.
    """

    _published: Published | None
    _mark: str | None

    def __init__(
        self,
        index: str | Path | Index,
        model: str | Path | None = None,
        catalog: str | Path | None = None,
        *,
        allow_private: bool = False,
        at_once: int = 0,
        text_model: str | Path | None = None,
        most_pixels: int | None = None,
    ) -> None:
        self.index: Index = index_at(index)
        places = {"model": model, "catalog": catalog, "text_model": text_model}
        found = {name: None if place is None else path_of(name, place) for name, place in places.items()}
        self._catalog, self._model = found["catalog"], found["model"]
        most = most_pixels if most_pixels is None else whole_of("most_pixels", most_pixels, "1 or more", least=1)
        self.reader = ExampleReader(
            self._model,
            allow_private=truth_of("allow_private", allow_private),
            at_once=whole_of("at_once", at_once, "a whole number, 0 (one per core) or more", least=0),
            most_pixels=most,
        )
        self.texts = TextReader(found["text_model"])
        self._lock = Lock()
        self._forget()
        in_child(self._forget)

    def published(self) -> Published:
        """The published generation, opened anew only when it is another one, by whatever name.

        An older one is dropped, not closed: a question in another thread may still be reading it.
        """
        with self._lock:
            mark = self.index.mark()  # before opening: what is published meanwhile is then noticed by the next question
            if self._published is None or self._mark != mark:
                self._published = None  # also where the new one cannot be opened: the old one is no answer
                self._published = Published(self.index, self._catalog, self._model)
                self._mark = mark
            return self._published

    def of_one(self, made: Callable[[Published], T]) -> T:
        """What is made of the published generation; where that was removed meanwhile, of the one published now."""
        try:
            return made(self.published())
        except StoreGone:
            return made(self.published())

    def similar(
        self,
        product_id: str | None = None,
        image: PhotoSource | None = None,
        *,
        url: str | None = None,
        vector: Sequence[float] | NDArray[np.float32] | None = None,
        crop: Crop | None = None,
        **wanted: Unpack[Wanted],
    ) -> Answer:
        """The products most alike to a product, a photo or a vector; see `Example` for these.

        By product, each of its photos asks, a product counts with its best pair of photos, and the product
        itself is not an answer. Scores are cosines, best first; equal scores are ordered by product id.
        """
        options = Options.of(wanted)
        return self._answer(Similar([Example(product_id, image, url, vector, crop)]), options)

    def similar_batch(self, examples: Iterable[ExampleLike], **wanted: Unpack[Wanted]) -> list[Answer | JewelryError]:
        """`similar` for many examples, all from one generation; one that fails leaves its error in its place."""
        options, asked = Options.of(wanted), list(in_order("examples", examples))

        def of(published: Published, example: ExampleLike) -> Answer | JewelryError:
            try:
                started = time.perf_counter()
                return answer(published, self.reader, Similar([Example.of(example)]), options, started)
            except StoreGone:
                raise
            except JewelryError as error:
                return error

        return self.of_one(lambda published: [of(published, example) for example in asked])

    def recommend(
        self,
        positive: Sequence[ExampleLike] = (),
        negative: Sequence[ExampleLike] = (),
        *,
        strategy: Strategy = RecommendOptions.strategy,
        **wanted: Unpack[Wanted],
    ) -> Answer:
        """More like these and unlike those; `searcher.search.kinds.recommend` has the two strategies."""
        options = Options.of(wanted)
        liked, disliked = Example.each("positive", positive), Example.each("negative", negative)
        question = Recommend(liked, disliked, strategy=strategy)
        return self._answer(question, options)

    def discover(
        self,
        target: ExampleLike | None = None,
        context: Sequence[tuple[ExampleLike, ExampleLike]] = (),
        **wanted: Unpack[Wanted],
    ) -> Answer:
        """Like the target, but rather the first than the second of each pair; without a target, the pairs alone."""
        options, targets = Options.of(wanted), [] if target is None else [Example.of_argument("target", target)]
        pairs = Example.pairs("context", context)
        question = Discover([*targets, *(first for first, _ in pairs)], [second for _, second in pairs])
        return self._answer(question, options)

    def also_viewed(
        self,
        product_ids: Sequence[str],
        *,
        decay: float = VisitOptions.decay,
        co_view_weight: float = VisitOptions.co_view_weight,
        **wanted: Unpack[Wanted],
    ) -> Answer:
        """What a visitor who viewed these products, newest first, may want to see; see `search.kinds.also_viewed`."""
        from searcher.search.kinds.also_viewed import AlsoViewed

        options, ids = Options.of(wanted), texts_of("product_ids", product_ids, "product ids", ordered=True)
        viewed = [Example(product_id=one) for one in dict.fromkeys(ids)]
        return self._answer(AlsoViewed(viewed, decay=decay, co_view_weight=co_view_weight), options)

    def text(self, text: str, *, mode: TextMode = TextOptions.mode, **wanted: Unpack[Wanted]) -> Answer:
        """Products by a text: by their looks where the index has a text model, else by words; ``mode`` chooses.

        By ``words`` of titles and attributes, the score is the share of the words that match. By ``looks``, it is the
        cosine between the text and the photo, seldom above 0.4. Raises ``MissingExtra`` besides, where it is needed.
        """
        from searcher.search.kinds.text import Text

        options = Options.of(wanted)
        return self._answer(Text(text=text, mode=mode, reader=self.texts), options)

    def classify(
        self,
        image: PhotoSource | None = None,
        *,
        url: str | None = None,
        crop: Crop | None = None,
        k: int = ClassifyOptions.k,
    ) -> Classification:
        """The k likeliest categories of a photo, or none of these; raises ``UsageError`` when the model knows none."""
        from searcher.answers.classification import check_classifies, classified

        k = checked(ClassifyOptions, k=k).k
        started, example, published = time.perf_counter(), Example.photo(image, url, crop), self.published()
        model = self.reader.embedder(published).model
        check_classifies(model)
        photo, prediction = self.reader.predict(published, example)
        return classified(prediction, model, photo.name, k, started)

    def mislabels(self, where: Where = None, *, limit: int = 1000) -> MislabelReport:
        """Products by how doubtful their category is; see `searcher.insights.audits.mislabels`."""
        from searcher.insights.audits.mislabels import find_mislabels

        return self.of_one(lambda published: find_mislabels(published, where, limit=limit))

    def outliers(self, where: Where = None, *, limit: int = 1000) -> OutlierReport:
        """Photos that stand out and products whose photos do not belong together; see `insights.audits.outliers`."""
        from searcher.insights.audits.outliers import find_outliers

        return self.of_one(lambda published: find_outliers(published, where, limit=limit))

    def clusters(
        self, where: Where = None, *, granularity: float = 0.3, limit: int = 1000, map_size: int = 0
    ) -> ClusterReport:
        """Products grouped by looks, with a map of ``map_size`` products; see `searcher.insights.clusters.find`."""
        from searcher.insights.clusters.find import find_clusters

        return self.of_one(
            lambda published: find_clusters(published, where, granularity=granularity, limit=limit, map_size=map_size)
        )

    def facets(self, fields: Sequence[str] = (), where: Where = None, *, limit: int = FacetOptions.limit) -> FacetList:
        """Values and ranges of fields, with the number of products that pass the filter; of all fields by default.

        Where the filter passes no product, ``notes`` of what comes back say why, with the nearest values.
        """
        from searcher.search.facets.counting import facet_basis, facet_fields, facets, parse_facets

        asked = checked(FacetOptions, fields=fields, where=where, limit=limit)

        def of(published: Published) -> FacetList:
            table = published.store.record.field_table
            counted = parse_facets(asked.fields or facet_fields(table), table, asked.limit)
            tree = published.read_filter(asked.where)
            found = facets(published.store, counted, tree, basis=published.memo(facet_basis))
            if tree is None or any(facet.values or facet.ranges for facet in found):
                return FacetList(found)
            from searcher.search.no_match.why import why_nothing

            return FacetList(found, why_nothing(published, asked.where, tree))

        return self.of_one(of)

    def product(self, product_id: str) -> ProductPage:
        """A product's payload and photos, and the others of its group; raises ``UnknownProduct``."""
        asked = text_of("product_id", product_id, "a product id as text")

        def of(published: Published) -> ProductPage:
            points = published.product(asked)
            photos = tuple(QueryPhoto(photo_key(one.payload), published.thumbnail(one.payload)) for one in points)
            payload, group = points[0].payload, group_of(points[0].payload) if published.has_groups else None
            found = str(payload["product_id"])
            variants = group and Variants.of(group, found, versions(published.store, [group])[group])
            return ProductPage(found, payload, photos, published.generation, variants or None)

        return self.of_one(of)

    def duplicates(
        self,
        *,
        where: Where = None,
        since: str | None = None,
        k: int = 10,
        budget: float = 240.0,
        verifier: str | Path | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> DuplicateReport:
        """Photos that are the same picture, the same product or variants, in groups; see `insights.duplicates`.

        Args:
            where: only photos that pass this filter.
            since: only pairs of which at least one photo was indexed at this date or later.
            k: nearest pictures of each photo that are looked at, 1 to 100.
            budget: seconds of close comparison; what it does not reach is counted as not verified.
            verifier: file of a verifier; None takes the shop's own beside the index, else the one in the package.
            progress: called with a stage's name, what is done of it, and how much there is.

        Stopped at any moment, the same call goes on where it was. Raises ``MissingExtra`` without opencv.
        """
        from searcher.insights.duplicates.search import DuplicateSearch, Settings
        from searcher.insights.duplicates.verify.verifier import verifier_for

        own = None if verifier is None else path_of("verifier", verifier)
        settings, told = Settings(where, since, k, budget), progress_of("progress", progress)
        verifier_of = verifier_for(self.index.local, own)
        return self.of_one(lambda published: DuplicateSearch(published, settings, verifier_of, told).run())

    def check_duplicates(
        self, image: PhotoSource | None = None, *, url: str | None = None, crop: Crop | None = None
    ) -> DuplicateCheck:
        """Whether the index has the picture or the product of a new photo already; raises ``MissingExtra`` besides."""
        from searcher.insights.duplicates.check import check_example
        from searcher.insights.duplicates.verify.verifier import verifier_for

        example = Example.photo(image, url, crop)
        verifier = verifier_for(self.index.local)
        return self.of_one(lambda published: check_example(published, self.reader, example, verifier))

    def calibrate_duplicates(
        self, *, photos: int = 300, seed: int = 0, progress: Callable[[str, int, int], None] | None = None
    ) -> Verifier:
        """A verifier that knows this catalog; `Verifier.write` keeps it. Raises ``MissingExtra`` without the extra."""
        from searcher.insights.duplicates.calibration import Calibration, checked_wishes
        from searcher.insights.duplicates.decisions import Decisions, decisions_path
        from searcher.insights.duplicates.verify.verifier import verifier_for

        photos, seed, progress = checked_wishes(photos, seed, progress)
        published, local = self.published(), self.index.local
        decisions = Decisions.read(decisions_path(local))
        embedder = self.reader.embedder(published)
        return Calibration(
            published, embedder, verifier_for(local), decisions, photos=photos, seed=seed, progress=progress
        ).run()

    def close(self) -> None:
        """Let go of index and model; a later question opens them again."""
        with self._lock:
            self._published = None
        self.reader.close()
        self.texts.close()

    def _forget(self) -> None:
        self._published = self._mark = None

    def _answer(self, question: Question, options: Options) -> Answer:
        started = time.perf_counter()
        return self.of_one(lambda published: answer(published, self.reader, question, options, started))
