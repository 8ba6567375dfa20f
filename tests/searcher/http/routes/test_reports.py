"""Routes of reports and decisions: pages of what is stored, files that run one script at the most, who may decide."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from PIL import Image
from starlette.testclient import TestClient

from indexer.system.plain_json import adapter
from searcher.http.app import create_app
from searcher.http.responses.reports import Clusters, Duplicates, Mislabels, Outliers
from searcher.insights.duplicates.decisions import Decisions, decisions_path
from searcher.pages.writing import write_report
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.searcher.http.conversation import Keyring, bearer
from tests.shops.indexes.built_index import Photographed
from tests.shops.reports.duplicate_reports import photos_of, small_report
from tests.shops.reports.reported_index import checking_service, copy_with_reports

SHAPES = {"duplicates": Duplicates, "mislabels": Mislabels, "outliers": Outliers, "clusters": Clusters}


@pytest.fixture
def copy(photographed: Photographed, tmp_path: Path) -> Photographed:
    return copy_with_reports(photographed, tmp_path)


def over(copy: Photographed, keyring: Keyring, service: SearchService | None = None, **options: Any) -> TestClient:
    settings = ServeSettings(_env_file=None, index=copy.root, keys=keyring.file.path, **options)  # type: ignore[call-arg]
    return TestClient(create_app(settings, service or SearchService(copy.index)), headers=bearer(keyring.admin))


@pytest.fixture
def served(copy: Photographed, keyring: Keyring) -> Iterator[TestClient]:
    with over(copy, keyring, checking_service(copy)) as client:
        yield client


@pytest.fixture(scope="module")
def whole(photographed: Photographed, tmp_path_factory: pytest.TempPathFactory) -> Photographed:
    """For tests that only read."""
    return copy_with_reports(photographed, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def read(whole: Photographed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    keyring = Keyring(tmp_path_factory.mktemp("keys") / "keys.json")
    with over(whole, keyring, checking_service(whole), rate_limit=0) as client:
        yield client


def test_what_there_is(served: TestClient, copy: Photographed) -> None:
    answer = served.get("/v1/reports").json()
    assert [report["kind"] for report in answer["stored"]] == list(SHAPES)
    assert [report["stale"] for report in answer["stored"]] == [False] * 4
    for address in answer["reports"]:
        assert served.get(address).status_code == 200, address
    write_report(copy.index, small_report(copy, "0"))
    assert served.get("/v1/reports").json()["stored"][0]["stale"]
    assert served.get("/v1/duplicates").json()["stale"]


@pytest.mark.parametrize("kind", SHAPES)
def test_pages_have_the_shape_of_the_document(read: TestClient, whole: Photographed, kind: str) -> None:
    answer = read.get(f"/v1/{kind}").json()
    jsonschema.validate(answer, adapter(SHAPES[kind]).json_schema(mode="serialization"))
    stored = json.loads((whole.root / "reports" / kind / "report.json").read_text())
    assert answer["summary"] == stored["summary"]
    assert str(whole.catalog) not in json.dumps(answer)
    assert not answer["stale"]
    total = answer["total"]
    names = ("groups", "loose_pairs") if kind == "duplicates" else ("entries",)
    one_by_one: dict[str, list[Any]] = {name: [] for name in names}
    for offset in range(total + 1):
        page = read.get(f"/v1/{kind}", params={"offset": offset, "limit": 1}).json()
        assert sum(len(page[name]) for name in names) == (offset < total)
        for name in names:
            one_by_one[name] += page[name]
    assert one_by_one == {name: answer[name] for name in names}


@pytest.mark.parametrize("kind", SHAPES)
def test_no_report_yet(client: TestClient, kind: str) -> None:
    for path in (f"/v1/{kind}", f"/v1/reports/{kind}/report.json", f"/v1/reports/{kind}/report.html"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:jewelry:problem:no-report"
        assert f"make it with: searcher {kind}" in answer.json()["detail"]


def test_only_some_of_them(read: TestClient) -> None:
    edited = read.get("/v1/duplicates", params={"tier": "edited"}).json()
    assert (edited["total"], len(edited["groups"]), len(edited["loose_pairs"])) == (2, 1, 1)
    assert read.get("/v1/duplicates", params={"tier": "nearly"}).status_code == 422
    assert [e["oddity"] for e in read.get("/v1/outliers?oddity=far").json()["entries"]] == ["far"]
    assert [e["category"] for e in read.get("/v1/mislabels?category=earrings").json()["entries"]] == []


@pytest.mark.parametrize(
    ("category", "notes"),
    [
        ("Earring", ['No photo of this report is filed under "Earring"; near: earrings (3).']),
        ("zeppelin", ['No photo of this report is filed under "zeppelin"; there is: earrings, necklaces, rings ….']),
        ("rings", []),
        ("", []),
    ],
)
def test_a_category_that_no_photo_is_filed_under(read: TestClient, category: str, notes: list[str]) -> None:
    everything = read.get("/v1/mislabels").json()
    page = read.get("/v1/mislabels", params={"category": category}).json()
    assert page["notes"] == [*everything["notes"], *notes]
    assert page["total"] == len(page["entries"]) == (0 if notes else page["total"])


def test_members_say_what_they_are(read: TestClient, whole: Photographed) -> None:
    first, other = read.get("/v1/duplicates").json()["groups"][0]["members"][:2]
    assert (first["in_words"], first["differs"], first["verdict"]) == ([], [], None)
    assert "mirrored" in other["in_words"]
    assert {"field": "price", "first": "0 EUR", "second": "19.50 EUR"} in other["differs"]
    assert read.get(first["thumbnail"]).headers["content-type"] == "image/webp"


@pytest.mark.parametrize("kind", SHAPES)
def test_a_page_runs_its_own_script_alone(read: TestClient, kind: str) -> None:
    answer = read.get(f"/v1/reports/{kind}/report.html")
    policy = answer.headers["content-security-policy"]
    script = re.search(r'<script type="module">(.*?)</script>', answer.text, re.DOTALL)
    assert script is not None
    own = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{own}';" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "sandbox allow-scripts allow-modals" in policy
    assert "allow-same-origin" not in policy


def test_a_page_that_is_not_ours_runs_nothing(served: TestClient, copy: Photographed) -> None:
    page = copy.root / "reports" / "clusters" / "report.html"
    page.write_text('<meta http-equiv="Content-Security-Policy" content="script-src *"><script>alert(1)</script>')
    policy = served.get("/v1/reports/clusters/report.html").headers["content-security-policy"]
    assert "script" not in policy
    assert policy.endswith("sandbox")


def test_the_table_and_the_json(read: TestClient, whole: Photographed) -> None:
    table = read.get("/v1/reports/duplicates/report.csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="duplicates.csv"' in table.headers["content-disposition"]
    document = read.get("/v1/reports/duplicates/report.json").json()
    assert "catalog_root" not in document
    assert document["groups"]


@pytest.mark.parametrize("name", ["report.txt", "..%2freport.json", "%2e%2e/report.html", "report.json.new"])
def test_no_other_file(read: TestClient, name: str) -> None:
    assert read.get(f"/v1/reports/duplicates/{name}").status_code in (404, 422)
    assert read.get(f"/v1/reports/{name}/report.json").status_code in (404, 422)


def test_a_damaged_report_is_a_problem(served: TestClient, copy: Photographed) -> None:
    (copy.root / "reports" / "duplicates" / "report.json").write_text("{")
    assert served.get("/v1/duplicates").status_code == 500
    assert [report["kind"] for report in served.get("/v1/reports").json()["stored"]] == list(SHAPES)[1:]


def test_is_this_photo_in_the_catalog(served: TestClient, copy: Photographed) -> None:
    photo = (copy.catalog / "P000" / "0.png").read_bytes()
    asked = served.post("/v1/duplicates", json={"image": base64.b64encode(photo).decode()})
    uploaded = served.post("/v1/duplicates/photo", files={"image": photo})
    assert asked.json() == uploaded.json()
    found = photos_of(copy)[1]
    [match] = asked.json()["matches"]
    shown = served.build_request("GET", match["thumbnail"])
    del shown.headers["authorization"]
    assert served.send(shown).status_code == 200
    assert asked.json() == {
        "photo": "photo",
        "duplicate": True,
        "nearest": "P000",
        "not_verified": 0,
        "generation": "1",
        "model": "f" * 64,
        "took_ms": 3.2,
        "matches": [
            {
                "product_id": "P000",
                "photo": found.path,
                "tier": "edited",
                "probability": 0.91,
                "evidence": {"cosine": 0.97, "flipped": True},
                "thumbnail": match["thumbnail"],
            }
        ],
    }
    assert match["thumbnail"].startswith(f"/v1/pictures/{found.sha256}?by="), "an address that shows it without a key"
    for body in ({}, {"image": "aGk=", "url": "https://x.example"}, {"image": "nonsense!"}, {"photo": "x"}):
        assert served.post("/v1/duplicates", json=body).status_code == 422


def test_decisions_are_kept_with_the_name_of_the_key(served: TestClient, copy: Photographed) -> None:
    first, second = (photo.sha256 for photo in photos_of(copy)[4:8:2])
    for verdict in ("different", "variant"):
        kept = served.post("/v1/decisions", json={"first": first, "second": second, "verdict": verdict})
        assert (kept.status_code, kept.json()["verdict"], kept.json()["by"]) == (200, verdict, "boss")
    answer = served.get("/v1/decisions").json()
    assert (answer["total"], answer["decisions"]) == (1, [kept.json()])
    assert served.get("/v1/decisions?offset=1").json()["decisions"] == []
    assert Decisions.read(decisions_path(copy.root)).verdict(second, first) == "variant"
    groups = served.get("/v1/duplicates").json()["groups"]
    assert [member["verdict"] for group in groups for member in group["members"]].count("variant") == 1
    for body in (
        {"first": first, "second": first, "verdict": "same"},
        {"first": first, "second": "x", "verdict": "same"},
        {"first": first, "second": second, "verdict": "maybe"},
    ):
        assert served.post("/v1/decisions", json=body).status_code == 422


def test_deciding_needs_an_admin(copy: Photographed, keyring: Keyring, client: TestClient) -> None:
    sha = photos_of(copy)[0].sha256
    body = {"first": sha, "second": "b" * 64, "verdict": "same"}
    asks: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/v1/decisions", {"json": body}),
        ("GET", "/v1/decisions", {}),
        ("GET", f"/v1/duplicates/pictures/{sha}", {}),
        ("GET", f"/v1/duplicates/difference?first={sha}&second={sha}", {}),
    ]
    with over(copy, keyring) as guarded:
        for method, path, given in asks:
            assert guarded.request(method, path, headers=bearer(keyring.read), **given).status_code == 403
            assert guarded.request(method, path, headers={"authorization": ""}, **given).status_code == 401
            assert client.request(method, path, **given).status_code == 403
    assert not decisions_path(copy.root).exists()


def test_pictures_to_decide_by(read: TestClient, whole: Photographed) -> None:
    photos = photos_of(whole)
    hostile = photos[22]  # without a thumbnail: from its file
    picture = read.get(f"/v1/duplicates/pictures/{hostile.sha256}")
    assert Image.open(io.BytesIO(picture.content)).size == (48, 48)
    difference = read.get(f"/v1/duplicates/difference?first={photos[0].sha256}&second={photos[2].sha256}")
    assert (difference.status_code, difference.headers["content-type"]) == (200, "image/webp")
    loose = read.get(f"/v1/duplicates/difference?first={photos[16].sha256}&second={photos[18].sha256}")
    assert loose.status_code == 200
    assert read.get(f"/v1/duplicates/difference?first={photos[2].sha256}&second={photos[0].sha256}").status_code == 404
    assert read.get(f"/v1/duplicates/pictures/{'0' * 64}").status_code == 404
    assert read.get(f"/v1/duplicates/pictures/{photos[3].sha256}").status_code == 404  # no duplicate
