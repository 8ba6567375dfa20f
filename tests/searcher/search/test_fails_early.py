"""A question that is wrong fails before a photo is read or fetched, in Python, on the command line and over HTTP."""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from indexer.errors import FilterError, FingerprintMismatch, ImageError, ModelError, UnknownProduct, UsageError
from searcher.cli.main import main
from searcher.http.app import create_app
from searcher.questions.example import Example
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.shops.indexes.built_index import Photographed
from tests.shops.models.tiny_model import write_tiny_model

BROKEN = b"no photo at all"
IN_BASE64 = base64.b64encode(BROKEN).decode()
URL = "http://127.0.0.1:9/ring.jpg"
PHOTO = {"image": IN_BASE64}


@dataclass(frozen=True)
class Wrong:
    """An option that is wrong, in its three forms (Python and HTTP say it alike), and what is said of it."""

    wanted: dict[str, Any]
    flags: list[str]
    complaint: str


@dataclass(frozen=True)
class Asked:
    """A question about a photo in its three forms; ``{photo}`` is a file that holds none."""

    python: Callable[..., Any]
    command: list[str]
    path: str
    body: dict[str, Any]


NO_FIELD = {"must": [{"key": "colour", "match": {"value": "red"}}]}
WRONG = {
    "filter": Wrong({"where": ["colour=red"]}, ["-w", "colour=red"], "filter 'colour=red': there is no field"),
    "filter in JSON": Wrong({"where": NO_FIELD}, ["--filter", json.dumps(NO_FIELD)], "there is no field 'colour'"),
    "value": Wrong({"where": ["price<=dear"]}, ["-w", "price<=dear"], "price is a number, which 'dear' is not"),
    "boost": Wrong({"boosts": ["colour:0.1"]}, ["--boost", "colour:0.1"], "boost 'colour:0.1': there is no field"),
    "cap": Wrong({"caps": ["price:2"]}, ["--cap", "price:2"], "cap 'price:2': price is a number"),
    "relax": Wrong({"relax": ["colour"]}, ["--relax", "colour"], "relax 'colour': there is no field"),
    "no preset": Wrong({"preset": "same-mood"}, ["--preset", "same-mood"], "there is no preset 'same-mood'"),
    "no field": Wrong({"preset": "same-stone"}, ["--preset", "same-stone"], "preset same-stone needs a keyword field"),
    "preset": Wrong({"preset": "other-metal"}, ["--preset", "other-metal"], "what is asked with has no metal"),
    "facet": Wrong({"facets": ["title"]}, ["--facet", "title"], "title is a text field; facets need"),
}

ASKED = {
    "photo": Asked(
        lambda s, p, **w: s.similar(image=p, **w), ["similar", "-i", "{photo}"], "similar", {"image": IN_BASE64}
    ),
    "address": Asked(lambda s, _, **w: s.similar(url=URL, **w), ["similar", "--url", URL], "similar", {"url": URL}),
    "recommend": Asked(
        lambda s, p, **w: s.recommend(["P001", p], ["P002"], **w),
        ["recommend", "--like", "P001", "--like-photo", "{photo}", "--unlike", "P002"],
        "recommend",
        {"positive": ["P001", PHOTO], "negative": ["P002"]},
    ),
    "discover": Asked(
        lambda s, p, **w: s.discover(p, [("P001", "P002")], **w),
        ["discover", "--target-photo", "{photo}", "--rather", "P001", "P002"],
        "discover",
        {"target": PHOTO, "context": [{"positive": "P001", "negative": "P002"}]},
    ),
}


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is not a photo; and whoever fetches one fails."""

    def fetch(_: object, url: str) -> bytes:
        raise ImageError(f"{url} was fetched")

    monkeypatch.setattr("indexer.photos.fetch.fetcher.Fetcher.fetch", fetch)
    path = tmp_path / "broken.jpg"
    path.write_bytes(BROKEN)
    return path


@pytest.fixture(scope="module")
def served(photographed: Photographed) -> Iterator[TestClient]:
    settings = ServeSettings(_env_file=None, index=photographed.root, rate_limit=0)  # type: ignore[call-arg]
    app = create_app(settings, SearchService(photographed.index))
    with TestClient(app, base_url="http://localhost") as client:
        yield client


@pytest.fixture
def http(served: TestClient, photographed: Photographed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """The service's client; commands ask the same index, and see no setting from outside."""
    for name in [name for name in os.environ if name.startswith("JEWELRY_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("indexer.settings.IndexerSettings.open_chosen", lambda *_, **__: photographed.index)
    return served


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_option_is_told_before_the_photo_in_three_forms(
    service: SearchService, http: TestClient, broken: Path, asked: Asked, wrong: Wrong
) -> None:
    with pytest.raises(UsageError) as caught:
        asked.python(service, broken, **wrong.wanted)
    said = str(caught.value)
    assert wrong.complaint in said
    printed = CliRunner().invoke(main, [*(part.format(photo=broken) for part in asked.command), *wrong.flags])
    assert (printed.exit_code, printed.stderr) == (2, f"Error: {said}\n")
    response = http.post(f"/v1/{asked.path}", json={**asked.body, **wrong.wanted})
    assert (response.status_code, response.json()["detail"]) == (422, said)


class Unread(io.RawIOBase):
    """A pipe that nobody may read."""

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        if len(into):  # the runner asks for nothing, to see whether these are bytes
            raise AssertionError("the pipe was read")
        return 0


PIPED = {
    "similar": ["similar", "-i", "-"],
    "recommend": ["recommend", "--like-photo", "-", "--unlike", "P002"],
    "discover": ["discover", "--target-photo", "-", "--rather", "P001", "P002"],
}
WRONG_FLAGS = [
    *((wrong.flags, wrong.complaint) for wrong in WRONG.values()),
    (["-k", "0"], "k is 0; give 1 to 10000"),
    (["--filter", "{"], "--filter is not JSON"),
    (["--html", "/no/such/folder/x.html"], "/no/such/folder"),
]
WRONG_PIPES = [
    *(([*command, *flags], complaint) for command in PIPED.values() for flags, complaint in WRONG_FLAGS),
    (["similar", "-i", "-", "--crop", "0,0"], "--crop '0,0' is not LEFT,TOP,RIGHT,BOTTOM"),
    (["similar", "-i", "-", "--crop", "0,0,0,1"], "the crop box (0.0, 0.0, 0.0, 1.0) is empty"),
    (["recommend", "--like-photo", "-", "--like", "P001x"], "did you mean P001"),
    (["classify", "-i", "-", "-k", "0"], "k is 0; give 1 to 1000"),
    (["classify", "-i", "-", "--crop", "0,0"], "--crop '0,0' is not LEFT,TOP,RIGHT,BOTTOM"),
    (["classify", "-i", "-", "--url", URL], "several are given"),
    (["duplicates", "-i", "-", "--url", URL], "several are given"),
]


@pytest.mark.parametrize(("command", "complaint"), WRONG_PIPES)
def test_a_pipe_is_read_when_the_rest_makes_sense(http: TestClient, command: list[str], complaint: str) -> None:
    printed = CliRunner().invoke(main, command, input=Unread())
    assert printed.exit_code in (1, 2)
    assert complaint in printed.stderr


@pytest.mark.parametrize("command", [*PIPED.values(), ["classify", "-i", "-"], ["duplicates", "-i", "-"]])
def test_a_pipe_is_read_in_the_end(http: TestClient, command: list[str]) -> None:
    assert "the pipe was read" in CliRunner().invoke(main, command, input=Unread()).stderr


REPORT = {
    "--where": "colour=red",
    "--tier": "nope",
    "--since": "never",
    "-k": "0",
    "--limit": "20",
    "--budget": "1",
    "--verifier": "gone.json",
    "--html": "/no/such/folder/x.html",
    "--csv": "/no/such/folder/x.csv",
    "--port": "1",
}


@pytest.mark.parametrize("photo", [["-i", "-"], ["--url", URL]])
@pytest.mark.parametrize("flags", [*map(list, REPORT.items()), ["--review"], ["--since", "never", "--tier", "nope"]])
def test_options_of_the_report_beside_a_photo_are_refused(photo: list[str], flags: list[str]) -> None:
    printed = CliRunner().invoke(main, ["duplicates", *photo, *flags], input=Unread())
    assert printed.exit_code == 2
    assert all(flag in printed.stderr for flag in flags if flag.startswith("-"))
    assert "check one photo, without it" in printed.stderr


def test_tiers_and_places_are_told_before_the_index_is_opened(tmp_path: Path) -> None:
    for flags, complaint in ((["--tier", "nope"], "no tier 'nope'"), (["--csv", "/no/such/folder/x"], "/no/such")):
        printed = CliRunner().invoke(main, ["duplicates", "--index", str(tmp_path / "none"), *flags])
        assert printed.exit_code == 2
        assert complaint in printed.stderr


NO_BASE64 = {"image": "!!"}
BODIES: dict[str, dict[str, Any]] = {
    "similar": NO_BASE64,
    "recommend": {"positive": ["P001", NO_BASE64]},
    "discover": {"target": NO_BASE64, "context": [{"positive": "P001", "negative": NO_BASE64}]},
}


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_option_is_told_before_base64_is_read(http: TestClient, path: str, wrong: Wrong) -> None:
    response = http.post(f"/v1/{path}", json={**BODIES[path], **wrong.wanted})
    assert wrong.complaint in response.json()["detail"]
    assert "image: this is not base64" in http.post(f"/v1/{path}", json=BODIES[path]).json()["detail"]


def test_base64_is_read_last_by_the_other_routes_too(http: TestClient) -> None:
    wrong = http.post("/v1/batch", json={"queries": [NO_BASE64, "P001"], "where": ["colour=red"]})
    assert ["filter 'colour=red'" in one["error"] for one in wrong.json()["answers"]] == [True, True]
    bad, good = http.post("/v1/batch", json={"queries": [NO_BASE64, "P001"]}).json()["answers"]
    assert "image: this is not base64" in bad["error"]
    assert good["matches"]
    for path in ("classify", "duplicates"):
        assert "image: this is not base64" in http.post(f"/v1/{path}", json=NO_BASE64).json()["detail"]
    empty = http.post("/v1/classify", json={**NO_BASE64, "crop": [0, 0, 0, 1]})
    assert "is empty or outside the photo" in empty.json()["detail"]


@pytest.mark.parametrize("ask", ["similar", "classify", "check_duplicates"])
def test_a_model_that_cannot_be_used_is_told_before_the_photo(
    photographed: Photographed, broken: Path, tmp_path: Path, ask: str
) -> None:
    missing = SearchService(photographed.index, tmp_path / "gone")
    another = SearchService(photographed.index, write_tiny_model(tmp_path / "another", seed=9))
    for service, error in ((missing, ModelError), (another, FingerprintMismatch)):
        with pytest.raises(error):
            getattr(service, ask)(url=URL)
        with pytest.raises(error):
            getattr(service, ask)(image=broken)


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_without_a_wrong_option_the_photo_is_what_fails(service: SearchService, broken: Path, asked: Asked) -> None:
    with pytest.raises(ImageError):
        asked.python(service, broken)


def test_an_upload_is_not_opened(http: TestClient, broken: Path) -> None:
    with broken.open("rb") as photo:
        options = {"options": json.dumps({"where": ["colour=red"]})}
        response = http.post("/v1/similar/photo", files={"image": photo}, data=options)
    assert "filter 'colour=red'" in response.json()["detail"]


@pytest.mark.parametrize(
    ("ask", "complaint"),
    [
        (
            lambda s, p: s.recommend(["P001"], [p], strategy="best"),
            "strategy is the text 'best'; give one of: average_vector, best_score",
        ),
        (lambda s, p: s.recommend([], [p]), "needs an example that is liked"),
        (lambda s, p: s.recommend([p], strategy="best_score", k=501), "offset . k is at most 500"),
        (lambda s, p: s.discover(p, [("P001", "P002")], k=501), "offset . k is at most 500"),
        (lambda s, p: s.recommend([p, "P001x"]), "did you mean P001"),
        (lambda s, p: s.recommend([p, Example(vector=[1.0])]), "the vector has the shape"),
    ],
)
def test_whatever_else_is_wrong_is_told_before_the_photo(
    service: SearchService, broken: Path, ask: Callable[[SearchService, Path], Any], complaint: str
) -> None:
    with pytest.raises((UsageError, UnknownProduct), match=complaint):
        ask(service, broken)


def test_a_preset_goes_by_the_product_before_the_photo_beside_it(service: SearchService, broken: Path) -> None:
    with pytest.raises(UsageError, match="what is asked with has no brand"):
        service.recommend(["P001"], [broken], preset="other-brand")


def test_in_a_batch_every_photo_gets_the_error_of_the_filter(service: SearchService, broken: Path) -> None:
    answers = service.similar_batch([broken, "P001", "nobody"], where=["colour=red"])
    assert [type(answer) for answer in answers] == [FilterError] * 3
    mixed = service.similar_batch([broken, "P001"], preset="same-category")
    assert "has no category" in str(mixed[0])
    with pytest.raises(UsageError, match="k is 0"):
        service.similar_batch([broken], k=0)


@pytest.mark.parametrize("k", [0, -1])
def test_no_category_is_asked_for(service: SearchService, broken: Path, k: int) -> None:
    with pytest.raises(UsageError, match=f"k is {k}; give 1 to 1000"):
        service.classify(broken, k=k)


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s.mislabels(["colour=red"]),
        lambda s: s.outliers(["colour=red"]),
        lambda s: s.clusters(["colour=red"]),
        lambda s: s.facets(["price"], ["colour=red"]),
        lambda s: s.facets(["colour"]),
        lambda s: s.duplicates(where=["colour=red"]),
        lambda s: s.duplicates(since="yesterday"),
        lambda s: s.also_viewed(["P001"], where=["colour=red"]),
        lambda s: s.text("ring", where=["colour=red"]),
    ],
)
def test_reports_read_nothing_for_a_wrong_filter(
    service: SearchService, monkeypatch: pytest.MonkeyPatch, ask: Callable[[SearchService], Any]
) -> None:
    store = service.published().store
    for name in ("scroll", "search", "retrieve", "count", "facet"):
        monkeypatch.setattr(store, name, lambda *_, **__: pytest.fail("the index was read"))
    with pytest.raises(FilterError, match=r"there is no field 'colour'|yesterday"):
        ask(service)


@pytest.mark.parametrize("kind", ["recommend", "discover"])
def test_nothing_to_ask_with_is_told_in_three_forms(service: SearchService, http: TestClient, kind: str) -> None:
    with pytest.raises(UsageError, match=f"nothing is given to {kind} from") as caught:
        getattr(service, kind)()
    printed = CliRunner().invoke(main, [kind])
    assert (printed.exit_code, printed.stderr) == (2, f"Error: {caught.value}\n")
    response = http.post(f"/v1/{kind}", json={})
    assert (response.status_code, response.json()["detail"]) == (422, str(caught.value))


@pytest.mark.parametrize(("kind", "method"), [("classify", "classify"), ("duplicates", "check_duplicates")])
@pytest.mark.parametrize("given", [{}, {"image": "AAAA", "url": "https://shop.example/a.jpg"}])
def test_a_question_for_a_photo_advises_nothing_but_photos(
    service: SearchService, http: TestClient, kind: str, method: str, given: dict[str, str]
) -> None:
    said = f"{'several are' if given else 'nothing is'} given to look at; give either a photo or its URL"
    with pytest.raises(UsageError, match=said):
        getattr(service, method)(**given)
    response = http.post(f"/v1/{kind}", json=given)
    assert response.status_code == 422
    if kind == "classify":
        assert response.json()["detail"] == said
        options = ["-i", "-", "--url", given["url"]] if given else []
        printed = CliRunner().invoke(main, [kind, *options])
        assert (printed.exit_code, printed.stderr) == (2, f"Error: {said}\n")
