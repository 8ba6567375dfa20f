"""What a report says of confusions, look-alikes, label suspects and the trade-off, and that it copes without any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.trainer.report.test_report import ODD, Page, data
from trainer.report.confusions import confusion, look_alikes, nearest_rows
from trainer.report.figures import figures
from trainer.report.page import write_report
from trainer.report.trade_off import trade_off_of

POINTS = [
    {"detail": round(1 - n / 10, 1), "P@1": 0.9, "P@10": 0.5 + n / 25, "mAP": 0.8, "edited_copy": 0.9 - n / 20}
    for n in range(11)
]


def test_the_matrix_counts_what_was_taken_for_what() -> None:
    found = confusion(["a", "a", "a", "b", "c"], ["a", "a", "b", "b", "d"])
    assert found.names == ("a", "b", "c", "d")
    assert found.counts.tolist() == [[2, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert found.right == pytest.approx(3 / 5)


def test_nearest_is_exact_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.report.confusions.BLOCK", 7)
    vectors = np.random.default_rng(1).normal(size=(30, 5)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -2)
    rows, scores = nearest_rows(vectors)
    assert rows.tolist() == cosine.argmax(axis=1).tolist()
    assert scores == pytest.approx(cosine.max(axis=1), abs=1e-6)


def test_look_alikes_are_the_commonest_pairs_with_their_most_similar_two() -> None:
    categories = ["a", "b", "a", "b", "c", "a"]
    nearest = np.array([1, 0, 3, 5, 5, 2])
    scores = np.array([0.5, 0.5, 0.9, 0.7, 0.99, 0.8], np.float32)
    found = look_alikes(categories, nearest, scores)
    assert [(one.photo, one.nearest, one.times) for one in found] == [(2, 3, 4), (4, 5, 1)]
    assert found[0].score == pytest.approx(0.9)
    assert len(look_alikes(categories, nearest, scores, at_most=1)) == 1


def test_the_trade_off_is_read_in_order_and_says_where_the_model_stands() -> None:
    curve = trade_off_of({"training": {"trade_off": POINTS}, "head": {"detail_share": 0.35}})
    assert curve is not None
    assert curve.shares[0] == 0
    assert curve.shares[-1] == 1
    assert curve.taken == pytest.approx(0.35)
    assert curve.at("P@10", 0) == pytest.approx(0.9)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"training": None},
        {"training": {"trade_off": []}},
        {"training": {"trade_off": POINTS[:1]}},
        {"training": {"trade_off": [{"detail": "x"}, 3, None]}},
        {"training": {"trade_off": [{"share": 0.1}, {"share": 0.2}]}},
    ],
)
def test_a_record_without_a_curve_has_none(record: dict[str, Any]) -> None:
    assert trade_off_of(record) is None


def test_figures_take_what_was_measured() -> None:
    measured = figures(
        {
            "category": {"P@1": 0.9, "P@10": None, "mAP": 0.8},
            "untrained": {"P@1": 0.5},
            "classic": {"category": {"P@1": 0.7}, "edited_copy": {"R@1": 0.4}},
            "edited_copy": {"R@1": 0.95},
            "product": {"query_vs_gallery": None, "query_vs_catalog": {"R@1": 0.6}},
            "intervals": {"category": {"P@1": [0.85, 0.94], "mAP": None}, "edited_copy": {"R@1": [0.9, 0.97]}},
        }
    )
    assert [(one.name, one.value, one.interval, one.before, one.classic) for one in measured] == [
        ("P@1", 0.9, (0.85, 0.94), 0.5, 0.7),
        ("mAP", 0.8, None, None, None),
        ("edited copy", 0.95, (0.9, 0.97), None, 0.4),
        ("product", 0.6, None, None, None),
    ]
    assert figures({}) == figures({"category": None, "product": None, "edited_copy": None, "intervals": None}) == []


def test_a_page_with_all_of_it(tmp_path: Path) -> None:
    categories = ["rings", ODD] * 3
    suspects = [{"key": f"{ODD}/{n}.jpg", "label": ODD, "suggested": "rings", "confidence": 0.875} for n in range(40)]
    record = {
        "training": {"trade_off": POINTS, "label_suspects": suspects, "seen": {"held_out": 3}},
        "head": {"detail_share": 0.35},
    }
    given = data(
        tmp_path / "p",
        categories,
        spread=1.5,
        record=record,
        given=["rings"] * len(categories),
        name="shop",
        history=[],
    )
    given.metrics["intervals"] = {"level": 0.95, "category": {"P@1": [0.31, 0.69]}, "edited_copy": {"R@1": [0.7, 0.9]}}
    given.metrics["classic"] = {"category": {"P@1": 0.25}}
    page = Page(write_report(tmp_path / "m", given))
    assert {path.name for path in (tmp_path / "m" / "report").glob("*.png")} == page.files
    assert "script" not in page.tags
    for said in (
        "3 photos of these: expect less",
        "95 % interval: 31.0 to 69.0 %",
        "0.310 to 0.690",
        "classic recipe",
        "those on the diagonal are right, 50.0 % of all",
        "40 training photos may be filed wrongly",
        "88 %",
        "… and 10 more",
        "Hardest confusions",
        "More of the kind, or more of the very piece",
    ):
        assert said in page.text, said


def test_photos_without_categories_are_shown_and_not_judged(tmp_path: Path) -> None:
    given = data(tmp_path / "p", [""] * 6, history=[])
    given.metrics.update({"category": None, "per_category": {}})
    page = Page(write_report(tmp_path / "m", given))
    assert "taken evenly from all photos" in page.text
    assert "What is taken for what" not in page.text
    assert "6 photos of 6 products that took no part" in page.text
    assert 'class="wrong"' not in (tmp_path / "m" / "report" / "report.html").read_text(encoding="utf-8")


def test_a_model_that_was_not_measured_has_a_report_all_the_same(tmp_path: Path) -> None:
    nothing = np.empty((0, 16), np.float32)
    given = data(tmp_path / "p", ["a", "b"], held_out=[], embeddings=nothing, metrics={}, name="few", history=[])
    page = Page(write_report(tmp_path / "m", given))
    assert "nothing was measured" in page.text
    assert "few" in page.text
