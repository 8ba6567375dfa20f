"""Asks the search service whether a photo is in the catalog already, and makes the answer one for other machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast

from starlette.exceptions import HTTPException

from searcher.duplicates.answers import Photo
from searcher.http.report_pages import ReportPages
from searcher.service import SearchService


class CheckMatch(Protocol):
    """A photo of the index that the photo asked with is a copy, a second photo or a variant of."""

    @property
    def photo(self) -> Photo:
        """The photo of the index."""
        ...


class DuplicateCheck(Protocol):
    """What `SearchService.check_duplicates` gives back."""

    @property
    def matches(self) -> Sequence[CheckMatch]:
        """Strictest tier first."""
        ...

    def to_json(self) -> dict[str, Any]:
        """With photo, matches (tier, probability, evidence …), not_verified, generation, model and took_ms."""
        ...


class ChecksDuplicates(Protocol):
    """A search service that can compare a photo with those of the index."""

    def check_duplicates(self, image: bytes | None = None, *, url: str | None = None) -> DuplicateCheck:
        """Whether a photo is in the catalog already."""
        ...


def checked(service: SearchService, pages: ReportPages, image: bytes | None, url: str | None = None) -> dict[str, Any]:
    """The answer of ``check_duplicates``, of which other machines see addresses in place of paths.

    Raises:
        HTTPException: this service cannot compare photos.
    """
    if not hasattr(service, "check_duplicates"):
        raise HTTPException(404, "this service cannot compare photos closely")
    answer = cast("ChecksDuplicates", service).check_duplicates(image, url=url)
    document = answer.to_json()
    rows = zip(document["matches"], answer.matches, strict=True)
    return {
        **{name: document[name] for name in ("photo", "not_verified", "generation", "model", "took_ms")},
        "matches": [
            {
                "product_id": match.photo.product_id,
                "photo": match.photo.path,
                **{name: row[name] for name in ("tier", "probability", "evidence")},
                "thumbnail": pages.thumbnail(match.photo.sha256),
            }
            for row, match in rows
        ],
    }
