"""Faults of a Qdrant server over REST: one line, the right exit code, and no point lost or doubled."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.faults.loopback_qdrant import Fault, LoopbackQdrant, loopback_qdrant
from tests.faults.shop import PHOTOS, PRODUCTS, Shop

pytestmark = pytest.mark.filterwarnings(
    "ignore:Local mode performs exact .brute-force. search, so `search_params` has no effect:UserWarning"
)
TOTAL = PRODUCTS * PHOTOS
UPSERT = "PUT /collections/jewelry-1/points"
ANY = ".*"


def assert_complete(server: LoopbackQdrant, collection: str = "jewelry-1") -> None:
    points = server.points(collection)
    assert len(points) == TOTAL
    assert len({payload["photo"]["path"] for payload in points.values()}) == TOTAL
    assert [(a.alias_name, a.collection_name) for a in server.engine.get_aliases().aliases] == [("jewelry", collection)]


def test_without_faults_everything_arrives_with_its_indexes(server: LoopbackQdrant, shop: Shop) -> None:
    result = shop.sync()
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["generation"] == "1"
    assert_complete(server)
    made = server.created["jewelry-1"]
    assert made.strict_mode_config is not None
    assert made.strict_mode_config.enabled
    assert made.strict_mode_config.unindexed_filtering_retrieve is False
    assert made.strict_mode_config.unindexed_filtering_update is False
    assert {"price", "title", "metal", "in_stock", "created", "product_id", "category"} <= set(
        server.indexes["jewelry-1"]
    )
    first_upload = next(i for i, request in enumerate(server.requests) if request == UPSERT)
    assert not [r for r in server.requests[first_upload:] if r.endswith("/index")], "an index came after the upload"


PASSING = {
    "429 with Retry-After": [Fault(UPSERT, status=429, headers={"Retry-After": "7"})],
    "429 with a date as Retry-After": [Fault(UPSERT, status=429, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00"})],
    "503 with Retry-After": [Fault(UPSERT, status=503, headers={"Retry-After": "7"})],
    "500 three times": [Fault(UPSERT, status=500, times=3)],
    "500 three times at the first request": [Fault("GET /", status=500, times=3)],
    "408": [Fault(UPSERT, status=408)],
    "502 of a proxy, in HTML": [Fault(UPSERT, status=502, body=b"<html>Bad Gateway</html>")],
    "an answer cut after the points were written": [Fault(UPSERT, cut=True, applied=True, times=2)],
    "500 after the points were written": [Fault(UPSERT, status=500, applied=True, times=3)],
    "the answer to the creation lost": [Fault("PUT /collections/jewelry-1", cut=True, applied=True)],
    "the answer to an index lost": [Fault("PUT /collections/jewelry-1/index", cut=True, applied=True)],
    "the answer to the switch lost": [Fault("POST /collections/aliases", cut=True, applied=True)],
    "the answer to the description lost": [Fault("PATCH /collections/jewelry-1", cut=True, applied=True)],
    "a count cut": [Fault("POST .*/count", cut=True, applied=True)],
    "a search cut": [Fault("POST .*/query/batch", cut=True, applied=True)],
    "a page cut": [Fault("POST .*/scroll", cut=True, applied=True)],
    "an answer that is not JSON": [Fault(UPSERT, status=200, body=b'{"result": {"operation_id', applied=True)],
    "one answer in five cut": [Fault(ANY, cut=True, applied=True, skip=n) for n in range(0, 200, 5)],
}


@pytest.mark.parametrize("faults", PASSING.values(), ids=PASSING)
def test_a_fault_that_passes_is_overcome(server: LoopbackQdrant, shop: Shop, faults: list[Fault]) -> None:
    server.faults = [Fault(**vars(fault)) for fault in faults]
    result = shop.sync()
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["embedded"] == TOTAL
    assert_complete(server)


def test_the_server_says_how_long_to_wait(server: LoopbackQdrant, shop: Shop, waits: list[float]) -> None:
    server.faults = [
        Fault(UPSERT, status=429, headers={"Retry-After": "7"}),
        Fault(UPSERT, status=503, headers={"Retry-After": "5"}),
        Fault(UPSERT, status=429, headers={"Retry-After": "86400"}),
    ]
    assert shop.sync().exit_code == 0
    assert waits == [7.0, 5.0, 30.0]


def test_waits_double_and_vary(server: LoopbackQdrant, shop: Shop, waits: list[float]) -> None:
    server.faults = [Fault("GET /", status=500, times=100)]
    assert shop.sync(JEWELRY_QDRANT_ATTEMPTS="7", JEWELRY_QDRANT_FIRST_WAIT="1").exit_code == 1
    assert len(waits) == 6
    assert all(0 <= wait <= 2**i for i, wait in enumerate(waits))
    assert len(set(waits)) == 6


LASTING = {
    "401": (Fault(ANY, status=401), "the API key was refused; set JEWELRY_QDRANT_API_KEY"),
    "403": (Fault(ANY, status=403), "the API key was refused; set JEWELRY_QDRANT_API_KEY"),
    "429": (Fault(ANY, status=429), "too many requests after 2 attempts"),
    "429 with Retry-After": (
        Fault(ANY, status=429, headers={"Retry-After": "1"}),
        "too many requests after 2 attempts",
    ),
    "500": (Fault(ANY, status=500), r"failed with status 500 after 2 attempts \(as the test wants it\); see its log"),
    "cut": (Fault(ANY, cut=True), "no connection after 2 attempts"),
    "timeout": (Fault(ANY, hang=3), "no answer in time after 2 attempts; raise JEWELRY_QDRANT_TIMEOUT"),
    "no Qdrant": (Fault(ANY, status=200, body=b"<html>Welcome</html>"), "check that this is the address of a Qdrant"),
    "not even JSON of Qdrant": (Fault(ANY, status=200, body=b'{"hello": 1}'), "the address of a Qdrant server"),
    "404": (Fault(ANY, status=404, body=b"nothing here"), "status 404"),
}


@pytest.mark.parametrize(("fault", "line"), LASTING.values(), ids=LASTING)
@pytest.mark.parametrize("command", ["sync", "status"])
def test_a_fault_that_lasts_is_one_line_before_anything_is_embedded(
    server: LoopbackQdrant, shop: Shop, fault: Fault, line: str, command: str
) -> None:
    server.faults = [Fault(**{**vars(fault), "times": 10_000})]
    fast = {"JEWELRY_QDRANT_ATTEMPTS": "2", "JEWELRY_QDRANT_TIMEOUT": "1"}
    result = shop.sync(**fast) if command == "sync" else shop.run("status", **fast)
    assert_one_line(result, line)
    assert not shop.state.exists()
    assert not server.engine.get_collections().collections


def assert_one_line(result: Any, pattern: str, code: int = 1) -> None:
    assert (result.exit_code, result.stdout) == (code, ""), result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert re.search(pattern, result.stderr), result.stderr


def test_a_refused_connection(shop: Shop) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can answer there
        shop.url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert_one_line(shop.sync(), r"no connection after 5 attempts \(.*refused.*\); check the address")
    assert not shop.state.exists()


@pytest.mark.parametrize("version", ["1.17.9", "0.9.0", "unknown"])
def test_a_version_that_is_too_old(shop: Shop, version: str) -> None:
    with loopback_qdrant(version) as old:
        shop.url = old.url
        assert_one_line(shop.sync(), "this needs 1.18 or newer: upgrade the server")
        assert old.requests == ["GET /"]


@pytest.mark.parametrize("version", ["1.18.0", "1.19.3", "1.20.0", "2.0.0-dev"])
def test_versions_from_1_18_on_are_sent_only_what_they_know(shop: Shop, version: str) -> None:
    with loopback_qdrant(version) as server:
        shop.url = server.url
        assert shop.sync(JEWELRY_QUANTIZATION="int8").exit_code == 0
        assert_complete(server)
        sent = server.created["jewelry-1"].model_dump_json(exclude_none=True)
        keyword = server.indexes["jewelry-1"]["metal"].params
        assert keyword is not None
        old = version == "1.18.0"
        assert ("memory" in sent, "always_ram" in sent, "on_disk" in sent) == (not old, old, old)
        assert getattr(keyword, "prefix", None) == (None if old else True)


def test_the_api_key_travels_and_is_never_shown(server: LoopbackQdrant, shop: Shop) -> None:
    server.api_key = "s3cret"
    assert_one_line(shop.sync(), "the API key was refused")
    wrong = shop.sync(JEWELRY_QDRANT_API_KEY="wr0ng")
    assert_one_line(wrong, "the API key was refused")
    assert "wr0ng" not in wrong.stderr
    assert shop.sync(JEWELRY_QDRANT_API_KEY="s3cret").exit_code == 0


def test_an_alias_that_points_nowhere(server: LoopbackQdrant, shop: Shop) -> None:
    assert shop.sync().exit_code == 0
    server.engine._client.aliases["jewelry"] = "jewelry-7"  # type: ignore[attr-defined]
    for command in (shop.sync(), shop.run("status")):
        assert_one_line(command, r"the alias points to jewelry-7, which is not there; go back with: indexer rollback")
    assert shop.run("rollback").stdout.startswith("Published generation 1 again")
    assert shop.run("status", "--json").exit_code == 0


def test_what_was_embedded_before_the_server_failed_is_not_embedded_again(server: LoopbackQdrant, shop: Shop) -> None:
    server.faults = [Fault(UPSERT, status=500, times=10_000)]
    assert_one_line(shop.sync(), "failed with status 500")
    assert server.engine.get_collections().collections == []  # the draft is gone
    assert server.engine.get_aliases().aliases == []
    server.faults = []
    report = json.loads(shop.sync().stdout)
    assert report["recovered"] > 0
    assert report["recovered"] + report["embedded"] == TOTAL
    assert_complete(server)


def test_a_draft_that_could_not_be_removed_is_cleared_away_by_the_next_sync(server: LoopbackQdrant, shop: Shop) -> None:
    server.faults = [
        Fault(UPSERT, status=500, times=10_000),
        Fault("DELETE /collections/jewelry-1", status=500, times=10_000),
    ]
    assert shop.sync().exit_code == 1
    assert [c.name for c in server.engine.get_collections().collections] == ["jewelry-1"]
    server.faults = []
    assert shop.sync().exit_code == 0
    assert [c.name for c in server.engine.get_collections().collections] == ["jewelry-1"]
    assert_complete(server)


def test_a_proxy_that_takes_less_gets_smaller_requests(server: LoopbackQdrant, shop: Shop) -> None:
    server.faults = [Fault(UPSERT, status=413, body=b"<html>Request Entity Too Large</html>", times=3)]
    assert shop.sync("--workers", "1").exit_code == 0
    assert_complete(server)
    assert server.requests.count(UPSERT) > 4
    server.faults = [Fault(ANY, status=413, times=10_000)]
    assert_one_line(shop.run("status"), "refuses a request of this size")


def test_a_failed_switch_leaves_readers_where_they_were(server: LoopbackQdrant, shop: Shop, tmp_path: Path) -> None:
    from tests.shops.models.tiny_model import write_tiny_model

    assert shop.sync().exit_code == 0
    shop.model = write_tiny_model(tmp_path / "other", seed=7)
    server.faults = [Fault("POST /collections/aliases", status=500, times=10_000)]
    assert_one_line(shop.sync(), "failed with status 500")
    assert_complete(server, "jewelry-1")
    server.faults = []
    report = json.loads(shop.sync().stdout)
    assert (report["embedded"], report["recovered"]) == (0, TOTAL)
    assert report["rebuilt"]
    [alias] = server.engine.get_aliases().aliases
    assert_complete(server, alias.collection_name)
