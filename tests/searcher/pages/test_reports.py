"""Reports as files: JSON, CSV and page count the same, hostile texts stay texts, files are replaced at once."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from indexer.errors import JewelryError, ReportMissing
from searcher.insights.duplicates.answers import DuplicateReport, Evidence, Tier
from searcher.insights.duplicates.wording import evidence_in_words
from searcher.pages.page import policy_of
from searcher.pages.report_store import FILES, KINDS, ReportStore, StoredReport
from searcher.pages.sheets.duplicates_words import certainty, differing_fields
from searcher.pages.spreadsheet import safe, to_csv
from searcher.pages.writing import write_report
from tests.searcher.pages.page_text import Page
from tests.shops.indexes.built_index import HOSTILE, Photographed
from tests.shops.reports.audit_reports import clusters, mislabels, outliers
from tests.shops.reports.duplicate_reports import group, large_report, photos_of, small_report


@pytest.fixture
def place(tmp_path: Path, photographed: Photographed) -> Any:
    """An index of which only the folder counts, with the thumbnails of the photographed one."""
    (tmp_path / "thumbnails").symlink_to(photographed.root / "thumbnails")
    return SimpleNamespace(local=tmp_path)


def data_of(stored: StoredReport) -> dict[str, Any]:
    html = stored.path("report.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    pieces = re.findall(r'<script type="application/json" id="pictures-\d+">(.*?)</script>', html)
    data["pictures"] = [picture for piece in pieces for picture in json.loads(piece)]
    return data


def rows_of(stored: StoredReport) -> list[dict[str, str]]:
    with stored.path("report.csv").open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.parametrize("make", [small_report, lambda p: large_report(300, p.catalog)], ids=["small", "large"])
def test_json_csv_and_page_count_what_the_summary_counts(place: Any, photographed: Photographed, make: Any) -> None:
    report: DuplicateReport = make(photographed)
    stored, summary = write_report(place, report), report.summary()
    document, rows, data = json.loads(stored.path("report.json").read_text()), rows_of(stored), data_of(stored)
    assert document == json.loads(json.dumps(report.to_json()))
    assert stored.summary == summary

    in_groups = [row for row in rows if row["entry"] == "group"]
    in_pairs = [row for row in rows if row["entry"] == "pair"]
    by_group = {row["group"]: row for row in in_groups}
    assert len(by_group) == summary["groups"]
    assert len(in_pairs) == 2 * summary["loose_pairs"]
    assert len({row["photo"] for row in in_groups}) == summary["photos_in_groups"]
    assert [row["role"] for row in rows].count("delete") == summary["deletable"]
    assert [row["crosses_categories"] for row in by_group.values()].count("yes") == summary["crossing_categories"]
    assert [row["prices_differ"] for row in by_group.values()].count("yes") == summary["prices_differ"]
    tiers = [row["tier"] for row in rows if row["tier"]]
    assert {tier: tiers.count(tier) for tier in Tier} == summary["pairs_by_tier"]
    group_tiers = [row["group_tier"] for row in by_group.values()]
    assert {tier: group_tiers.count(tier) for tier in Tier} == summary["groups_by_tier"]

    cards = data["cards"]
    groups = [card for card in cards if "loose" not in card["tags"]]
    assert len(groups) == summary["groups"]
    assert len(cards) - len(groups) == summary["loose_pairs"]
    shown = [photo for card in cards for photo in card["photos"]]
    assert len(shown) == len(rows)
    assert [photo.get("mark") for photo in shown].count("delete") == summary["deletable"]
    assert [photo.get("mark") for photo in shown].count("keep") == [row["role"] for row in rows].count("keep")
    kinds = {kind["id"]: kind["count"] for kind in data["kinds"]}
    loose = [pair.tier for pair in report.loose_pairs]
    assert kinds == {
        tier: count + loose.count(Tier(tier))
        for tier, count in summary["groups_by_tier"].items()
        if count + loose.count(Tier(tier))
    }
    assert [f"{summary['deletable']:,}", "photos may be deleted"] in data["facts"]


def test_each_picture_is_in_the_page_once(place: Any, photographed: Photographed) -> None:
    report = small_report(photographed)
    data = data_of(write_report(place, report))
    photos = {member.photo.sha256 for one in report.groups for member in one.members}
    photos |= {photo.sha256 for pair in report.loose_pairs for photo in (pair.first, pair.second)}
    differences = [photo for card in data["cards"] for photo in card["photos"] if "difference" in photo]
    assert len(differences) == 5  # two edited, a variant, another photo, a loose pair
    assert len(data["pictures"]) == len(photos) + len(differences)
    for picture in data["pictures"]:
        image = Image.open(io.BytesIO(base64.b64decode(picture)))
        assert image.format == "WEBP"
        assert max(image.size) <= 128
    hostile = next(p for card in data["cards"] for p in card["photos"] if "alert" in p["name"])
    assert data["pictures"][hostile["picture"]], "it has no thumbnail, and its file is at hand"


def test_hostile_texts_are_texts(place: Any, photographed: Photographed) -> None:
    photos = photos_of(photographed)
    evil = {
        "title": "</script><script>alert(1)</script><!--<script>\u2028\ud800",
        "brand": '=HYPERLINK("x")',
        "metal": ["\x1b[31m", "\u202egold"],
    }
    worse = [
        type(photo)(
            photo.id, "=cmd|' /C calc'!A0", "<!-- & --!>.png", "", "", "", 1, 1, 1, '"><img src=x>', payload=evil
        )
        for photo in photos[:1]
    ]
    report = small_report(photographed)
    groups = (group(7, Tier.VARIANT, [*worse, photos[2]]), *report.groups)
    report = DuplicateReport(
        groups,
        (),
        report.counts,
        generation="<b>",
        model="</style>",
        created_at="1",
        catalog_root="/nowhere",
        notes=("<script>",),
    )
    stored = write_report(place, report)
    html = stored.path("report.html").read_text(encoding="utf-8")
    page = Page(html)
    assert [tag for tag, _ in page.tags].count("script") == html.count("<script")
    assert [attrs.get("type") for tag, attrs in page.tags if tag == "script"].count("module") == 1
    assert "<!--" not in html
    assert "<img" not in html
    assert "\x1b" not in html
    assert "\u202e" not in json.dumps(data_of(stored), ensure_ascii=False)
    assert HOSTILE.split("\x1b")[0] in json.dumps(data_of(stored)).replace('\\"', '"')
    table = stored.path("report.csv").read_text(encoding="utf-8")
    cells = [cell for row in csv.reader(io.StringIO(table)) for cell in row]
    assert not [cell for cell in cells if len(cell) > 1 and cell[0] in "=+@\t\r"]
    assert "'=cmd|' /C calc'!A0" in cells
    assert len(table.splitlines()) == 1 + len(rows_of(stored))


def test_a_page_fetches_nothing_and_names_its_script(place: Any, photographed: Photographed) -> None:
    for report in (small_report(photographed), mislabels(photographed), outliers(photographed), clusters(photographed)):
        html = write_report(place, report).path("report.html").read_text(encoding="utf-8")
        policy = policy_of(html.encode())
        assert policy is not None
        assert policy.startswith("default-src 'none'; img-src data:; script-src 'sha256-")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\bfetch\b|import ", html)
        assert not re.search(r"\s(src|href)=|@import|url\(", html.split('<script type="module">')[0])


@pytest.mark.parametrize("make", [mislabels, outliers, clusters])
def test_the_other_reports(place: Any, photographed: Photographed, make: Any) -> None:
    report = make(photographed)
    stored = write_report(place, report)
    data, rows = data_of(stored), rows_of(stored)
    entries = stored.summary.get("shown")
    entries = sum(entries.values()) if isinstance(entries, dict) else entries
    assert len(data["cards"]) == entries
    assert len(rows) == len(list(report.rows()))
    assert data["notes"] == ["a note <b>"]
    assert all(data["pictures"])
    if make is mislabels:
        assert "alert(" in data["cards"][0]["title"]
        assert rows[0]["suggested"] == "'=rings"
    if make is clusters:
        assert len(data["map"]) == 12
        assert [point.get("group") for point in data["map"]].count(None) == 2


def test_pictures_that_have_no_room_are_counted(place: Any, photographed: Photographed, monkeypatch: Any) -> None:
    monkeypatch.setattr("searcher.pages.sheets.picture_sheet.MOST", 3)
    data = data_of(write_report(place, small_report(photographed)))
    assert len(data["pictures"]) == 3
    assert any("pictures are left out" in note for note in data["notes"])


def test_photos_that_are_gone_leave_a_place(tmp_path: Path) -> None:
    data = data_of(write_report(SimpleNamespace(local=tmp_path), large_report(4, tmp_path)))  # type: ignore[arg-type]
    assert set(data["pictures"]) == {""}


def test_the_store(tmp_path: Path) -> None:
    store, place = ReportStore(tmp_path), SimpleNamespace(local=tmp_path)
    assert list(store.reports()) == []
    for kind in KINDS:
        with pytest.raises(ReportMissing, match=f"make it with: searcher {kind}$"):
            store.find(kind)
    first = write_report(place, large_report(2, tmp_path))  # type: ignore[arg-type]
    assert sorted(path.name for path in first.folder.iterdir()) == sorted(FILES)
    assert (first.stale("1"), first.stale("2"), first.stale(None)) == (False, True, True)
    known = store.document("duplicates")
    assert store.document("duplicates") is known
    write_report(place, large_report(3, tmp_path))  # type: ignore[arg-type]
    assert len(store.document("duplicates")["groups"]) == 3
    assert [report.kind for report in store.reports()] == ["duplicates"]
    for text in ("", "{", "[]", '{"kind": "clusters", "generation": "1", "created_at": "", "summary": {}}', "[" * 9999):
        first.path("report.json").write_text(text)
        with pytest.raises(JewelryError, match=r"cannot be read .*make it again with: searcher duplicates"):
            store.document("duplicates")
    assert list(store.reports()) == []


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("")
    with pytest.raises(JewelryError, match="cannot be written") as caught:
        write_report(SimpleNamespace(local=tmp_path), large_report(1, tmp_path))  # type: ignore[arg-type]
    assert len(str(caught.value).splitlines()) == 1


@given(st.text())
def test_no_cell_is_a_formula(text: str) -> None:
    cell = safe(text)
    assert len(cell) < 2 or cell[0] not in "=+-@\t\r\n"
    assert list(csv.reader(io.StringIO(to_csv(["a", "b"], [{"a": text, "b": 1}])))) == [["a", "b"], [cell, "1"]]


def test_values_of_cells() -> None:
    assert [safe(v) for v in (None, True, -3, 0.5, "-", "-1", ["=a", "b"], "a\nb")] == [
        "",
        "yes",
        -3,
        0.5,
        "-",
        "'-1",
        "'=a, b",
        "a b",
    ]


def test_words() -> None:
    evidence = Evidence(
        cosine=0.98765,
        phash_distance=0,
        matched_features=12,
        flipped=True,
        overlap=0.5,
        colour_difference=15,
        decided_by="anna",
    )
    assert evidence_in_words(evidence.to_json()) == [
        "decided by anna",
        "alike by 0.988",
        "same picture hash",
        "12 details in place",
        "mirrored",
        "covers 50 % of it",
        "other colours (ΔE 15.0)",
    ]
    assert evidence_in_words(None) == []
    assert [certainty(p) for p in (None, 1.0, 0.99999, 0.993, 0.5, 0.0)] == ["", "", "99.9 %", "99.3 %", "50 %", "0 %"]
    one = {
        "product_id": "A",
        "category": "rings",
        "payload": {"metal": ["gold"], "price": 10.0, "url": "x", "new": True},
    }
    other = {"product_id": "B", "category": None, "payload": {"metal": ["silver"], "price": 10.0, "currency": "EUR"}}
    assert differing_fields(one, other) == [
        ("category", "rings", ""),
        ("price", "10", "10 EUR"),
        ("metal", "gold", "silver"),
        ("new", "yes", ""),
    ]
    assert differing_fields(one, {**other, "product_id": "A"}) == []
