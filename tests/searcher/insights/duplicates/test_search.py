"""The whole report on a catalog with planted copies: what is found, grouped, counted, decided and gone on with."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.errors import FilterError, UsageError
from indexer.sync.run import sync
from searcher.insights.duplicates import search
from searcher.insights.duplicates.answers import DuplicateReport, Group, Tier
from searcher.insights.duplicates.compare.comparison import comparison_of
from searcher.insights.duplicates.decisions import append, decisions_path
from searcher.service import SearchService
from tests.shops.catalogs.planted import Planted
from tests.shops.copies import copied
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, make_index


@pytest.fixture(scope="module")
def report(planted: Planted) -> DuplicateReport:
    return planted.service().duplicates()


def group_of(report: DuplicateReport, pair: tuple[str, str]) -> Group | None:
    return next((group for group in report.groups if set(pair) <= set(group.products)), None)


def test_identical_files_and_pixels_are_found_as_that(report: DuplicateReport, planted: Planted) -> None:
    for how, tier in (("file", Tier.IDENTICAL_FILE), ("pixels", Tier.IDENTICAL_PIXELS)):
        group = group_of(report, planted.copies[how])
        assert group is not None
        assert group.tier is tier
        assert [member.probability for member in group.members] == [None, 1.0]


@pytest.mark.parametrize("how", ["jpeg", "resize", "crop", "flip", "webp", "aspect"])
def test_edited_copies_are_found(report: DuplicateReport, planted: Planted, how: str) -> None:
    group = group_of(report, planted.copies[how])
    assert group is not None
    assert group.tier is Tier.EDITED
    evidence = group.members[1].evidence
    assert evidence is not None
    assert evidence.flipped == (how == "flip")
    assert evidence.cosine is not None
    assert evidence.transform is not None


def test_nothing_but_the_planted_copies_may_be_deleted(report: DuplicateReport, planted: Planted) -> None:
    deletable = {m.photo.product_id for group in report.groups for m in group.members if m.delete}
    assert deletable <= {product for pair in planted.copies.values() for product in pair}
    for group in report.groups:
        assert sum(member.keep for member in group.members) == (1 if group.tier.is_copy else 0)
        assert all(member.keep != member.delete for member in group.members if group.tier.is_copy)
    assert len(deletable) == len(planted.copies)


def test_variants_are_no_copies(report: DuplicateReport, planted: Planted) -> None:
    for pair in planted.variants:
        group = group_of(report, pair)
        assert group is None or not group.tier.is_copy


def test_a_pair_is_in_one_tier_and_no_group_has_one_member(report: DuplicateReport) -> None:
    pairs = Counter()
    for group in report.groups:
        assert len(group.members) >= 2
        assert group.members[0].tier is None
        for member in group.members[1:]:
            pairs[frozenset((group.members[0].photo.id, member.photo.id))] += 1
            assert member.tier is not None
            assert member.tier.is_copy == group.tier.is_copy
    for pair in report.loose_pairs:
        pairs[frozenset((pair.first.id, pair.second.id))] += 1
    assert set(pairs.values()) <= {1}
    copied = Counter(m.photo.id for group in report.groups if group.tier.is_copy for m in group.members)
    assert set(copied.values()) <= {1}


def test_what_costs_money_comes_first(report: DuplicateReport, planted: Planted) -> None:
    copies = [group for group in report.groups if group.tier.is_copy]
    assert copies[0].crosses_categories
    assert set(planted.copies["file"]) <= set(copies[0].products)
    assert copies[1].prices_differ
    assert set(planted.copies["resize"]) <= set(copies[1].products)


def test_another_price_is_right_for_variants_alone(report: DuplicateReport) -> None:
    for tier in (Tier.VARIANT, Tier.OTHER_PHOTO, Tier.EDITED):
        group = replace(next(group for group in report.groups if group.tier is Tier.EDITED), tier=tier)
        dearer = [
            replace(member, photo=replace(member.photo, payload={**member.photo.payload, "price": 100.0 + place}))
            for place, member in enumerate(group.members)
        ]
        assert replace(group, members=tuple(dearer)).prices_differ is (tier is not Tier.VARIANT)


def test_more_framed_photos_than_are_looked_for_are_counted(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("searcher.insights.duplicates.search.MOST_FRAMED", -1)
    notes = planted.service().duplicates(budget=0).notes
    assert any("0 photos lie within margins or a screen, more than the -1" in note for note in notes)


def test_counts_add_up(report: DuplicateReport) -> None:
    summary, document = report.summary(), report.to_json()
    assert summary["groups"] == len(document["groups"]) == sum(summary["groups_by_tier"].values())
    members = [member for group in document["groups"] for member in group["members"]]
    assert summary["pairs"] == sum(m["tier"] is not None for m in members) + len(document["loose_pairs"])
    assert summary["deletable"] == sum(m["delete"] for m in members)
    assert summary["photos"] == 24 + 8 + 4
    assert summary["verified"] + summary["not_verified"] <= summary["candidates"] + len(members)


def test_only_photos_that_pass_the_filter(planted: Planted, report: DuplicateReport) -> None:
    categories = Counter(m.photo.category for group in report.groups for m in group.members)
    category = categories.most_common(1)[0][0]
    filtered = planted.service().duplicates(where=[f"category={category}"])
    assert {m.photo.category for group in filtered.groups for m in group.members} <= {category}
    assert filtered.counts.photos < report.counts.photos


def test_since_asks_only_about_what_is_new(planted: Planted) -> None:
    assert planted.service().duplicates(since="2020-01-01").counts.photos == 36
    nothing = planted.service().duplicates(since="2099-01-01")
    assert nothing.counts.photos == 0
    assert nothing.groups == ()


@pytest.mark.parametrize(
    ("wanted", "message"), [({"k": 0}, "k is 0"), ({"budget": -1.0}, "budget"), ({"budget": float("nan")}, "budget")]
)
def test_settings_that_make_no_sense(planted: Planted, wanted: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        planted.service().duplicates(**wanted)  # type: ignore[arg-type]


def test_a_date_that_is_none(planted: Planted) -> None:
    with pytest.raises(FilterError):
        planted.service().duplicates(since="yesterday")


def test_without_time_nothing_is_compared_and_that_is_said(planted: Planted) -> None:
    hurried = planted.service().duplicates(budget=0.0)
    assert hurried.counts.verified == 0
    assert hurried.counts.not_verified > 0
    assert {group.tier for group in hurried.groups} <= {Tier.IDENTICAL_FILE, Tier.IDENTICAL_PIXELS}
    assert any("not verified" in note for note in hurried.notes)


def test_without_pictures_nothing_is_compared_and_that_is_said(planted: Planted, tmp_path: Path) -> None:
    copied(planted.index, tmp_path / "index")
    shutil.rmtree(tmp_path / "index" / "thumbnails")
    report = SearchService(tmp_path / "index", catalog=tmp_path / "nowhere").duplicates()
    assert report.counts.verified == 0
    assert any("not at hand" in note for note in report.notes)
    assert {group.tier for group in report.groups} == {Tier.IDENTICAL_FILE, Tier.IDENTICAL_PIXELS}


def test_a_stopped_report_goes_on_where_it_was(
    planted: Planted, report: DuplicateReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(planted.index, tmp_path / "index")
    monkeypatch.setattr(search, "CLOSE_PART", 10)

    def stop(stage: str, done: int, _total: int) -> None:
        if stage == "Close comparison" and done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SearchService(tmp_path / "index").duplicates(progress=stop)
    kept = list((tmp_path / "index" / "work" / "duplicates").rglob("*.npz"))
    assert {"near-0.npz", "signatures-0.npz", "close-0.npz", "close-10.npz"} == {path.name for path in kept}
    service = SearchService(tmp_path / "index")
    loaded: list[str] = []
    pictures = service.published().memo(comparison_of)
    original = pictures.signatures
    monkeypatch.setattr(pictures, "signatures", lambda photos: loaded.append("signatures") or original(photos))
    again = service.duplicates()
    assert not loaded
    assert [g.to_json() for g in again.groups] == [g.to_json() for g in report.groups]
    assert not (tmp_path / "index" / "work" / "duplicates").exists()


def test_decisions_are_honoured(planted: Planted, report: DuplicateReport, tmp_path: Path) -> None:
    copied(planted.index, tmp_path / "index")
    files = {m.photo.product_id: m.photo.sha256 for group in report.groups for m in group.members}
    path = decisions_path(tmp_path / "index")
    different, variant, same = planted.copies["jpeg"], planted.copies["flip"], planted.copies["crop"]
    for pair, verdict in ((different, "different"), (variant, "variant"), (same, "same")):
        append(path, files[pair[0]], files[pair[1]], verdict, "anna")  # type: ignore[arg-type]
    decided = SearchService(tmp_path / "index").duplicates()
    assert group_of(decided, different) is None
    found = group_of(decided, variant)
    assert found is not None
    assert found.tier is Tier.VARIANT
    assert found.members[1].evidence is not None
    assert found.members[1].evidence.decided_by == "anna"
    kept = group_of(decided, same)
    assert kept is not None
    assert kept.members[1].probability == 1.0


@pytest.mark.filterwarnings(LOCAL_MODE_WARNINGS[0])
@pytest.mark.filterwarnings(LOCAL_MODE_WARNINGS[1])
def test_the_same_report_on_the_server_engine(planted: Planted, report: DuplicateReport, tmp_path: Path) -> None:
    index = make_index("server", tmp_path)
    sync(planted.catalog, planted.model, index)
    again = SearchService(index).duplicates()
    assert [(g.tier, g.products) for g in again.groups] == [(g.tier, g.products) for g in report.groups]
