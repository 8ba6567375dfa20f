"""`searcher.Client` against the real service on loopback: every route, every error, and nothing but the document."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send

from indexer.errors import ClientError, ImageError, ServiceUnavailable, UsageError
from searcher import Client
from searcher.client.content import in_path
from searcher.http.access.keys import KeyFile
from searcher.http.app import create_app
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.searcher.http.conversation import running
from tests.shops.indexes.built_index import HOSTILE, Photographed
from tests.shops.reports.duplicate_reports import photos_of
from tests.shops.reports.reported_index import checking_service, copy_with_reports

SHORT_FORMS = {("GET", "/v1/similar"), ("GET", "/v1/facets")}
"""The same questions as by POST, for browsers and caches."""


class Recorder:
    """Notes the route of every request that one has matched."""

    def __init__(self, app: ASGIApp, seen: set[tuple[str, str]]) -> None:
        self.app, self.seen = app, seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
        if "route" in scope:
            self.seen.add((scope["method"], scope["route"].path_format))


@contextmanager
def serving(
    photographed: Photographed,
    seen: set[tuple[str, str]] | None = None,
    service: SearchService | None = None,
    **options: Any,
) -> Iterator[str]:
    settings = ServeSettings(_env_file=None, index=photographed.root, **options)  # type: ignore[call-arg]
    app = create_app(settings, service or SearchService(photographed.index))
    app.add_middleware(Recorder, seen=set() if seen is None else seen)
    with running(app) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def address(photographed: Photographed) -> Iterator[str]:
    with serving(photographed, rate_limit=0) as address:
        yield address


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    with Client(address) as client:
        yield client


@pytest.fixture
def photo(photographed: Photographed) -> Path:
    return photographed.catalog / "P005" / "0.png"


def test_every_route_of_the_document_has_a_method(photographed: Photographed, photo: Path, tmp_path: Path) -> None:
    """All methods are called; the service says which routes that were."""
    keys = KeyFile(tmp_path / "keys.json")
    _, token = keys.add("boss", "admin")
    seen: set[tuple[str, str]] = set()
    copy = copy_with_reports(photographed, tmp_path)
    pair = [photo.sha256 for photo in photos_of(copy)[4:8:2]]
    with serving(copy, seen, checking_service(copy), keys=keys.path) as address, Client(address, token) as client:
        calls: dict[str, Callable[[], Any]] = {
            "similar": lambda: client.similar("P001"),
            "similar_photo": lambda: client.similar_photo(photo),
            "recommend": lambda: client.recommend(["P001"]),
            "discover": lambda: client.discover("P001"),
            "also_viewed": lambda: client.also_viewed(["P001"]),
            "text": lambda: client.text("ring"),
            "batch": lambda: client.batch(["P001"]),
            "classify": lambda: client.classify(photo, crop=(0, 0, 1, 0.5)),
            "classify_photo": lambda: client.classify_photo(photo),
            "facets": lambda: client.facets(),
            "product": lambda: client.product("P001"),
            "picture": lambda: client.picture(client.product("P001")["photos"][0]["thumbnail"] or ""),
            "reports": lambda: client.reports(),
            "duplicates": lambda: client.duplicates(limit=1),
            "check_duplicates": lambda: (client.check_duplicates(photo), refused(client.check_duplicates)),
            "duplicate_picture": lambda: client.duplicate_picture(pair[0]),
            "difference": lambda: client.difference(*pair),
            "mislabels": lambda: client.mislabels("watches"),
            "outliers": lambda: client.outliers("far"),
            "clusters": lambda: client.clusters(limit=1),
            "decide": lambda: client.decide(*pair, "same"),
            "decisions": lambda: client.decisions(),
            "report": lambda: (refused(client.report, "report.html"), client.report("/v1/reports/clusters/report.csv")),
            "alive": lambda: client.alive(),
            "ready": lambda: client.ready(),
            "metrics": lambda: client.metrics(),
            "status": lambda: client.status(),
        }
        assert set(calls) == {name for name in vars(Client) if not name.startswith("_")} - {"close"}
        for name, ask in calls.items():
            assert ask(), name
        document = httpx.get(f"{address}/openapi.json").json()
    operations = {(method.upper(), path) for path, of in document["paths"].items() for method in of}
    assert operations - seen == SHORT_FORMS


def refused(ask: Callable[..., Any], *given: str) -> ClientError:
    with pytest.raises(ClientError) as caught:
        ask(*given)
    return caught.value


def test_answers_are_the_services(client: Client, photographed: Photographed, photo: Path) -> None:
    service = SearchService(photographed.index)
    found = client.similar("P003", k=4, where=["in_stock=true"], fields=["price"], explain=True)
    wanted = service.similar("P003", k=4, where=["in_stock=true"], fields=["price"], explain=True).to_json()
    assert [match["explanation"] for match in found["matches"]] == [m["explanation"] for m in wanted["matches"]]
    assert [match["payload"] for match in found["matches"]] == [match["payload"] for match in wanted["matches"]]
    assert client.product("P011")["payload"]["title"] == HOSTILE
    assert client.facets(["category"], ["price<=100"], limit=2) == {
        "facets": [facet.to_json() for facet in service.facets(["category"], ["price<=100"], limit=2)]
    }
    raw = {"must": [{"key": "price", "range": {"lte": 100}}]}
    assert client.facets(["category"], raw) == client.facets(["category"], ["price<=100"])


def test_a_photo_in_all_its_forms(client: Client, photo: Path) -> None:
    first = client.similar_photo(photo, k=3)["matches"]
    assert (first[0]["product_id"], first[0]["score"]) == ("P005", pytest.approx(1.0, abs=1e-6))
    assert client.similar_photo(photo.read_bytes(), k=3)["matches"] == first
    assert client.similar_photo(str(photo), k=3)["matches"] == first
    assert client.similar(image=photo, k=3)["matches"] == first
    assert client.similar(image=photo, k=3, crop=(0, 0, 0.5, 0.5))["matches"] != first
    assert client.classify(photo, k=2)["categories"] == client.classify_photo(photo, k=2)["categories"]


def test_examples_in_all_their_forms(client: Client, photographed: Photographed, photo: Path) -> None:
    """A product by its id, a photo, a vector as a list or an array, and the body as the document has it."""
    row = photographed.vectors[10]
    answers = client.batch(["P005", photo, row, row.tolist(), {"product_id": "nobody"}], k=1)["answers"]
    best = [answer["matches"][0]["product_id"] if "matches" in answer else "error" for answer in answers]
    assert best[1:] == ["P005", "P005", "P005", "error"]
    assert best[0] != "P005"
    assert client.recommend([photo], ["P001"])["matches"]
    assert client.discover(photo, [("P001", row)])["matches"]


def test_pictures(client: Client, photographed: Photographed) -> None:
    thumbnail = client.similar("P003", k=1)["matches"][0]["thumbnail"]
    assert thumbnail is not None
    picture = client.picture(thumbnail)
    assert picture[8:12] == b"WEBP"
    assert client.picture(thumbnail.rpartition("/")[2]) == picture
    for hostile in ("..", "../../etc/passwd", "", "\udc80"):
        with pytest.raises((ClientError, UsageError)):
            client.picture(hostile)


def test_a_refusal_says_all_that_the_service_said(client: Client) -> None:
    with pytest.raises(ClientError) as caught:
        client.product("nobody")
    error = caught.value
    assert not isinstance(error, ServiceUnavailable)
    assert (error.status, error.kind) == (404, "unknown-product")
    assert error.request_id
    assert "nobody" in str(error)
    assert str(error).endswith(f"(HTTP 404, request {error.request_id})")
    with pytest.raises(ClientError) as caught:
        client.similar("P001", k=0, diversity=2)
    assert [name for name, _ in caught.value.fields] == ["body.k", "body.diversity"]
    with pytest.raises(ClientError, match="colour") as caught:
        client.similar("P001", where=["colour=red"])
    assert (caught.value.status, caught.value.kind) == (422, "invalid-filter")


@pytest.mark.parametrize("hostile", ["a/../b", "..", ".", "x y?z#", "100%", "é", "a//b", "%2e%2e", "\x1b[31m", ";,&="])
def test_product_ids_arrive_as_they_are(client: Client, hostile: str) -> None:
    with pytest.raises(ClientError) as caught:
        client.product(hostile)
    assert caught.value.kind == "unknown-product", caught.value
    assert repr(hostile) in str(caught.value)


@given(st.text(min_size=1))
def test_an_id_in_an_address_stays_the_id(product_id: str) -> None:
    path = in_path(product_id)
    url = httpx.URL(f"http://host/v1/products/{path}")
    assert unquote(url.raw_path.decode()) == f"/v1/products/{product_id}"


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda c: c.similar(vector=[float("nan")] * 128), "JSON"),
        (lambda c: c.similar("P001", boosts={1, 2}), "JSON"),
        (lambda c: c.similar_photo(b"", crop={1}), "JSON"),
        (lambda c: c.similar("P001", b"photo"), "several"),
        (lambda c: c.recommend("P001"), "list"),
        (lambda c: c.recommend([7]), "positive: 7 cannot be compared with; give ids"),
        (lambda c: c.also_viewed("P001"), "list"),
        (lambda c: c.facets("category"), "list"),
        (lambda c: c.similar_photo(7), "7 is not a photo; give its path or its bytes"),
        (lambda c: c.product("\ud800"), "text"),
    ],
)
def test_what_cannot_be_sent_is_not(ask: Callable[[Client], Any], said: str) -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(UsageError, match=said) as caught:
        ask(client)
    assert "\n" not in str(caught.value)


def test_a_lone_surrogate_is_refused_by_the_service(client: Client) -> None:
    with pytest.raises(ClientError):
        client.similar("\ud800")


def test_a_photo_that_is_not_there(client: Client, tmp_path: Path) -> None:
    for missing in (tmp_path / "none.jpg", tmp_path, "nul\0"):
        with pytest.raises(ImageError, match="cannot be read"):
            client.similar_photo(missing)


def test_keys(photographed: Photographed, tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys.json")
    _, token = keys.add("shop", "read")
    with serving(photographed, keys=keys.path) as address:
        with Client(address, f" {token}\n") as client:
            assert client.similar("P001", k=1)["matches"]
            with pytest.raises(ClientError) as caught:
                client.status()
            assert caught.value.status == 403
        for key in (None, token[:-1]):
            with Client(address, key) as client:
                assert client.ready()["status"] == "ready"
                with pytest.raises(ClientError) as caught:
                    client.similar("P001")
                assert (caught.value.status, caught.value.kind) == (401, "unauthorized")


def test_too_many_requests_are_asked_again_when_the_service_says_so(photographed: Photographed) -> None:
    with serving(photographed, rate_limit=120, rate_burst=1) as address:
        with Client(address) as client:
            assert [client.text("ring", k=1)["matches"] != [] for _ in range(3)] == [True] * 3
        for options in ({"attempts": 1}, {"longest_wait": 0.1}):
            with Client(address, **options) as client, pytest.raises(ServiceUnavailable) as caught:
                [client.text("ring") for _ in range(3)]
            assert (caught.value.status, caught.value.retry_after) == (429, 1.0)


def test_not_ready_is_said_at_once(photographed: Photographed, tmp_path: Path) -> None:
    settings = ServeSettings(_env_file=None, index=tmp_path / "none")  # type: ignore[call-arg]
    with running(create_app(settings)) as port, Client(f"http://127.0.0.1:{port}") as client:
        assert client.alive()["status"] == "alive"
        with pytest.raises(ServiceUnavailable, match="no index is published yet") as caught:
            client.ready()
        assert (caught.value.status, caught.value.kind) == (503, "not-ready")


def test_one_client_in_many_threads(client: Client) -> None:
    wanted = client.similar("P003", k=5)["matches"]
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.extend(client.similar("P003", k=5)["matches"] for _ in range(5)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [wanted] * 40


def test_a_service_below_a_path(photographed: Photographed) -> None:
    """As behind a proxy of the shop; a slash at the end changes nothing."""
    settings = ServeSettings(_env_file=None, index=photographed.root)  # type: ignore[call-arg]
    outer = FastAPI()
    outer.mount("/search", create_app(settings, SearchService(photographed.index)))
    with running(outer) as port, Client(f"http://127.0.0.1:{port}/search/") as client:
        match = client.similar("P003", k=1)["matches"][0]
        assert match["thumbnail"] is not None
        assert client.picture(match["thumbnail"])


def test_a_program_with_the_client_has_nothing_else() -> None:
    """It starts as fast as httpx, also where no engine is installed."""
    program = (
        "import json, sys; from searcher import Client\n"
        "with Client('http://127.0.0.1:9') as client:\n"
        "    try: client.similar('P001')\n"
        "    except Exception as error: print(json.dumps([type(error).__name__, sorted(sys.modules)]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    error, modules = json.loads(done.stdout)
    assert error == "ServiceUnavailable"
    heavy = {
        "searcher.service",
        "searcher.http",
        "onnxruntime",
        "qdrant_client",
        "qdrant_edge",
        "fastapi",
        "starlette",
        "pydantic",
        "numpy",
        "PIL",
        "mcp",
    }
    assert heavy & set(modules) == set()


def test_numpy_is_no_number_that_json_lacks(client: Client) -> None:
    vector = np.zeros(128, dtype=np.float32)
    vector[0] = 1
    assert client.similar(vector=vector, k=1)["matches"]  # type: ignore[arg-type]
