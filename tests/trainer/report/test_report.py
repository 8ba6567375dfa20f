"""The report opens from disk: every picture is there and referenced, odd text is harmless, the words are true."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from trainer.evaluation.metrics import category_metrics, per_category_metrics
from trainer.report import plots
from trainer.report.embedding_map import MAX_POINTS, sample_rows, spread_out, tsne
from trainer.report.page import ReportData, chance_precision, write_report
from trainer.report.retrieval_grid import BAD, CELL, FRAME, GAP, GOOD, HITS, NEUTRAL, choose_rows

ODD = '<script>alert("x")</script> & $x_1$ _ring 戒指'


class Page(HTMLParser):
    """Collects what a page refers to, its tags and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.files: set[str] = set()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.alts: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "img", "source", "br"):
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "srcset", "href") and value is not None:
                self.files.add(value)
            if name == "alt" and value is not None:
                self.alts.append(value)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def photos(folder: Path, categories: list[str]) -> list[tuple[Path, str, str]]:
    folder.mkdir(exist_ok=True)
    held_out = []
    for n, category in enumerate(categories):
        path = folder / f"{n}.png"
        Image.new("RGB", (40 + n % 7, 30), (n * 37 % 255, n * 91 % 255, 120)).save(path)
        held_out.append((path, category, f"P{n:03d}"))
    return held_out


def data(folder: Path, categories: list[str], spread: float = 0.6, **changes: Any) -> ReportData:
    rng = np.random.default_rng(0)
    names = sorted(set(categories))
    centres = rng.normal(size=(len(names), 16))
    vectors = np.array([centres[names.index(c)] + spread * rng.normal(size=16) for c in categories], np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    per_category: dict[str, dict[str, Any]] = dict(per_category_metrics(vectors, categories))
    for name, row in per_category.items():
        row["images"] = categories.count(name)
    metrics = {
        "category": category_metrics(vectors, categories),
        "per_category": per_category,
        "product": {"photo_vs_photos": {"R@1": 0.5, "R@5": 0.75, "mAP": 0.6, "queries": 8, "gallery": 40}},
        "edited_copy": {"R@1": 0.8125, "R@5": 0.9, "edits": len(categories)},
        "images": {"count": len(categories), "rejected": 0, "rejects": []},
        "model": {"name": "real", "fingerprint": "ab" * 32, "size": 224, "dimension": 16},
        "untrained": {"P@1": 0.375},
    }
    history = [
        {"epoch": n, "loss": 2 / n, "val_P@1": 0.5 + n / 20, "positive_distance": 1 / n, "negative_distance": 1.2}
        for n in range(1, 6)
    ]
    settings = {"recipe": "default", "weights": None, "objective": {"ratio": [3, 1]}, "note": ODD}
    fields: dict[str, Any] = {
        "history": history,
        "metrics": metrics,
        "held_out": photos(folder, categories),
        "embeddings": vectors,
        "settings": settings,
    }
    return ReportData(**{**fields, **changes})


SHOP = ["rings", "watches", "earrings", ODD] * 9


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    return write_report(folder / "real", data(folder / "photos", SHOP))


def test_every_picture_is_there_and_referenced(written: Path) -> None:
    assert written.name == "report.html"
    assert written.parent.name == "report"
    page = Page(written)
    assert page.open == []
    there = {path.name for path in written.parent.glob("*.png")}
    assert page.files == there
    assert {"curves.png", "precision.png", "map.png", "retrieval-01.png", "map-dark.png"} <= there
    for name in there:
        with Image.open(written.parent / name) as image:
            image.load()
            assert image.width > 600
            assert len(image.convert("RGB").getcolors(1 << 24) or []) > 8  # something is drawn on it


def test_no_network_and_no_script(written: Path) -> None:
    source = written.read_text(encoding="utf-8")
    assert "://" not in source
    assert "$" not in source.replace("$x_1$", "")  # no placeholder was left
    assert not {"script", "link", "iframe"} & set(Page(written).tags)


def test_text_of_the_catalog_is_shown_not_run(written: Path) -> None:
    page = Page(written)
    assert ODD in page.text  # as text: the parser gave it back whole
    assert any(ODD in alt for alt in page.alts)
    assert "<script>" not in written.read_text(encoding="utf-8")


def test_the_figures_are_those_measured(written: Path, tmp_path: Path) -> None:
    text = Page(written).text
    metrics = data(tmp_path / "p", SHOP).metrics
    for value in metrics["category"].values():
        assert f"{value:.3f}" in text
    assert "before training: 37.5 %" in text
    assert "81.2 %" in text
    assert "blind guessing: 22.9 %" in text  # (9 - 1) / (36 - 1)
    assert "36 photos of 36 products in 4 categories" in text
    assert "objective.ratio 3, 1" in text
    assert "weights" not in text  # a setting that was not set


def test_the_same_data_gives_the_same_report(written: Path, tmp_path: Path) -> None:
    again = write_report(tmp_path / "real", data(tmp_path / "photos", SHOP))
    for path in sorted(written.parent.iterdir()):
        assert (again.parent / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.slow
def test_writing_again_leaves_no_old_row(tmp_path: Path) -> None:
    write_report(tmp_path / "m", data(tmp_path / "p", SHOP))
    page = write_report(tmp_path / "m", data(tmp_path / "p", ["a", "b"] * 5))
    assert {path.name for path in page.parent.glob("retrieval-*.png")} <= Page(page).files


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"history": []}, marks=pytest.mark.slow),
        pytest.param({"history": [{"epoch": 1, "loss": 1.0}]}, marks=pytest.mark.slow),
        {"history": [{"loss": float("nan")}, {"loss": 0.5, "learning_rate": 1e-4}]},
        pytest.param({"settings": {}}, marks=pytest.mark.slow),
        pytest.param({"metrics": {}}, marks=pytest.mark.slow),
        {"metrics": {"category": None, "per_category": {}, "product": None, "edited_copy": None}},
    ],
)
def test_missing_parts_leave_a_smaller_report(tmp_path: Path, changes: dict[str, Any]) -> None:
    page = write_report(tmp_path / "m", data(tmp_path / "p", ["a", "b"] * 8, **changes))
    assert {path.name for path in page.parent.glob("*.png")} == Page(page).files


@pytest.mark.parametrize(
    "categories",
    [
        ["a"],
        *(pytest.param(names, marks=pytest.mark.slow) for names in (["a", "b"], ["a", "a"], ["a"] * 4 + ["b"])),
        pytest.param([f"c{n // 2}" for n in range(60)], marks=pytest.mark.slow),
    ],
)
def test_few_photos_and_many_categories(tmp_path: Path, categories: list[str]) -> None:
    given = data(tmp_path / "p", categories)
    given.metrics["category"].update({k: None for k, v in given.metrics["category"].items() if np.isnan(v)})
    page = write_report(tmp_path / "m", given)
    assert {path.name for path in page.parent.glob("*.png")} == Page(page).files


@pytest.mark.slow
def test_a_collapsed_model_still_gets_its_report(tmp_path: Path) -> None:
    page = write_report(tmp_path / "m", data(tmp_path / "p", SHOP, embeddings=np.ones((36, 16), np.float32)))
    assert "map.png" in Page(page).files


def test_a_photo_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    given = data(tmp_path / "p", SHOP)
    for path, _, _ in given.held_out[::2]:
        path.unlink()
    page = write_report(tmp_path / "m", given)
    assert {path.name for path in page.parent.glob("*.png")} == Page(page).files


def test_rejects_are_listed(tmp_path: Path) -> None:
    given = data(tmp_path / "p", SHOP)
    given.metrics["images"].update(rejected=1, rejects=[{"where": "rings/<b>.jpg", "reason": "damaged"}])
    assert "rings/<b>.jpg damaged" in Page(write_report(tmp_path / "m", given)).text


def test_embeddings_must_fit_the_photos(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3 embeddings for 4 photos"):
        write_report(tmp_path, data(tmp_path / "p", ["a", "b"] * 2, embeddings=np.ones((3, 4), np.float32)))


def test_grid_rows_are_the_median_of_each_category_and_the_worst(tmp_path: Path) -> None:
    given = data(tmp_path / "p", ["a", "b", "c"] * 11, spread=1.2)
    categories = [category for _, category, _ in given.held_out]
    rows = choose_rows(given.embeddings, categories)
    cosine = given.embeddings.astype(float) @ given.embeddings.T.astype(float)
    np.fill_diagonal(cosine, -np.inf)

    def average_precision(query: int) -> float:
        hits = [categories[n] == categories[query] for n in np.argsort(-cosine[query], kind="stable")[:-1]]
        return float(np.mean([sum(hits[: i + 1]) / (i + 1) for i, hit in enumerate(hits) if hit]))

    precision = [average_precision(n) for n in range(len(categories))]
    typical = [row.query for row in rows if row.kind == "typical"]
    assert [categories[n] for n in typical] == ["a", "b", "c"]
    for query in typical:
        own = sorted(precision[n] for n in range(len(categories)) if categories[n] == categories[query])
        assert precision[query] == pytest.approx(own[len(own) // 2])
    worst = [row.query for row in rows if row.kind == "worst"]
    best = [row.query for row in rows if row.kind == "best"]
    assert len(worst) == 4
    assert precision[worst[0]] == pytest.approx(min(precision))
    assert len(best) == 2
    others = [n for n in range(len(categories)) if n not in typical]
    assert max(precision[n] for n in best) == pytest.approx(max(precision[n] for n in others))
    assert {categories[n] for n in worst} == {"a", "b", "c"}
    for row in rows:
        best = np.argsort(-cosine[row.query], kind="stable")[:HITS]
        assert row.query not in row.hits
        assert row.hits == tuple(best)
        assert row.scores == pytest.approx(tuple(cosine[row.query][best]), abs=1e-6)


def test_frames_say_right_and_wrong(tmp_path: Path) -> None:
    given = data(tmp_path / "p", ["a", "b", "c"] * 11, spread=1.2)
    page = write_report(tmp_path / "m", given)
    categories = [category for _, category, _ in given.held_out]
    seen = set()
    for number, row in enumerate(choose_rows(given.embeddings, categories), start=1):
        with Image.open(page.parent / f"retrieval-{number:02d}.png") as image:
            strip = image.convert("RGB")
        right = [categories[hit] == categories[row.query] for hit in row.hits]
        expected = [NEUTRAL, *(GOOD if r else BAD for r in right)]
        for place, colour in enumerate(expected):
            x = GAP // 2 + place * (CELL + 2 * FRAME + GAP) + FRAME // 2
            red, green, blue = strip.getpixel((x, CELL // 2))  # type: ignore[misc]
            assert f"#{red:02x}{green:02x}{blue:02x}" == colour
            seen.add(colour)
        for place, shown in enumerate((row.query, *row.hits)):
            x = GAP // 2 + place * (CELL + 2 * FRAME + GAP) + FRAME + CELL // 2
            with Image.open(given.held_out[shown][0]) as photo:  # photos of one colour: the strip shows that one
                assert strip.getpixel((x, FRAME + CELL // 2)) == photo.getpixel((0, 0))
    assert seen == {NEUTRAL, GOOD, BAD}


def test_chance() -> None:
    assert chance_precision(["a"] * 3 + ["b"] * 3) == pytest.approx(2 / 5)
    # Two photos of a find each other in 1 of 3 draws; the lone b asks nothing.
    assert chance_precision(["a", "a", "b", "c"]) == pytest.approx(1 / 3)
    assert chance_precision(["a", "b"]) == chance_precision([]) == 0.0


def random_vectors(n: int) -> NDArray[np.float32]:
    return np.random.default_rng(3).normal(size=(n, 8)).astype(np.float32)


def test_the_map_keeps_islands_apart_and_is_the_same_every_time() -> None:
    vectors = random_vectors(60) * 0.05
    vectors[:30, 0] += 1
    places = tsne(vectors)
    assert places.shape == (60, 2)
    assert places.min() >= 0
    assert places.max() <= 1
    assert np.array_equal(places, tsne(vectors))
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    nearest = apart.argmin(axis=1)
    assert np.mean((nearest < 30) == (np.arange(60) < 30)) == 1.0


def test_a_large_collection_is_sampled() -> None:
    rows = sample_rows(5 * MAX_POINTS)
    assert len(rows) == len(set(rows.tolist())) == MAX_POINTS
    assert (np.diff(rows) > 0).all()
    assert np.array_equal(sample_rows(10), np.arange(10))


def test_thumbnails_are_spread_out() -> None:
    places = np.random.default_rng(0).random((300, 2))
    chosen = spread_out(places, 20, apart=0.1)
    gaps = np.linalg.norm(places[chosen][:, None] - places[chosen][None], axis=2) + 9 * np.eye(len(chosen))
    assert len(chosen) == 20
    assert gaps.min() >= 0.1
    assert len(spread_out(np.zeros((5, 2)), 20, apart=0.1)) == 1


def test_pyplot_is_never_imported(written: Path) -> None:
    import sys

    assert written.is_file()
    assert "matplotlib.pyplot" not in sys.modules


def test_categories_look_different() -> None:
    for theme in (plots.LIGHT, plots.DARK):
        assert len({plots.category_style(n, theme) for n in range(80)}) == 80
