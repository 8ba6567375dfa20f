"""SearchService against a plain loop in numpy, on real stores and a real (small) network."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import searcher
from indexer.errors import (
    FilterError,
    FingerprintMismatch,
    ImageError,
    JewelryError,
    ModelError,
    StoreMissing,
    UnknownProduct,
    UsageError,
)
from indexer.models.directory import load_model
from indexer.models.embedder import Embedder
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.filters.tree import Filter, Match
from searcher.answers.answer import Answer
from searcher.service import SearchService
from tests.shops.indexes.built_index import (
    Built,
    Photographed,
    draw_payloads,
    nearest_in_a_plain_loop,
    points,
    publish,
    record,
    unit_vectors,
)
from tests.shops.models.tiny_model import write_tiny_model


def ranking(answer: Answer) -> list[tuple[str, float]]:
    return [(match.product_id, match.score) for match in answer.matches]


def assert_same_ranking(answer: Answer, judge: list[tuple[str, float]]) -> None:
    assert [product for product, _ in ranking(answer)] == [product for product, _ in judge]
    assert [score for _, score in ranking(answer)] == pytest.approx([score for _, score in judge], abs=1e-6)


def own_vectors(built: Built, product_id: str) -> np.ndarray:
    return built.vectors[[p["product_id"] == product_id for p in built.payloads]]


@pytest.fixture(scope="module")
def of_built(built: Built) -> Iterator[SearchService]:
    service = SearchService(built.index)
    yield service
    service.close()


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("k", [1, 3, 10, 59, 500])
@pytest.mark.parametrize("product_id", ["P000", "P007", "P010", "P059"])
def test_by_product_is_brute_force_over_all_its_photos(
    of_built: SearchService, built: Built, product_id: str, k: int, exact: bool
) -> None:
    answer = of_built.similar(product_id, k=k, exact=exact)
    assert_same_ranking(answer, nearest_in_a_plain_loop(built, own_vectors(built, product_id), k, without=product_id))
    assert len({match.product_id for match in answer.matches}) == len(answer.matches) == min(k, 59)
    assert answer.generation == "1"
    assert answer.model == "f" * 64


def test_the_photo_shown_is_the_one_that_matched(built: Built) -> None:
    for match in SearchService(built.index).similar("P007", k=20).matches:
        row = next(i for i, p in enumerate(built.payloads) if p["photo"]["path"] == match.photo)
        assert built.payloads[row]["product_id"] == match.product_id
        assert match.payload == built.payloads[row]
        assert match.category == built.payloads[row].get("category")
        best = (own_vectors(built, "P007") @ built.vectors[row]).max()
        assert match.score == pytest.approx(float(best), abs=1e-6)


def test_filters_apply_before_the_ranking(built: Built) -> None:
    texts = ["category!=watches", "price<=300"]
    answer = SearchService(built.index).similar("P003", k=15, where=texts)
    judge = nearest_in_a_plain_loop(
        built,
        own_vectors(built, "P003"),
        15,
        lambda r: r.get("category") != "watches" and "price" in r and r["price"] <= 300,
        without="P003",
    )
    assert_same_ranking(answer, judge)
    assert answer.query.filters == tuple(texts)


def test_a_filter_may_be_one_text_or_a_tree(built: Built) -> None:
    service = SearchService(built.index)
    by_text = service.similar("P003", where="category=rings")
    by_tree = service.similar("P003", where=Filter(must=(Match("category", ("rings",)),)))
    assert ranking(by_text) == ranking(by_tree)
    assert by_text.matches


def test_a_filter_nothing_passes_gives_no_match(built: Built) -> None:
    assert SearchService(built.index).similar("P003", where="price>9000").matches == ()


@pytest.fixture(scope="module", params=[0.0, 0.01, 1.0])
def crowded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Products of 1 to 300 photos, which are equal, near-equal or unlike each other."""
    random, payloads, rows = np.random.default_rng(1), [], []
    for number, count in enumerate([90, 1, 1, 300, 2, 7, 1, 40, 3, 3, 1, 12]):
        centre = random.normal(size=128)
        for rank in range(count):
            path = f"P{number:02d}/{rank}.jpg"
            payloads.append({"product_id": f"P{number:02d}", "photo": {"path": path, "rank": float(rank)}})
            rows.append(centre + request.param * random.normal(size=128))
    vectors = np.asarray(rows, np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = EmbeddedIndex(tmp_path_factory.mktemp("crowded") / "index")
    publish(index, points(payloads, vectors), record())
    return Built(index, index.read(), payloads, vectors)


@pytest.fixture(scope="module")
def of_crowded(crowded: Built) -> Iterator[SearchService]:
    service = SearchService(crowded.index)
    yield service
    service.close()


@pytest.mark.parametrize("k", [1, 5, 12, *(pytest.param(k, marks=pytest.mark.slow) for k in (2, 11))])
@pytest.mark.parametrize("product_id", ["P00", "P01", "P03", "P05"])
def test_many_photos_of_one_product_do_not_crowd_out_others(
    of_crowded: SearchService, crowded: Built, product_id: str, k: int
) -> None:
    answer = of_crowded.similar(product_id, k=k)
    judge = nearest_in_a_plain_loop(crowded, own_vectors(crowded, product_id), k, without=product_id)
    assert_same_ranking(answer, judge)
    assert len(answer.matches) == min(k, 11)


def test_equal_scores_are_ordered_by_product_id(tmp_path: Path) -> None:
    payloads = [{"product_id": f"P{n:03d}", "photo": {"path": f"{n}.jpg", "rank": 0.0}} for n in range(100)]
    vectors = np.repeat(unit_vectors(1), 100, axis=0)
    publish(EmbeddedIndex(tmp_path), points(payloads[::-1], vectors), record())
    answer = SearchService(tmp_path).similar("P050", k=5)
    assert ranking(answer) == [(f"P{n:03d}", 1.0) for n in range(5)]


def test_a_copy_of_a_catalog_photo_finds_its_product_first(photographed: Photographed) -> None:
    service = SearchService(photographed.index)
    for payload in photographed.payloads[::5]:
        photo = photographed.catalog / payload["photo"]["path"]
        for source in (photo, str(photo), photo.read_bytes(), Image.open(photo)):
            first = service.similar(image=source, k=3).matches[0]
            assert first.product_id == payload["product_id"]
            assert first.photo == payload["photo"]["path"]
            assert first.score >= 0.999


def test_by_photo_is_brute_force_over_the_stored_vectors(photographed: Photographed, tmp_path: Path) -> None:
    photo = tmp_path / "query.png"
    Image.fromarray(np.random.default_rng(5).integers(0, 256, (40, 60, 3), dtype=np.uint8)).save(photo)
    vectors = Embedder(photographed.model).embed([photo])
    answer = SearchService(photographed.index).similar(image=photo, k=7, where="category=rings|watches")
    judge = nearest_in_a_plain_loop(photographed, vectors, 7, lambda r: r["category"] in ("rings", "watches"))
    assert_same_ranking(answer, judge)


def test_a_transparent_pillow_image_means_what_its_file_means(photographed: Photographed) -> None:
    image = Image.new("RGBA", (40, 40), (200, 30, 30, 0))
    image.paste((20, 90, 160, 255), (5, 5, 25, 30))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    service = SearchService(photographed.index)
    assert ranking(service.similar(image=image)) == ranking(service.similar(image=buffer.getvalue()))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "YCbCr", "I", "I;16", "F", "HSV"])
def test_a_pillow_image_of_any_mode_is_a_query(photographed: Photographed, mode: str) -> None:
    grey = Image.new("L", (30, 20), 128)
    image = Image.new("I;16", (30, 20), 30000) if mode == "I;16" else grey.convert(mode)
    assert SearchService(photographed.index).similar(image=image, k=1).matches


def test_thumbnails_are_named_where_they_are(photographed: Photographed) -> None:
    thumbnails = [m.thumbnail for m in SearchService(photographed.index).similar("P000", k=11).matches]
    assert all(path is None or path.is_file() for path in thumbnails)
    assert any(thumbnails)
    assert not all(thumbnails), "the fixture leaves one product without a thumbnail"


@pytest.mark.parametrize("k", [0, -1, 10_001])
def test_k_out_of_bounds(built: Built, k: int) -> None:
    with pytest.raises(UsageError, match="give 1 to 10000"):
        SearchService(built.index).similar("P000", k=k)


def test_product_or_photo_not_both_not_neither(built: Built) -> None:
    service = SearchService(built.index)
    for arguments in ({}, {"product_id": "P000", "image": b"x"}):
        with pytest.raises(UsageError, match="either a product id or a photo"):
            service.similar(**arguments)


@pytest.mark.parametrize("unknown", ["P007b", "P0", "nothing like it", "", "\udcff", "P000\n"])
def test_an_unknown_product_is_named(built: Built, unknown: str) -> None:
    with pytest.raises(UnknownProduct, match="is not in the index at") as caught:
        SearchService(built.index).similar(unknown)
    assert "\n" not in str(caught.value)
    if unknown == "P007b":
        assert "did you mean P007" in str(caught.value)


def test_an_unknown_field_lists_the_fields(built: Built) -> None:
    with pytest.raises(FilterError, match=r"did you mean 'price'\?.*price \(number\)"):
        SearchService(built.index).similar("P000", where="prices<=5")


def test_no_index(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match="no index here yet"):
        SearchService(tmp_path / "nowhere").similar("P000")


def test_a_query_photo_that_is_none(photographed: Photographed, tmp_path: Path) -> None:
    service = SearchService(photographed.index)
    text = tmp_path / "text.jpg"
    text.write_text("not a photo")
    for source, complaint in (
        (text, "text.jpg: not an image"),
        (tmp_path / "gone.jpg", "gone.jpg: cannot be read"),
        (tmp_path, "cannot be read"),
        (b"", "query photo: there are no bytes"),
        (b"GIF89a", "not an image"),
        ("nul\0.jpg", "cannot be read"),
    ):
        with pytest.raises(ImageError, match=complaint):
            service.similar(image=source)


def test_a_model_that_is_missing_altered_or_another(photographed: Photographed, tmp_path: Path) -> None:
    photo = photographed.catalog / photographed.payloads[0]["photo"]["path"]
    with pytest.raises(ModelError, match="no such model directory"):
        SearchService(photographed.index, tmp_path / "none").similar(image=photo)
    altered = write_tiny_model(tmp_path / "altered")
    with (altered / "model.onnx").open("ab") as handle:
        handle.write(b"\0")
    with pytest.raises(ModelError, match="was altered after training"):
        SearchService(photographed.index, altered).similar(image=photo)
    other = load_model(write_tiny_model(tmp_path / "other", seed=7))
    with pytest.raises(FingerprintMismatch) as caught:
        SearchService(photographed.index, other.path).similar(image=photo)
    assert other.short in str(caught.value)
    assert load_model(photographed.model).short in str(caught.value)
    assert "indexer sync CATALOG --model" in str(caught.value)
    assert SearchService(photographed.index, other.path).similar("P000").matches, "ids need no model"


def test_a_model_directory_that_moved(
    photographed: Photographed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    index = EmbeddedIndex(tmp_path / "index")
    moved = replace(photographed.store.record, model_path=str(tmp_path / "was-here"))
    publish(index, points(photographed.payloads, photographed.vectors), moved)
    photo = photographed.catalog / photographed.payloads[0]["photo"]["path"]
    with pytest.raises(UsageError, match="was-here any more; name where it is with --model"):
        SearchService(index).similar(image=photo)
    assert SearchService(index, photographed.model).similar(image=photo).matches


def test_a_new_generation_is_picked_up_and_a_new_model_with_it(photographed: Photographed, tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path / "index")
    publish(index, points(photographed.payloads, photographed.vectors), photographed.store.record)
    service = SearchService(index)
    photo = photographed.catalog / photographed.payloads[0]["photo"]["path"]
    assert service.similar(image=photo).generation == "1"
    model = load_model(write_tiny_model(tmp_path / "second", seed=3))
    vectors = Embedder(model).embed(photographed.catalog / p["photo"]["path"] for p in photographed.payloads)
    publish(
        index,
        points(photographed.payloads, vectors),
        replace(photographed.store.record, fingerprint=model.fingerprint, model_path=str(model.path)),
    )
    answer = service.similar(image=photo)
    assert (answer.generation, answer.model) == ("2", model.fingerprint)
    assert answer.matches[0].score >= 0.999


@pytest.mark.slow
def test_every_answer_is_of_one_generation_while_others_are_published_and_pruned(tmp_path: Path) -> None:
    """In generation n every product has the price n; threads ask all the while, old generations are removed."""
    index = EmbeddedIndex(tmp_path)
    payloads = draw_payloads(30)
    vectors = unit_vectors(len(payloads))

    def publish_next(number: int) -> None:
        publish(index, points([{**p, "price": float(number)} for p in payloads], vectors), record(f"{number:064d}"))

    publish_next(1)
    first = index.read()
    before = {point.id for point in first.scroll()}
    service, answers, faults, done = SearchService(index), [], [], threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                answers.append(service.similar("P003", k=29))
            except JewelryError as fault:
                faults.append(fault)
                return

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    for number in range(2, 6):
        publish_next(number)
    done.set()
    for asker in askers:
        asker.join()
    assert not faults
    assert len({answer.generation for answer in answers}) >= 2
    for answer in answers:
        assert {match.payload["price"] for match in answer.matches} == {float(answer.generation)}
        assert answer.model == f"{int(answer.generation):064d}"
        assert len(answer.matches) == 29
    assert index.generations() == ["4", "5"]
    assert service.similar("P003").generation == "5"
    assert {point.id for point in first.scroll()} == before, "a reader outlives its generation's files"
    assert len(first.search(vectors[:1], limit=1000)[0]) == len(payloads)


def test_closed_service_opens_again(built: Built) -> None:
    service = SearchService(built.root)
    first = ranking(service.similar("P001"))
    service.close()
    assert ranking(service.similar("P001")) == first


def test_answers_are_plain_json(built: Built) -> None:
    document = SearchService(built.index).similar("P001", k=2, where="category!=watches").to_json()
    assert set(document) == {"query", "matches", "generation", "model", "took_ms"}
    assert document["query"] == {"product_id": "P001", "k": 2, "where": ["category!=watches"], "exact": False}
    assert set(document["matches"][0]) == {"product_id", "score", "category", "photo", "thumbnail", "payload"}


def test_public_names_can_be_imported() -> None:
    assert searcher.__all__ == sorted(searcher.__all__)
    for name in searcher.__all__:
        assert getattr(searcher, name).__name__ == name
    with pytest.raises(AttributeError):
        _ = searcher.nothing
