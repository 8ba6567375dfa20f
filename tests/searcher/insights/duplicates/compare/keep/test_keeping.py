"""What decides which copy is kept, in its order, and what is known without a picture."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from searcher.insights.duplicates.answers import Evidence, Photo
from searcher.insights.duplicates.compare.keep.keeping import SAME, WorthOfCopies, best_to_keep
from searcher.insights.duplicates.compare.keep.worth import Worth
from searcher.insights.duplicates.compare.pictures import Pictures
from tests.shops.catalogs.field_catalog import pieces

ONE = Photo("a", "P1", "a.jpg", "1", "1", "0", 256, 256, 9, None, mtime_ns=5, payload={"title": "Ring"})
OTHER = replace(ONE, id="b", product_id="P2", mtime_ns=9)


@pytest.mark.parametrize(
    "worse",
    [Worth(2.0, marked=True), Worth(2.0, cut=True), Worth(0.8), Worth(1.05, worked=True)],
)
def test_each_flaw_loses(worse: Worth) -> None:
    richer = replace(OTHER, payload={"title": "Ring", "metal": "gold"}, mtime_ns=1)
    assert best_to_keep([ONE, richer], {"a": Worth(), "b": worse}) is ONE
    assert best_to_keep([richer, ONE], {"a": Worth(), "b": worse}) is ONE


def test_what_all_have_decides_nothing() -> None:
    both = {"a": Worth(marked=True, cut=True, worked=True), "b": Worth(1.4, marked=True, cut=True)}
    assert best_to_keep([ONE, OTHER], both) is OTHER


def test_the_shops_own_date_counts_before_the_files() -> None:
    since = [
        replace(photo, payload={"created_at": date}) for photo, date in ((ONE, "2026-02-01"), (OTHER, "2024-05-01"))
    ]
    assert best_to_keep(since).id == "b"


def test_without_pictures_sizes_decide_but_not_a_fifth() -> None:
    assert best_to_keep([ONE, replace(OTHER, width=271, height=242)]).id == "a"
    assert best_to_keep([ONE, replace(OTHER, width=512, height=512)]).id == "b"


def test_neither_time_nor_pictures_leave_the_sizes(tmp_path: Path) -> None:
    late = WorthOfCopies(Pictures(tmp_path, tmp_path), time.monotonic() - 1)
    assert late(ONE, [(OTHER, Evidence(transform=SAME))]) == {}
    assert late.unmeasured == 1
    nothing = WorthOfCopies(Pictures(tmp_path, tmp_path), time.monotonic() + 60)
    assert nothing(ONE, [(OTHER, Evidence(transform=SAME))]) == {}
    assert nothing(ONE, [(OTHER, Evidence())]) == {"a": Worth(), "b": Worth()}, "equal pixels need no picture"


def test_a_file_that_was_changed_is_not_measured(tmp_path: Path) -> None:
    pieces(1)[0].save(tmp_path / "a.jpg")
    assert Pictures(tmp_path, tmp_path).original(ONE) is None
