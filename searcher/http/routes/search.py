"""Routes that answer with products: similar, recommend, discover, also viewed, text, and many queries at once."""

from __future__ import annotations

import json
from collections import Counter
from typing import Annotated, Any

from fastapi import Depends, File, Form, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from indexer.errors import JewelryError, UsageError
from searcher.answers.answer import Answer
from searcher.http.dependencies import Service, TakingTurns
from searcher.http.parameters import given_in
from searcher.http.photo_forms import PhotoRoute
from searcher.http.problems import PROBLEMS, UNREADABLE, for_clients
from searcher.http.responses.answers import Batch, BatchError, answer_response
from searcher.http.routes.router import Router
from searcher.questions.bodies import (
    AlsoViewedBody,
    BatchBody,
    DiscoverBody,
    ExampleBody,
    NoExample,
    OptionsBody,
    ProductId,
    RecommendBody,
    SimilarBody,
    TextBody,
    example_of,
)
from searcher.questions.example import Example
from searcher.questions.fields import taking
from searcher.questions.kinds import PhotoOptions
from searcher.questions.options import Options
from searcher.questions.unknown_names import told

router = Router(prefix="/v1", tags=["search"], responses=PROBLEMS, route_class=PhotoRoute)

ANSWER: dict[int | str, dict[str, Any]] = {200: {"model": Answer, "description": "The products, best first."}}


@router.get("/similar", responses=ANSWER, response_class=Response, summary="Products like a product")
async def similar_to_product(
    service: Service,
    turns: TakingTurns,
    product_id: Annotated[ProductId, Query(description="A product of the index.", examples=["J0004"])],
    wanted: Annotated[dict[str, Any], Depends(given_in(Query, Options))],
) -> Response:
    """The short form for a product page: one address, which caches understand. Lists repeat their name."""
    return await turns.take(lambda: answer_response(service.similar(product_id, **wanted)))


@router.post("/similar", responses=ANSWER, response_class=Response, summary="Products like a product, photo or vector")
async def similar(service: Service, turns: TakingTurns, body: SimilarBody) -> Response:
    """Scores are cosines, best first; the product asked with is not an answer."""

    def work() -> Response:
        asked = body.example()
        return answer_response(
            service.similar(
                asked.product_id, asked.image, url=asked.url, vector=asked.vector, crop=asked.crop, **body.wanted()
            )
        )

    return await (run_in_threadpool(work) if body.has_photo else turns.take(work))


@taking(PhotoOptions)
class _UploadOptions(OptionsBody):
    """What stands beside an uploaded photo."""


async def _beside_upload(
    request: Request,
    parts: Annotated[dict[str, Any], Depends(given_in(Form, Options, PhotoOptions))],
    options: Annotated[str, Form(description='The options as JSON: {"k": 5, "crop": [0, 0, 1, 0.5]}')] = "{}",
) -> _UploadOptions:
    """The options of an upload: parts of the form, a JSON document beside it, or some in each.

    Raises:
        RequestValidationError: an option that cannot be taken, or that stands in both.
    """
    given = {name: value for name, value in parts.items() if name in await request.form()}
    try:
        document = json.loads(options, object_pairs_hook=_each_once)
        document = {} if document in (None, "") else document  # what a program's form left open, written as JSON
        if not isinstance(document, dict):
            raise _refused('is not a JSON object; for example {"k": 5}')
        if both := [name for name in given if document.get(name) not in (None, "")]:
            raise _refused("is given as a part of the form too; give it once", *both)
        document |= given
        return _UploadOptions.model_validate(document)
    except ValidationError as error:
        found = [{**one, "loc": ("body", "options", *one["loc"])} for one in error.errors(include_context=False)]
        raise RequestValidationError(told(found, _UploadOptions, 2), body={"options": document}) from error
    except json.JSONDecodeError as error:
        raise _refused(f"is not JSON ({error})") from error
    except (ValueError, RecursionError) as error:
        raise _refused(f"is not JSON: it {UNREADABLE}") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; of a name that is repeated, a reader would take one value silently."""
    if again := [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]:
        raise _refused("is given more than once; give it once", *again)
    return dict(pairs)


def _refused(message: str, *names: str) -> RequestValidationError:
    """What is wrong with the part ``options``, or with these names in it."""
    places: list[tuple[str, ...]] = [(name,) for name in names] or [()]
    return RequestValidationError(
        [{"type": "options", "loc": ("body", "options", *place), "msg": message} for place in places]
    )


@router.post("/similar/photo", responses=ANSWER, response_class=Response, summary="Products like an uploaded photo")
def similar_to_upload(
    service: Service,
    image: Annotated[UploadFile, File(description="The photo.")],
    beside: Annotated[_UploadOptions, Depends(_beside_upload)],
) -> Response:
    """The form for a browser's upload: the photo as it is, options as parts beside it, or as one part of JSON."""
    return answer_response(service.similar(image=image.file.read, **beside.wanted()))


@router.post("/recommend", responses=ANSWER, response_class=Response, summary="More like these, unlike those")
def recommend(service: Service, body: RecommendBody) -> Response:
    """`average_vector` looks between the examples; `best_score` looks near each of them."""
    likes, dislikes = map(example_of, body.positive), map(example_of, body.negative)
    return answer_response(service.recommend(list(likes), list(dislikes), **body.wanted()))


@router.post("/discover", responses=ANSWER, response_class=Response, summary="Like this, but rather A than B")
def discover(service: Service, body: DiscoverBody) -> Response:
    """A product's score is the number of pairs on whose positive side it lies, then its likeness to the target."""
    target = None if body.target is None else example_of(body.target)
    pairs = [(example_of(pair.positive), example_of(pair.negative)) for pair in body.context]
    return answer_response(service.discover(target, pairs, **body.wanted()))


@router.post("/also-viewed", responses=ANSWER, response_class=Response, summary="What a visitor may want to see next")
async def also_viewed(service: Service, turns: TakingTurns, body: AlsoViewedBody) -> Response:
    """By looks alone on day one; blended with what visitors viewed together once `indexer events` has been run."""

    def work() -> Response:
        return answer_response(service.also_viewed(body.product_ids, **body.wanted()))

    return await turns.take(work)


@router.post("/text", responses=ANSWER, response_class=Response, summary="Products by a text")
def text(service: Service, body: TextBody) -> Response:
    """By words, the score is the weighted share of the words that match; by looks, the cosine of text and photo."""
    return answer_response(service.text(body.text, **body.wanted()))


@router.post(
    "/batch",
    responses={200: {"model": Batch, "description": "An answer or an error for each query."}},
    response_class=Response,
    summary="Similar products for many examples",
)
def batch(service: Service, body: BatchBody) -> Response:
    """All answers come from one generation; a query that fails, or is none, gives its error in its place."""
    body.check_work()
    examples = [_example_or_error(query) for query in body.queries]
    asked = [example for example in examples if isinstance(example, Example)]
    answered = iter(service.similar_batch(asked, **body.wanted()))
    found = [next(answered) if isinstance(example, Example) else example for example in examples]
    location = service.index.location
    return answer_response(
        Batch(tuple(one if isinstance(one, Answer) else BatchError(for_clients(one, location)) for one in found))
    )


def _example_or_error(body: str | ExampleBody | NoExample) -> Example | JewelryError:
    if isinstance(body, NoExample):
        return UsageError(body.reason)
    try:
        return example_of(body)
    except JewelryError as error:
        return error
