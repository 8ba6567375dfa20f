"""Routes about the catalog itself: products, pictures, facets, the category of a photo."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, File, Form, HTTPException, Query, Request, Response, UploadFile
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from indexer.photos.thumbnails import ThumbnailStore
from searcher.answers.classification import Classification
from searcher.answers.product import ProductPage
from searcher.http.dependencies import Service
from searcher.http.parameters import given_in
from searcher.http.photo_forms import PhotoRoute
from searcher.http.problems import PROBLEMS
from searcher.http.request_context import caller_of
from searcher.http.responses.answers import Facets, answer_response
from searcher.http.responses.conditional import NOT_MODIFIED
from searcher.http.responses.files import file_response
from searcher.http.routes.decisions import Sha256
from searcher.http.routes.router import Router
from searcher.questions.bodies import ClassifyBody, FacetsBody, ProductId, from_base64
from searcher.questions.kinds import ClassifyOptions, FacetOptions, PhotoOptions

router = Router(prefix="/v1", tags=["catalog"], responses=PROBLEMS, route_class=PhotoRoute)

WEBP: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture.", "content": {"image/webp": {"schema": {"type": "string", "format": "binary"}}}}
}
FOR_EVER = {"cache-control": "private, max-age=31536000, immutable"}
"""A picture's address is the hash of its photo: another photo has another address."""
ANY_SITE = {"cross-origin-resource-policy": "cross-origin"}
"""A signed address is made to be shown: the shop's own pages are another site than this service."""


@router.get(
    "/products/{product_id:path}",
    responses={200: {"model": ProductPage, "description": "The product."}},
    response_class=Response,
    summary="One product",
)
def product(service: Service, product_id: Annotated[ProductId, InPath(examples=["J0004"])]) -> Response:
    """What the index knows of a product. An id may hold slashes."""
    return answer_response(service.product(product_id))


@router.get(
    "/pictures/{sha256}",
    responses={**WEBP, **NOT_MODIFIED},
    response_class=FileResponse,
    summary="The picture of a photo, 256 px WebP",
)
def picture(request: Request, service: Service, sha256: Sha256) -> Response:
    """Pictures are named by the sha256 of the photo's file, as the payload's photo.sha256 says.

    One of a photo that left the index is no longer shown, though it is kept as long as one can go back. Where keys are
    in use, an address as it stands in an answer is signed: it needs no key until it expires.
    """
    path = ThumbnailStore(service.index.local).find(sha256)
    if path is None or not service.of_one(lambda published: published.has_photo(sha256)):
        raise HTTPException(404, "there is no picture of this photo; a sync makes them")
    caller = caller_of(request.scope)
    headers = {**FOR_EVER, **ANY_SITE} if caller is not None and caller.by_address else FOR_EVER
    return file_response(request, path, "image/webp", headers=headers)


@router.get(
    "/facets",
    responses={200: {"model": Facets, "description": "The counts."}},
    response_class=Response,
    summary="Values of fields with their number of products",
)
def facets_of_query(
    service: Service, wanted: Annotated[dict[str, Any], Depends(given_in(Query, FacetOptions, fields="field"))]
) -> Response:
    """The short form; with a filter in Qdrant's JSON: POST."""
    return answer_response(Facets.of(service.facets(**wanted)))


@router.post(
    "/facets",
    responses={200: {"model": Facets, "description": "The counts."}},
    response_class=Response,
    summary="Values of fields with their number of products",
)
def facets(service: Service, body: FacetsBody) -> Response:
    """Each value and range comes with the filter text that selects it."""
    return answer_response(Facets.of(service.facets(**body.wanted())))


@router.post(
    "/classify",
    responses={200: {"model": Classification, "description": "The likeliest categories, best first."}},
    response_class=Response,
    summary="The category of a photo",
)
def classify(service: Service, body: ClassifyBody) -> Response:
    """Calibrated probabilities of the categories the model was trained on."""
    return answer_response(service.classify(from_base64(body.image), url=body.url, **body.wanted()))


@router.post(
    "/classify/photo",
    responses={200: {"model": Classification, "description": "The likeliest categories, best first."}},
    response_class=Response,
    summary="The category of an uploaded photo",
)
def classify_upload(
    service: Service,
    image: Annotated[UploadFile, File(description="The photo.")],
    wanted: Annotated[dict[str, Any], Depends(given_in(Form, PhotoOptions, ClassifyOptions))],
) -> Response:
    """The form for a browser's upload."""
    return answer_response(service.classify(image.file.read, **wanted))
