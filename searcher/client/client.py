"""Client: the HTTP service from Python, for programs that have neither the index nor the model.

It knows the service by its OpenAPI document alone: the types are in `searcher.client.shapes`, written from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack, cast, overload

from indexer.errors import UsageError
from indexer.system.arguments import text_of, texts_of
from indexer.system.forks import NotPickled
from searcher.client.content import (
    Crop,
    Example,
    Photo,
    as_json,
    as_texts,
    example_json,
    examples_json,
    given,
    in_path,
    last_part,
    numbers,
    pairs_json,
    photo_base64,
    photo_file,
)
from searcher.client.transport import Transport

if TYPE_CHECKING:
    from searcher.client import shapes
    from searcher.client.shapes import OptionsBody


class Client(
    NotPickled, advice="a Client cannot be pickled or copied: make one in each process, with the address of the service"
):
    """Asks one service; it may be shared by threads, and keeps its connections until it is closed.

    In a forked child the same client makes connections of its own.

        with Client("http://localhost:8000", api_key="jwl_…") as client:
            answer = client.similar("J0004", k=5, where=["price<=500"])
            for match in answer["matches"]:
                print(match["product_id"], match["score"])

    Answers are the service's JSON documents, as dictionaries with known keys. What is not given is not sent: the
    defaults are the service's. Questions for products take the options of `searcher.client.shapes.OptionsBody`.

    Args:
        base_url: where the service is.
        api_key: as made by ``searcher keys add``, where the service wants one.
        timeout: seconds to connect, and between two pieces of an answer; an attempt, not all of them.
        attempts: times a question is sent while the service answers 429 or 503.
        longest_wait: seconds that its Retry-After is waited for; when it is longer, the error comes at once.

    All methods raise:

        ClientError: the service refuses the question; ``status``, ``kind``, ``fields`` and ``request_id`` say more.
        ServiceUnavailable: it cannot be reached, is too slow or too busy, or cannot answer now.
        UsageError: the question cannot be sent.
        ImageError: a photo's file cannot be read.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None = None,
        *,
        timeout: float = 10.0,
        attempts: int = 3,
        longest_wait: float = 10.0,
    ) -> None:
        self._transport = Transport(base_url, api_key, timeout, attempts, longest_wait)

    def similar(
        self,
        product_id: str | None = None,
        image: Photo | None = None,
        *,
        url: str | None = None,
        vector: Sequence[float] | None = None,
        crop: Crop | None = None,
        **options: Unpack[OptionsBody],
    ) -> shapes.Answer:
        """Products that look like a product, a photo or a vector; a photo goes as `similar_photo` sends it."""
        if image is not None:
            if product_id is not None or url is not None or vector is not None:
                raise UsageError("several are given to compare with; give a product id, a photo, its URL or a vector")
            return self.similar_photo(image, crop=crop, **options)
        body = given(product_id=product_id, url=url, vector=numbers("vector", vector), crop=crop)
        return cast("shapes.Answer", self._ask("similar", body, options))

    def similar_photo(self, photo: Photo, *, crop: Crop | None = None, **options: Unpack[OptionsBody]) -> shapes.Answer:
        """Products that look like a photo, which is uploaded as it is."""
        beside = {**given(crop=crop), **options}
        return cast("shapes.Answer", self._upload("similar/photo", photo, {"options": as_json(beside)}))

    def recommend(
        self,
        positive: Iterable[Example] = (),
        negative: Iterable[Example] = (),
        *,
        strategy: Literal["average_vector", "best_score"] | None = None,
        **options: Unpack[OptionsBody],
    ) -> shapes.Answer:
        """More like the positive, less like the negative."""
        body = given(
            positive=examples_json("positive", positive),
            negative=examples_json("negative", negative),
            strategy=strategy,
        )
        return cast("shapes.Answer", self._ask("recommend", body, options))

    def discover(
        self,
        target: Example | None = None,
        context: Iterable[tuple[Example, Example]] = (),
        **options: Unpack[OptionsBody],
    ) -> shapes.Answer:
        """Like the target, but rather the first than the second of each pair."""
        asked = None if target is None else example_json("target", target)
        body = given(target=asked, context=pairs_json("context", context))
        return cast("shapes.Answer", self._ask("discover", body, options))

    def also_viewed(
        self,
        product_ids: Iterable[str],
        *,
        decay: float | None = None,
        co_view_weight: float | None = None,
        **options: Unpack[OptionsBody],
    ) -> shapes.Answer:
        """What a visitor who viewed these products, newest first, may want to see next."""
        ids = list(texts_of("product_ids", product_ids, "product ids", ordered=True))
        body = given(product_ids=ids, decay=decay, co_view_weight=co_view_weight)
        return cast("shapes.Answer", self._ask("also-viewed", body, options))

    def text(
        self, text: str, *, mode: Literal["words", "looks", "auto"] | None = None, **options: Unpack[OptionsBody]
    ) -> shapes.Answer:
        """Products by the words of their titles and attributes, or by their looks if the index has a text model."""
        return cast("shapes.Answer", self._ask("text", given(text=text, mode=mode), options))

    def batch(self, queries: Iterable[Example], **options: Unpack[OptionsBody]) -> shapes.Batch:
        """`similar` for many examples at once: an answer or an error for each, in their order."""
        return cast("shapes.Batch", self._ask("batch", {"queries": examples_json("queries", queries)}, options))

    def classify(
        self, image: Photo | None = None, *, url: str | None = None, crop: Crop | None = None, k: int | None = None
    ) -> shapes.Classification:
        """The likeliest categories of a photo; a whole one goes as `classify_photo` sends it."""
        if image is not None and url is None and crop is None:
            return self.classify_photo(image, k=k)
        body = given(image=None if image is None else photo_base64(image), url=url, crop=crop, k=k)
        return cast("shapes.Classification", self._ask("classify", body))

    def classify_photo(self, photo: Photo, *, k: int | None = None) -> shapes.Classification:
        """The likeliest categories of a photo, which is uploaded as it is."""
        return cast("shapes.Classification", self._upload("classify/photo", photo, given(k=k)))

    def facets(
        self,
        fields: Iterable[str] = (),
        where: list[str] | Mapping[str, Any] | None = None,
        *,
        limit: int | None = None,
    ) -> shapes.Facets:
        """Values and ranges of fields with the number of products that pass the filter; of all fields by default."""
        names = list(texts_of("fields", fields, "field names"))
        return cast("shapes.Facets", self._ask("facets", given(fields=names, where=where, limit=limit)))

    def product(self, product_id: str) -> shapes.ProductPage:
        """What the index knows of a product."""
        return cast("shapes.ProductPage", self._transport.document("GET", f"/v1/products/{in_path(product_id)}"))

    @overload
    def picture(self, address: str) -> bytes: ...
    @overload
    def picture(self, address: None) -> None: ...
    def picture(self, address: str | None) -> bytes | None:
        """A picture, 256 px WebP: by the ``thumbnail`` of a match, or by the sha256 of the photo's file.

        None where the ``thumbnail`` is None: the index has no picture of that photo.
        """
        if address is None:
            return None
        return self._transport.answer("GET", f"/v1/pictures/{last_part(address)}").content

    def reports(self) -> shapes.Reports:
        """Addresses of the reports there are."""
        return cast("shapes.Reports", self._transport.document("GET", "/v1/reports"))

    def report(self, address: str) -> bytes:
        """A file of a report: by an address that `reports` gave; a name alone is one of the model's training report."""
        text_of("address", address, "an address that the service gave")
        kind = in_path((address.rpartition("/")[0] or "model").rpartition("/")[2])
        return self._transport.answer("GET", f"/v1/reports/{kind}/{last_part(address)}").content

    def duplicates(
        self, tier: str | None = None, *, offset: int | None = None, limit: int | None = None
    ) -> shapes.Duplicates:
        """A page of the stored report of duplicates: groups, and after the last of them the loose pairs."""
        return cast("shapes.Duplicates", self._page("duplicates", tier=tier, offset=offset, limit=limit))

    def check_duplicates(self, image: Photo | None = None, *, url: str | None = None) -> shapes.Check:
        """Whether a photo is in the catalog already: as a copy, as another photo of a product, or as a variant."""
        if image is None:
            return cast("shapes.Check", self._ask("duplicates", given(url=url)))
        if url is not None:
            raise UsageError("both a photo and a URL are given to compare with; give one")
        return cast("shapes.Check", self._upload("duplicates/photo", image, {}))

    def duplicate_picture(self, sha256: str) -> bytes:
        """A photo of the report of duplicates, up to 1024 px WebP; needs a key of scope admin."""
        return self._transport.answer("GET", f"/v1/duplicates/pictures/{in_path(sha256, 'sha256')}").content

    def difference(self, first: str, second: str) -> bytes:
        """What differs between two photos of a pair, as WebP; photos by sha256, and needs a key of scope admin."""
        sent = {"first": first, "second": second}
        return self._transport.answer("GET", "/v1/duplicates/difference", params=as_texts(sent)).content

    def mislabels(
        self, category: str | None = None, *, offset: int | None = None, limit: int | None = None
    ) -> shapes.Mislabels:
        """A page of the stored report of doubtful categories, the most doubtful first."""
        return cast("shapes.Mislabels", self._page("mislabels", category=category, offset=offset, limit=limit))

    def outliers(
        self,
        oddity: Literal["far", "no_jewelry", "disagreeing"] | None = None,
        *,
        offset: int | None = None,
        limit: int | None = None,
    ) -> shapes.Outliers:
        """A page of the stored report of photos that stand out."""
        return cast("shapes.Outliers", self._page("outliers", oddity=oddity, offset=offset, limit=limit))

    def clusters(self, *, offset: int | None = None, limit: int | None = None) -> shapes.Clusters:
        """A page of the stored report of clusters, the largest first."""
        return cast("shapes.Clusters", self._page("clusters", offset=offset, limit=limit))

    def decide(
        self, first: str, second: str, verdict: Literal["same", "variant", "different", "skip"]
    ) -> shapes.Decision:
        """Decide what two photos, named by sha256, are to each other; needs a key of scope admin."""
        return cast("shapes.Decision", self._ask("decisions", {"first": first, "second": second, "verdict": verdict}))

    def decisions(self, *, offset: int | None = None, limit: int | None = None) -> shapes.Decisions:
        """The last decision on each pair, oldest first; needs a key of scope admin."""
        return cast("shapes.Decisions", self._page("decisions", offset=offset, limit=limit))

    def alive(self) -> shapes.Health:
        """Whether the process answers; asked once."""
        return cast("shapes.Health", self._transport.document("GET", "/livez", once=True))

    def ready(self) -> shapes.Health:
        """Whether questions can be answered; asked once, and ``ServiceUnavailable`` says why not."""
        return cast("shapes.Health", self._transport.document("GET", "/readyz", once=True))

    def metrics(self) -> str:
        """Metrics in Prometheus' text format."""
        return self._transport.answer("GET", "/metrics").text

    def status(self) -> shapes.Status:
        """Index, generation, model and engine of the service; needs a key of scope admin."""
        return cast("shapes.Status", self._transport.document("GET", "/v1/admin/status"))

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, route: str, body: Mapping[str, Any], options: Mapping[str, Any] | None = None) -> Any:
        return self._transport.document("POST", f"/v1/{route}", body={**body, **(options or {})})

    def _page(self, route: str, **options: str | int | None) -> Any:
        return self._transport.document("GET", f"/v1/{route}", params=as_texts(given(**options)))

    def _upload(self, route: str, photo: Photo, fields: Mapping[str, Any]) -> Any:
        name, data = photo_file(photo)
        files = {"image": (name, data)}
        return self._transport.document("POST", f"/v1/{route}", files=files, data=as_texts(fields))
