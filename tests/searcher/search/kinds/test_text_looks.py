"""Texts asked by looks: three forms, both engines; and that everything else works without a text model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from starlette.testclient import TestClient

from indexer.errors import FingerprintMismatch, MissingExtra, ModelError, UsageError
from indexer.models.embedder import Embedder
from indexer.models.text_directory import find_files
from indexer.models.text_model import TextModel, TextTower
from indexer.store.interface import Index
from indexer.sync.run import sync
from searcher.cli.main import main
from searcher.client.client import Client
from searcher.http.app import create_app
from searcher.mcp.arguments import SearchText
from searcher.mcp.tools import TOOLS
from searcher.search.kinds.text import CUT, NOT_AT_HAND
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.searcher.http.conversation import running
from tests.shops.catalogs.small_catalog import write_manifest
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, make_index
from tests.shops.models.tiny_model import write_tiny_model
from tests.shops.models.tiny_text_model import COLOURS, write_tiny_text_model

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]

PRODUCTS = 20


@dataclass(frozen=True)
class Shop:
    """Twenty rings of five colours, two photos each; their titles say nothing of colours, but one lies."""

    folder: Path
    index: Index
    plain: Index
    service: SearchService
    http: TestClient
    colours: dict[str, str]

    def nearest(self, text: str, k: int = PRODUCTS) -> list[tuple[str, float]]:
        """The judge: each product's best cosine by a plain loop over the photos."""
        asked = TextTower(find_files(self.folder / "clip")).embed([text])[0].astype(np.float64)
        best: dict[str, float] = {}
        for path in sorted((self.folder / "catalog").glob("*/*.png")):
            seen = TextModel(self.folder / "clip").embed([path])[0]
            best[path.parent.name] = max(best.get(path.parent.name, -2.0), float(asked @ seen))
        return sorted(best.items(), key=lambda item: (-round(item[1], 6), item[0]))[:k]


@pytest.fixture(scope="module", params=ENGINES)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp(f"looks-{request.param}")
    random, rows, colours = np.random.default_rng(0), [], {}
    for number in range(PRODUCTS):
        product, colour = f"R{number:02d}", list(COLOURS)[number % 5]
        colours[product] = colour
        keys = []
        for photo in range(2):
            base = np.clip(np.array(COLOURS[colour]) * 60 + 128 + random.normal(0, 12, 3), 0, 255)
            pixels = np.clip(base + random.normal(0, 10, (40, 48, 3)), 0, 255).astype(np.uint8)
            path = folder / "catalog" / product / f"{photo}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
            keys.append(path.relative_to(folder / "catalog").as_posix())
        title = "Red ring" if number == 1 else f"Ring No {number}"
        rows.append(
            {
                "product_id": product,
                "image": "|".join(keys),
                "category": "rings",
                "title": title,
                "price": str(10 * number),
            }
        )
    write_manifest(folder / "catalog", rows)
    write_tiny_model(folder / "model")
    index, plain = make_index(request.param, folder), make_index(request.param, folder / "plain")
    sync(folder / "catalog", folder / "model", index, text_model=write_tiny_text_model(folder / "clip"))
    sync(folder / "catalog", folder / "model", plain)
    settings = ServeSettings(_env_file=None, index=folder / "index")  # type: ignore[call-arg]
    with TestClient(create_app(settings, SearchService(index))) as client:
        yield Shop(folder, index, plain, SearchService(index), client, colours)


@pytest.fixture(autouse=True)
def same_index(shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("JEWELRY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("indexer.settings.IndexerSettings.open_chosen", lambda *_, **__: shop.index)


def ids(answer: Any) -> list[str]:
    return [match.product_id for match in answer.matches]


@pytest.mark.parametrize("colour", COLOURS)
def test_a_colour_finds_its_photos_whatever_the_titles_say(shop: Shop, colour: str) -> None:
    answer = shop.service.text(f"a {colour} ring", k=4)
    assert {shop.colours[found] for found in ids(answer)} == {colour}
    judged = shop.nearest(f"a {colour} ring", 4)
    assert ids(answer) == [product for product, _ in judged]
    assert [match.score for match in answer.matches] == pytest.approx([score for _, score in judged], abs=1e-5)
    assert answer.query.to_json()["mode"] == "looks"
    words = shop.service.text("red", k=4, mode="words")
    assert ids(words) == ["R01"]
    assert words.query.to_json()["mode"] == "words"


QUESTIONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "auto": ({}, []),
    "looks": ({"mode": "looks"}, ["--mode", "looks"]),
    "words": ({"mode": "words"}, ["--mode", "words"]),
    "filtered": ({"where": ["price<=90"], "k": 3}, ["-w", "price<=90", "-k", "3"]),
    "second page": ({"k": 3, "offset": 3}, ["-k", "3", "--offset", "3"]),
    "explained": ({"explain": True, "exact": True}, ["--explain", "--exact"]),
    "style": (
        {"diversity": 0.5, "boosts": ["price:0.1@0..200"]},
        ["--diversity", "0.5", "--boost", "price:0.1@0..200"],
    ),
    "least score": ({"min_score": 0.9, "facets": ["price"]}, ["--min-score", "0.9", "--facet", "price"]),
}


def comparable(document: dict[str, Any]) -> dict[str, Any]:
    document = {name: value for name, value in document.items() if name != "took_ms"}
    document["query"] = {k: v for k, v in document["query"].items() if k not in ("where", "options")}
    document["matches"] = [{k: v for k, v in m.items() if k != "thumbnail"} for m in document["matches"]]
    return json.loads(json.dumps(document))  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", QUESTIONS)
def test_three_forms_one_answer(shop: Shop, name: str) -> None:
    wanted, command = QUESTIONS[name]
    answer = comparable(shop.service.text("a red ring", **wanted).to_json())
    assert answer["matches"]
    printed = CliRunner().invoke(main, ["text", "a", "red", "ring", *command, "--json"])
    assert printed.exit_code == 0, printed.output
    response = shop.http.post("/v1/text", json={"text": "a red ring", **wanted})
    assert response.status_code == 200, response.text
    assert comparable(json.loads(printed.stdout)) == answer
    assert comparable(response.json()) == answer


def test_the_client_and_the_tools_of_a_language_model_choose_a_mode_too(shop: Shop) -> None:
    settings = ServeSettings(_env_file=None, index=shop.folder / "index")  # type: ignore[call-arg]
    app = create_app(settings, SearchService(shop.index))
    with running(app) as port, Client(f"http://127.0.0.1:{port}") as client:
        for mode, found in (("words", 1), ("looks", 4)):
            assert len(client.text("red", mode=mode, k=4)["matches"]) == found  # type: ignore[arg-type]
        assert client.text("red", k=4)["matches"] == client.text("red", mode="looks", k=4)["matches"]
    tool = TOOLS["search_text"]
    for mode, found in (("words", 1), ("looks", 4), ("auto", 4)):
        answer = tool.ask(shop.service, SearchText(text="red", mode=mode, k=4))  # type: ignore[arg-type]
        assert len(answer.document["matches"]) == found


def test_filters_pages_and_scores_are_those_of_every_question(shop: Shop) -> None:
    everything = shop.nearest("a blue ring")
    first, second = (ids(shop.service.text("a blue ring", k=5, offset=offset)) for offset in (0, 5))
    assert [*first, *second] == [product for product, _ in everything[:10]]
    cheap = ids(shop.service.text("a blue ring", k=PRODUCTS, where="price<=90"))
    assert cheap == [product for product, _ in everything if int(product[1:]) <= 9]
    near = shop.service.text("a blue ring", k=PRODUCTS, min_score=0.5)
    assert ids(near) == [product for product, score in everything if score >= 0.5]


def test_a_long_text_is_cut_with_a_note(shop: Shop) -> None:
    answer = shop.service.text("red " * 100, k=4)
    assert answer.notes == (CUT,)
    assert {shop.colours[found] for found in ids(answer)} == {"red"}


@pytest.mark.parametrize(
    ("text", "mode"), [("", "auto"), (" \n", "looks"), ("x" * 1001, "looks"), ("\ud800", "auto"), ("red", "colours")]
)
def test_what_is_no_question_is_refused_in_one_line(shop: Shop, text: str, mode: Any) -> None:
    with pytest.raises(UsageError) as error:
        shop.service.text(text, mode=mode)
    assert "\n" not in str(error.value)


def test_http_refuses_an_unknown_mode(shop: Shop) -> None:
    response = shop.http.post("/v1/text", json={"text": "red", "mode": "colours"})
    assert response.status_code == 422


def test_an_index_without_a_text_model_answers_by_words(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    service = SearchService(shop.plain)
    answer = service.text("red", k=4)
    assert (ids(answer), answer.notes) == (["R01"], ())
    with pytest.raises(UsageError, match=r"has no text model.*docs/asking\.md.*indexer sync .* --text-model") as error:
        service.text("red", mode="looks")
    assert "\n" not in str(error.value)
    given = SearchService(shop.plain, text_model=shop.folder / "clip")
    assert ids(given.text("red")) == ["R01"]


def test_without_the_package_everything_but_looks_answers(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    service = SearchService(shop.index)
    assert len(ids(service.similar("R03"))) == 10
    assert len(ids(service.similar(image=shop.folder / "catalog" / "R03" / "0.png"))) == 10
    assert ids(service.recommend(["R03"], ["R04"]))
    assert service.facets(["price"])
    by_words = service.text("red", k=4)
    assert (ids(by_words), by_words.notes) == (["R01"], (NOT_AT_HAND,))
    unknown = service.text("red unicorn", k=4)
    assert unknown.notes[0] == NOT_AT_HAND
    assert "unicorn" in unknown.notes[1]
    with pytest.raises(MissingExtra, match=r"jewelry-similarity\[text\]"):
        service.text("red", mode="looks")


def test_nothing_but_a_question_by_looks_imports_the_package(shop: Shop) -> None:
    code = (
        "import sys; from searcher.service import SearchService; import searcher.cli, indexer.cli, indexer.sync\n"
        "import searcher.search.kinds.text, searcher.search.reading.texts\n"
        "assert not {'tokenizers', 'onnxruntime'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[4])


def test_image_questions_are_the_same_with_a_text_model_and_without(shop: Shop) -> None:
    plain, rich = (SearchService(index) for index in (shop.plain, shop.index))
    for ask in (
        lambda s: s.similar("R03", explain=True),
        lambda s: s.recommend(["R03"], ["R04"], strategy="best_score"),
        lambda s: s.similar("R03", diversity=0.5),
        lambda s: s.also_viewed(["R01", "R02"]),
    ):
        one, other = (comparable(ask(service).to_json()) for service in (plain, rich))
        for document in (one, other):
            document.pop("generation")
        for match in (*one["matches"], *other["matches"]):
            match["payload"].pop("indexed_at")
        assert one == other


def test_a_text_model_that_is_another_or_gone(shop: Shop, tmp_path: Path) -> None:
    other = write_tiny_text_model(tmp_path / "other", seed=1)
    for path, error in ((other, FingerprintMismatch), (tmp_path / "nowhere", ModelError)):
        service = SearchService(shop.index, text_model=path)
        with pytest.raises(error) as raised:
            service.text("red", mode="looks")
        assert "\n" not in str(raised.value)
        assert service.text("red").notes == (NOT_AT_HAND,)
    copy = write_tiny_text_model(tmp_path / "copy")
    assert ids(SearchService(shop.index, text_model=copy).text("a red ring", k=4)) == ids(
        shop.service.text("a red ring", k=4)
    )


def test_the_place_of_a_text_model_that_moved_can_be_named(tmp_path: Path, shop: Shop) -> None:
    index = make_index("embedded", tmp_path)
    clip = write_tiny_text_model(tmp_path / "clip")
    sync(shop.folder / "catalog", shop.folder / "model", index, text_model=clip)
    moved = clip.rename(tmp_path / "moved")
    with pytest.raises(ModelError, match=r"clip: the text model of the index .* JEWELRY_TEXT_MODEL, or ask by words"):
        SearchService(index).text("red", mode="looks")
    assert ids(SearchService(index, text_model=moved).text("a red ring", k=4))


def test_another_generation_asks_for_its_own_text_model(tmp_path: Path, shop: Shop) -> None:
    index = make_index("embedded", tmp_path)
    first, second = write_tiny_text_model(tmp_path / "one"), write_tiny_text_model(tmp_path / "two", seed=1)
    sync(shop.folder / "catalog", shop.folder / "model", index, text_model=first)
    service = SearchService(index)
    before = service.text("a red ring", k=4)
    sync(shop.folder / "catalog", shop.folder / "model", index, text_model=second)
    after = service.text("a red ring", k=4)
    assert (ids(after), before.generation) == (ids(before), "1")
    assert after.generation == "2"
    service.close()
    assert ids(service.text("a red ring", k=4)) == ids(after)


def test_a_looks_vector_is_no_photo_of_the_image_model(shop: Shop) -> None:
    """The two spaces do not mix: the image model's vectors have another length, and go by another name."""
    row = Embedder(shop.folder / "model").embed([shop.folder / "catalog" / "R00" / "0.png"])[0]
    assert ids(shop.service.similar(vector=row, k=1)) == ["R00"]
