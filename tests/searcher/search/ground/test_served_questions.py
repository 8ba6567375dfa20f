"""Questions to a service over a server: how many requests they cost, and when they see another generation."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from indexer.errors import StoreError, StoreGone
from indexer.store.records import Point
from indexer.store.server.connection import ServerAddress, connect
from indexer.store.server.index import ServerIndex
from searcher.service import SearchService
from tests.faults.loopback_qdrant import Fault, LoopbackQdrant, loopback_qdrant
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, build, points, record

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]

PHOTOS, LEAST = 40, "00000000-0000-0000-0000-{:012d}"
LATER = itertools.count(1e6, 1e6)
"""Seconds at which tests begin: what one has seen, the next one does not believe."""


def photos(price: float) -> list[Point]:
    """Of products that have two each, all at one price."""
    made = points(0, PHOTOS)
    return [
        Point(p.id, {"product_id": f"P{i // 2}", "photo": {"rank": i % 2}, "price": price}, p.vector)
        for i, p in enumerate(made)
    ]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LoopbackQdrant, ServerIndex]]:
    """A server with generations 1 and 2, each with its number as the price of everything."""
    with loopback_qdrant() as running:
        connection = connect(ServerAddress(running.url, attempts=1))
        made = ServerIndex(connection, "jewelry", tmp_path_factory.mktemp("state"))
        for number in (1, 2):
            build(made, photos(float(number)))
        yield running, made
        connection.close()


@pytest.fixture
def server(both: tuple[LoopbackQdrant, ServerIndex]) -> LoopbackQdrant:
    """With generation 2 published."""
    both[0].faults = []
    publish_elsewhere(both[0], 2)
    return both[0]


@pytest.fixture
def index(both: tuple[LoopbackQdrant, ServerIndex]) -> ServerIndex:
    return both[1]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    now = SimpleNamespace(seconds=next(LATER))
    now.monotonic = lambda: now.seconds
    monkeypatch.setattr("indexer.store.server.reads.mark.time", now)
    return now


@pytest.fixture
def service(index: ServerIndex, server: LoopbackQdrant, clock: SimpleNamespace) -> SearchService:
    """One that has answered before."""
    made = SearchService(index)
    made.similar("P3")
    server.requests.clear()
    return made


def publish_elsewhere(server: LoopbackQdrant, number: int) -> None:
    """What another machine does, so that nobody in this process knows of it."""
    server.engine._client.aliases["jewelry"] = f"jewelry-{number}"  # type: ignore[attr-defined]


def remove_elsewhere(server: LoopbackQdrant, number: int) -> None:
    gone = b'{"status":{"error":"Not found: Collection `it` doesn\'t exist!"},"time":0.0}'
    server.faults = [Fault(f"(GET|POST) /collections/jewelry-{number}(/.*)?", status=404, body=gone, times=1000)]


def prices(service: SearchService) -> set[float]:
    return {match.payload["price"] for match in service.similar("P3").matches}


def test_a_question_costs_two_requests(service: SearchService, server: LoopbackQdrant) -> None:
    for _ in range(10):
        assert len(service.similar("P3").matches) == 10
    assert len(server.requests) == 20
    assert {request.rpartition("points/")[2] for request in server.requests} == {"scroll", "query/batch"}


@pytest.mark.parametrize(("where", "found"), [("price>=1", 10), ("product_id=P4|P5", 2)])
def test_a_filter_costs_one_more_when_it_is_new(
    service: SearchService, server: LoopbackQdrant, where: str, found: int
) -> None:
    for _ in range(3):
        assert len(service.similar("P3", where=where).matches) == found
    assert [request.rpartition("points/")[2] for request in server.requests] == [
        *("scroll", "count", "query/batch"),
        *("scroll", "query/batch") * 2,
    ]


def test_whether_there_is_another_generation_is_asked_once_a_second(
    service: SearchService, server: LoopbackQdrant, clock: SimpleNamespace
) -> None:
    for _ in range(5):
        clock.seconds += 5.0
        for _ in range(5):
            service.similar("P3")
    assert len(server.requests) == 5 * (5 * 2 + 2)


def test_a_new_generation_is_seen_within_two_seconds(
    service: SearchService, server: LoopbackQdrant, clock: SimpleNamespace
) -> None:
    publish_elsewhere(server, 1)
    clock.seconds += 0.9
    assert prices(service) == {2.0}
    clock.seconds += 1.1
    assert prices(service) == {1.0}
    assert service.similar("P3").generation == "1"


def test_a_sync_in_the_same_process_is_seen_at_once(
    service: SearchService, index: ServerIndex, server: LoopbackQdrant, tmp_path: Path
) -> None:
    """Whoever wrote, over whatever connection."""
    other = connect(ServerAddress(server.url))
    with ServerIndex(other, "jewelry", tmp_path / "other").write() as writer:
        draft = writer.draft(record(), from_published=True)
        draft.replace_payload(photos(5.0))
        assert draft.publish() == "2.1"
    assert (prices(service), service.similar("P3").generation) == ({5.0}, "2.1")
    with ServerIndex(other, "jewelry", tmp_path / "other").write() as writer:
        draft = writer.draft(record(), from_published=True)
        draft.replace_payload(photos(2.0))
        assert draft.publish() == "2.2"
    assert (prices(service), service.similar("P3").generation) == ({2.0}, "2.2")
    other.close()


def test_the_question_that_finds_its_generation_removed_is_asked_once_more(
    service: SearchService, server: LoopbackQdrant
) -> None:
    publish_elsewhere(server, 1)
    remove_elsewhere(server, 2)
    assert prices(service) == {1.0}


def test_a_batch_comes_from_one_generation_though_its_own_is_removed(
    service: SearchService, server: LoopbackQdrant
) -> None:
    def examples() -> Iterator[str]:
        yield from ("P3", "P4")

    publish_elsewhere(server, 1)
    remove_elsewhere(server, 2)
    first, second = service.similar_batch(examples())
    assert [getattr(answer, "generation", answer) for answer in (first, second)] == ["1", "1"]


@pytest.mark.parametrize("question", ["facets", "product"])
def test_every_question_is(service: SearchService, server: LoopbackQdrant, question: str) -> None:
    publish_elsewhere(server, 1)
    remove_elsewhere(server, 2)
    if question == "product":
        assert service.product("P3").generation == "1"
    else:
        assert service.facets(["price"])[0].ranges


def test_where_nothing_took_its_place_that_is_said(service: SearchService, server: LoopbackQdrant) -> None:
    remove_elsewhere(server, 2)
    with pytest.raises(StoreError, match="the alias points to jewelry-2, which is not there"):
        service.similar("P3")


def test_a_store_says_that_its_collection_is_gone(server: LoopbackQdrant, index: ServerIndex) -> None:
    store = index.read()
    remove_elsewhere(server, 2)
    for ask in (store.count, lambda: store.retrieve([LEAST.format(1)]), lambda: list(store.scroll())):
        with pytest.raises(StoreGone, match="collection jewelry-2 was removed while it was read; ask again"):
            ask()


@pytest.mark.parametrize("answer", [5, [], {}, {"points": [{}]}, [{"points": 3}], None, {"hits": "x"}, {"count": "x"}])
def test_an_answer_of_another_shape_is_one_line(server: LoopbackQdrant, index: ServerIndex, answer: object) -> None:
    store = index.read()
    server.faults = [Fault("POST .*", status=200, body=json.dumps({"result": answer}).encode(), times=1000)]
    asking: list[Callable[[], object]] = [
        store.count,
        lambda: list(store.scroll()),
        lambda: store.facet("product_id"),
        lambda: store.search(np.eye(1, 16, dtype=np.float32), limit=3),
    ]
    for ask in asking:
        with pytest.raises(StoreError, match="the answer cannot be read; check that this is the address of a Qdrant"):
            ask()


def test_a_command_lines_answer_needs_no_client(server: LoopbackQdrant, tmp_path: Path) -> None:
    script = (
        "import sys\nfrom searcher.cli.main import main\n"
        "main(sys.argv[1:], standalone_mode=False)\n"
        "assert not [name for name in sys.modules if name.partition('.')[0] in ('qdrant_client', 'grpc')]"
    )
    environment = {**os.environ, "JEWELRY_STATE": str(tmp_path / "state"), "JEWELRY_QDRANT_URL": server.url}
    server.requests.clear()
    done = subprocess.run(
        [sys.executable, "-c", script, "similar", "--product-id", "P3", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["generation"].startswith("2")
    assert server.requests.count("GET /aliases") == 2  # whether there is one, and which
