"""Routes about duplicates: pages of the stored report, and whether a photo is in the catalog already."""

from __future__ import annotations

import io
from typing import Annotated

from fastapi import Depends, File, HTTPException, Query, Response, UploadFile
from PIL import Image

from indexer.errors import UsageError
from indexer.photos.thumbnails import ThumbnailStore
from searcher.http.access.authentication import require_admin
from searcher.http.dependencies import Reports, Service
from searcher.http.photo_forms import PhotoRoute
from searcher.http.problems import PROBLEMS
from searcher.http.responses.answers import answer_response, json_response
from searcher.http.responses.report_pages import ReportPages
from searcher.http.responses.reports import OTHER_SHA, SHA, Check, Duplicates
from searcher.http.routes.audits import Limit, Offset
from searcher.http.routes.catalog import FOR_EVER, WEBP
from searcher.http.routes.decisions import Sha256
from searcher.http.routes.router import Router
from searcher.insights.duplicates.answers import Tier
from searcher.pages.sheets.difference import difference_picture
from searcher.pages.sheets.picture_sheet import open_small
from searcher.questions.bodies import CheckBody, from_base64

router = Router(prefix="/v1/duplicates", tags=["reports"], responses=PROBLEMS, route_class=PhotoRoute)

LARGE, LARGE_DIFFERENCE = 1024, 640
"""Pixels of a photo and of a difference that a person looks at closely."""


@router.get(
    "",
    responses={200: {"model": Duplicates, "description": "Groups, what costs money first, then loose pairs."}},
    response_class=Response,
    summary="Groups of duplicates",
)
def duplicates(
    service: Service,
    reports: Reports,
    tier: Annotated[Tier | None, Query(description="Only groups and pairs of this tier.")] = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> Response:
    """From the report that `searcher duplicates` stored last; 404 where there is none."""
    return json_response(ReportPages(service.index, reports).duplicates(tier, offset, limit))


@router.post(
    "",
    responses={200: {"model": Check, "description": "What the photo is a copy, a second photo or a variant of."}},
    response_class=Response,
    summary="Whether a photo is in the catalog already",
)
def check(service: Service, reports: Reports, body: CheckBody) -> Response:
    """Exactly one of image and url; asks the index, not the stored report."""
    if (body.image is None) == (body.url is None):
        raise UsageError("give exactly one of image and url")
    found = service.check_duplicates(from_base64(body.image), url=body.url)
    return answer_response(ReportPages(service.index, reports).check(found))


@router.post(
    "/photo",
    responses={200: {"model": Check, "description": "What the photo is a copy, a second photo or a variant of."}},
    response_class=Response,
    summary="Whether an uploaded photo is in the catalog already",
)
def check_upload(
    service: Service, reports: Reports, image: Annotated[UploadFile, File(description="The photo.")]
) -> Response:
    """The form for a browser's upload."""
    return answer_response(ReportPages(service.index, reports).check(service.check_duplicates(image.file.read)))


@router.get(
    "/pictures/{sha256}",
    responses=WEBP,
    response_class=Response,
    summary="A photo of the report, up to 1024 px WebP",
    dependencies=[Depends(require_admin)],
)
def picture(service: Service, reports: Reports, sha256: Sha256) -> Response:
    """To decide by; from the original where it is at hand, else its thumbnail."""
    photo = ReportPages(service.index, reports).photo(sha256)
    image = None if photo is None else _opened(service, photo["sha256"], photo["photo"], LARGE)
    if image is None:
        raise HTTPException(404, "there is no such photo in the report of duplicates, or it is not at hand any more")
    return _webp(image)


@router.get(
    "/difference",
    responses=WEBP,
    response_class=Response,
    summary="What differs between two photos of a pair",
    dependencies=[Depends(require_admin)],
)
def difference(
    service: Service,
    reports: Reports,
    first: Annotated[Sha256, Query(description="The first photo of a group or pair.", examples=[SHA])],
    second: Annotated[Sha256, Query(description="The photo compared with it.", examples=[OTHER_SHA])],
) -> Response:
    """The second photo is laid on the first: grey where they are equal, red where they are not."""
    found = ReportPages(service.index, reports).compared(first, second)
    if found is None:
        raise HTTPException(404, "the report of duplicates has no pair of these two photos, in this order")
    one, other = (_opened(service, photo["sha256"], photo["photo"], LARGE) for photo in found[:2])
    if one is None or other is None:
        raise HTTPException(404, "one of the two photos is not at hand any more")
    evidence = found[2]
    flipped = bool(evidence.get("flipped"))
    return _webp(difference_picture(one, other, evidence.get("transform"), flipped, LARGE_DIFFERENCE))


def _opened(service: Service, sha256: str, key: str, side: int) -> Image.Image | None:
    return open_small(ThumbnailStore(service.index.local), service.published().catalog_root, sha256, key, side)


def _webp(image: Image.Image) -> Response:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=85, method=2)
    return Response(buffer.getvalue(), media_type="image/webp", headers=FOR_EVER)
