"""A copy of the small photographed index with all four reports beside it, for tests that write there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from indexer.store.embedded.index import EmbeddedIndex
from searcher.insights.duplicates.answers import CheckMatch, DuplicateCheck, Evidence, Tier
from searcher.pages.writing import write_report
from searcher.questions.photo import PhotoSource, query_photo
from searcher.service import SearchService
from tests.shops.copies import copied
from tests.shops.indexes.built_index import Photographed
from tests.shops.reports.audit_reports import clusters, mislabels, outliers
from tests.shops.reports.duplicate_reports import photos_of, small_report


def copy_with_reports(photographed: Photographed, folder: Path) -> Photographed:
    """The copy in ``folder``; its reports are about the published generation."""
    copied(photographed.root, folder / "index")
    index = EmbeddedIndex(folder / "index")
    copy = replace(photographed, index=index, store=index.read())
    for report in (small_report(copy), mislabels(copy), outliers(copy), clusters(copy)):
        write_report(index, report)
    return copy


class CheckingService(SearchService):
    """A search service that finds the second photo of the first product to be a copy of every photo."""

    found: DuplicateCheck

    def check_duplicates(self, image: PhotoSource | None = None, **_: Any) -> DuplicateCheck:
        if image is not None:
            with query_photo(image):  # as the real one does, which refuses what is no base64
                pass
        return self.found


def checking_service(photographed: Photographed) -> CheckingService:
    service = CheckingService(photographed.index)
    match = CheckMatch(photos_of(photographed)[1], Tier.EDITED, 0.91, Evidence(cosine=0.97, flipped=True))
    service.found = DuplicateCheck("photo", (match,), match.photo.product_id, 0, "1", "f" * 64, 3.2)
    return service
