"""The same question on the command line, in Python and over HTTP gives the same answer, on both engines."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from indexer.fields.co_views import CoViewed, to_payload
from indexer.fields.roles import CO_VIEWED
from indexer.models.embedder import Embedder
from indexer.photos.fingerprints import sha256
from indexer.store.interface import Index
from searcher.answers.answer import Answer
from searcher.cli.main import main
from searcher.http.app import create_app
from searcher.questions.example import Example
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.shops.catalogs.small_catalog import write_photo
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, make_index
from tests.shops.indexes.built_index import draw_payloads, points, publish, record
from tests.shops.models.tiny_model import write_tiny_model

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]


@dataclass(frozen=True)
class Forms:
    """One index, asked in three ways."""

    index: Index
    service: SearchService
    http: TestClient
    photo: Path
    vector: list[float]


@dataclass(frozen=True)
class Question:
    """A question in its three forms; ``{photo}`` and ``{vector}`` are filled in."""

    python: Callable[[SearchService, Forms], Any]
    command: list[str]
    path: str
    body: Callable[[Forms], dict[str, Any]]


@pytest.fixture(scope="module", params=ENGINES)
def forms(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forms]:
    """Forty products with one to five photos, every kind of field, co-views, and a real (small) network."""
    folder = tmp_path_factory.mktemp(f"forms-{request.param}")
    embedder = Embedder(write_tiny_model(folder / "model"))
    payloads, rows = [], []
    for number, payload in enumerate(draw_payloads(40, seed=2)):
        path = write_photo(folder / "catalog" / payload["photo"]["path"].replace(".jpg", ".png"), seed=number)
        together = [
            CoViewed(f"P{(int(payload['product_id'][1:]) + step) % 40:03d}", 9 - step, 0.5 / step) for step in (3, 7)
        ]
        photo = {**payload["photo"], "path": path.relative_to(folder / "catalog").as_posix()}
        photo["sha256"] = sha256(path.read_bytes())
        payloads.append({**payload, "photo": photo, CO_VIEWED: to_payload(together)})
        rows.append(embedder.embed([path])[0])
    index = make_index(request.param, folder)
    of = record(embedder.model.fingerprint, str(folder / "model"), str(folder / "catalog"))
    publish(index, points(payloads, np.stack(rows)), of)  # type: ignore[arg-type]
    service = SearchService(index)
    asked = write_photo(folder / "asked.png", seed=999)
    settings = ServeSettings(_env_file=None, index=folder / "index")  # type: ignore[call-arg]
    with TestClient(create_app(settings, SearchService(index))) as client:
        yield Forms(index, service, client, asked, [float(x) for x in rows[3]])


def in_base64(forms: Forms) -> str:
    return base64.b64encode(forms.photo.read_bytes()).decode()


QUESTIONS: dict[str, Question] = {
    "product": Question(
        lambda s, _: s.similar("P003", k=5),
        ["similar", "-p", "P003", "-k", "5"],
        "similar",
        lambda _: {"product_id": "P003", "k": 5},
    ),
    "photo": Question(
        lambda s, f: s.similar(image=f.photo),
        ["similar", "-i", "{photo}"],
        "similar",
        lambda f: {"image": in_base64(f)},
    ),
    "crop": Question(
        lambda s, f: s.similar(image=f.photo, crop=(0.1, 0.2, 0.9, 0.8), explain=True),
        ["similar", "-i", "{photo}", "--crop", "0.1,0.2,0.9,0.8", "--explain"],
        "similar",
        lambda f: {"image": in_base64(f), "crop": [0.1, 0.2, 0.9, 0.8], "explain": True},
    ),
    "second page": Question(
        lambda s, _: s.similar("P003", k=4, offset=4),
        ["similar", "-p", "P003", "-k", "4", "--offset", "4"],
        "similar",
        lambda _: {"product_id": "P003", "k": 4, "offset": 4},
    ),
    "filters": Question(
        lambda s, _: s.similar("P003", where=["category=rings|watches", "price<=400"], min_score=-0.5),
        ["similar", "-p", "P003", "-w", "category=rings|watches", "-w", "price<=400", "--min-score", "-0.5"],
        "similar",
        lambda _: {"product_id": "P003", "where": ["category=rings|watches", "price<=400"], "min_score": -0.5},
    ),
    "raw filter": Question(
        lambda s, _: s.similar("P003", where={"must": [{"key": "price", "range": {"lte": 300}}]}),
        ["similar", "-p", "P003", "--filter", '{"must": [{"key": "price", "range": {"lte": 300}}]}'],
        "similar",
        lambda _: {"product_id": "P003", "where": {"must": [{"key": "price", "range": {"lte": 300}}]}},
    ),
    "chosen fields, exact": Question(
        lambda s, _: s.similar("P003", fields=["title", "price"], exact=True),
        ["similar", "-p", "P003", "--field", "title", "--field", "price", "--exact"],
        "similar",
        lambda _: {"product_id": "P003", "fields": ["title", "price"], "exact": True},
    ),
    "style": Question(
        lambda s, _: s.similar("P003", boosts=["in_stock:0.1", "price:-0.05@0..500"], caps=["brand:2"], diversity=0.4),
        [
            "similar",
            "-p",
            "P003",
            "--boost",
            "in_stock:0.1",
            "--boost",
            "price:-0.05@0..500",
            "--cap",
            "brand:2",
            "--diversity",
            "0.4",
        ],
        "similar",
        lambda _: {
            "product_id": "P003",
            "boosts": ["in_stock:0.1", "price:-0.05@0..500"],
            "caps": ["brand:2"],
            "diversity": 0.4,
        },
    ),
    "colours": Question(
        lambda s, _: s.similar("P003", colour=0.3, explain=True),
        ["similar", "-p", "P003", "--colour", "0.3", "--explain"],
        "similar",
        lambda _: {"product_id": "P003", "colour": 0.3, "explain": True},
    ),
    "preset": Question(
        lambda s, _: s.similar("P004", preset="other-category", explain=True),
        ["similar", "-p", "P004", "--preset", "other-category", "--explain"],
        "similar",
        lambda _: {"product_id": "P004", "preset": "other-category", "explain": True},
    ),
    "fallback": Question(
        lambda s, _: s.similar("P003", where=["category=rings", "price<=50"], relax=["price", "*"], explain=True),
        [
            "similar",
            "-p",
            "P003",
            "-w",
            "category=rings",
            "-w",
            "price<=50",
            "--relax",
            "price",
            "--relax",
            "*",
            "--explain",
        ],
        "similar",
        lambda _: {
            "product_id": "P003",
            "where": ["category=rings", "price<=50"],
            "relax": ["price", "*"],
            "explain": True,
        },
    ),
    "facets of an answer": Question(
        lambda s, _: s.similar("P003", facets=["category", "price", "in_stock"]),
        ["similar", "-p", "P003", "--facet", "category", "--facet", "price", "--facet", "in_stock"],
        "similar",
        lambda _: {"product_id": "P003", "facets": ["category", "price", "in_stock"]},
    ),
    "average vector": Question(
        lambda s, _: s.recommend(["P001", "P002"], ["P003"]),
        ["recommend", "--like", "P001", "--like", "P002", "--unlike", "P003"],
        "recommend",
        lambda _: {"positive": ["P001", "P002"], "negative": ["P003"]},
    ),
    "best score": Question(
        lambda s, f: s.recommend(["P001", Example(image=f.photo)], ["P003"], strategy="best_score"),
        ["recommend", "--like", "P001", "--like-photo", "{photo}", "--unlike", "P003", "--strategy", "best_score"],
        "recommend",
        lambda f: {"positive": ["P001", {"image": in_base64(f)}], "negative": ["P003"], "strategy": "best_score"},
    ),
    "dislikes alone": Question(
        lambda s, _: s.recommend([], ["P003"], strategy="best_score", explain=True),
        ["recommend", "--unlike", "P003", "--strategy", "best_score", "--explain"],
        "recommend",
        lambda _: {"negative": ["P003"], "strategy": "best_score", "explain": True},
    ),
    "discover": Question(
        lambda s, _: s.discover("P001", [("P002", "P003"), ("P004", "P005")]),
        ["discover", "--target", "P001", "--rather", "P002", "P003", "--rather", "P004", "P005"],
        "discover",
        lambda _: {
            "target": "P001",
            "context": [{"positive": "P002", "negative": "P003"}, {"positive": "P004", "negative": "P005"}],
        },
    ),
    "context alone": Question(
        lambda s, _: s.discover(None, [("P002", "P003")]),
        ["discover", "--rather", "P002", "P003"],
        "discover",
        lambda _: {"context": [{"positive": "P002", "negative": "P003"}]},
    ),
    "also viewed": Question(
        lambda s, _: s.also_viewed(["P001", "P002"], decay=0.7, co_view_weight=0.3, explain=True, k=6),
        ["also-viewed", "P001", "P002", "--decay", "0.7", "--co-view-weight", "0.3", "--explain", "-k", "6"],
        "also-viewed",
        lambda _: {"product_ids": ["P001", "P002"], "decay": 0.7, "co_view_weight": 0.3, "explain": True, "k": 6},
    ),
    "text": Question(
        lambda s, _: s.text("fine gold pearl unicorn", k=4),
        ["text", "fine", "gold", "pearl", "unicorn", "-k", "4"],
        "text",
        lambda _: {"text": "fine gold pearl unicorn", "k": 4},
    ),
    "classify": Question(
        lambda s, f: s.classify(f.photo, k=3),
        ["classify", "-i", "{photo}", "-k", "3"],
        "classify",
        lambda f: {"image": in_base64(f), "k": 3},
    ),
}


@pytest.fixture(autouse=True)
def same_index(forms: Forms, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command line runs in this process and gets the very index, which a server in memory could not be else."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("JEWELRY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("indexer.settings.IndexerSettings.open_chosen", lambda *_, **__: forms.index)


@pytest.mark.parametrize("name", QUESTIONS)
def test_three_forms_one_answer(forms: Forms, name: str) -> None:
    question = QUESTIONS[name]
    answer = question.python(forms.service, forms).to_json()
    found = answer.get("matches", answer.get("categories"))
    assert found, "a question that nothing answers compares nothing"
    command = [part.replace("{photo}", str(forms.photo)) for part in question.command]
    printed = CliRunner().invoke(main, [*command, "--json"])
    assert printed.exit_code == 0, printed.output
    response = forms.http.post(f"/v1/{question.path}", json=question.body(forms))
    assert response.status_code == 200, response.text
    assert_same(json.loads(printed.stdout), answer)
    assert_same(response.json(), answer)


def test_a_vector_and_a_short_address(forms: Forms) -> None:
    """The two forms that a command line has no use for."""
    by_vector = forms.service.similar(vector=forms.vector, k=5).to_json()
    response = forms.http.post("/v1/similar", json={"vector": forms.vector, "k": 5})
    assert_same(response.json(), by_vector)
    assert by_vector["matches"][0]["score"] == pytest.approx(1.0, abs=1e-6)
    short = forms.http.get("/v1/similar", params={"product_id": "P003", "k": 5, "where": ["price<=400"]})
    assert_same(short.json(), forms.service.similar("P003", k=5, where=["price<=400"]).to_json())


def test_an_upload_is_the_photo(forms: Forms) -> None:
    options = json.dumps({"k": 4, "crop": [0, 0, 1, 0.5], "where": ["category!=watches"]})
    with forms.photo.open("rb") as photo:
        response = forms.http.post("/v1/similar/photo", files={"image": photo}, data={"options": options})
    wanted = forms.service.similar(image=forms.photo, k=4, crop=(0, 0, 1, 0.5), where=["category!=watches"])
    assert_same(response.json(), wanted.to_json())
    with forms.photo.open("rb") as photo:
        named = forms.http.post("/v1/classify/photo", files={"image": photo}, data={"k": "2"})
    assert_same(named.json(), forms.service.classify(forms.photo, k=2).to_json())


def test_many_at_once(forms: Forms, tmp_path: Path) -> None:
    ids = ["P001", "nobody", "P002"]
    answers = forms.service.similar_batch(ids, k=3)
    wanted = [comparable(a.to_json()) if isinstance(a, Answer) else "error" for a in answers]
    assert wanted[1] == "error"
    listed = tmp_path / "ids.txt"
    listed.write_text("\n".join(ids) + "\n")
    printed = CliRunner().invoke(main, ["similar", "--batch", str(listed), "-k", "3", "--json"])
    assert printed.exit_code == 3
    assert "nobody" in printed.stderr
    response = forms.http.post("/v1/batch", json={"queries": ids, "k": 3})
    for document in (json.loads(printed.stdout), response.json()["answers"]):
        found = ["error" if "error" in one else comparable(one) for one in document]
        assert found == alike(wanted)


def test_facets_and_products(forms: Forms) -> None:
    facets = [facet.to_json() for facet in forms.service.facets(["category", "price"], ["in_stock=true"])]
    printed = CliRunner().invoke(main, ["facets", "category", "price", "-w", "in_stock=true", "--json"])
    assert json.loads(printed.stdout)["facets"] == facets
    body = {"fields": ["category", "price"], "where": ["in_stock=true"]}
    assert forms.http.post("/v1/facets", json=body).json()["facets"] == facets
    params = {"field": ["category", "price"], "where": ["in_stock=true"]}
    assert forms.http.get("/v1/facets", params=params).json()["facets"] == facets
    assert facets[0]["values"]
    page = forms.service.product("P005").to_json()
    printed = CliRunner().invoke(main, ["product", "P005", "--json"])
    assert json.loads(printed.stdout) == page
    assert forms.http.get("/v1/products/P005").json() == page


@pytest.mark.parametrize(
    "arguments",
    [
        ["similar", "-p", "P003", "--explain"],
        ["text", "gold"],
        ["facets"],
        ["product", "P003"],
        ["also-viewed", "P001"],
    ],
)
def test_people_get_a_table(forms: Forms, arguments: list[str]) -> None:
    printed = CliRunner().invoke(main, arguments)
    assert printed.exit_code == 0, printed.output
    assert len(printed.stdout.splitlines()) >= 3
    assert "{" not in printed.stdout, "no raw JSON for people"


def assert_same(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert comparable(found) == alike(comparable(wanted))


def alike(value: Any) -> Any:
    """Numbers may differ by what the emulated server's vectors differ from one reading to the next: 3e-8."""
    if isinstance(value, dict):
        return {key: alike(one) for key, one in value.items()}
    if isinstance(value, list):
        return [alike(one) for one in value]
    return pytest.approx(value, abs=1e-6) if isinstance(value, float) else value


def comparable(document: dict[str, Any]) -> dict[str, Any]:
    """Without what differs by nature: the time, the name of a photo that came as bytes, where a picture is."""
    document = json.loads(json.dumps(document))
    document.pop("took_ms")
    document.pop("photo", None)
    query = document.get("query", {})
    for example in [query, query.get("target"), *query.get("positive", ()), *query.get("negative", ())]:
        if isinstance(example, dict) and "image" in example:
            example["image"] = "photo"
    for match in document.get("matches", ()):
        match.pop("thumbnail")
        explanation = match.get("explanation", {})
        if not str(explanation.get("asked_photo")).startswith("P0"):
            explanation.pop("asked_photo", None)
    return document


def test_the_comparison_sees_a_difference(forms: Forms) -> None:
    answer = forms.service.similar("P003", k=2)
    other = replace(answer, matches=answer.matches[::-1])
    assert comparable(answer.to_json()) != alike(comparable(other.to_json()))
    assert comparable(answer.to_json()) == alike(comparable(answer.to_json()))
