"""Several addresses of one cluster: the next one is asked where one does not answer, and every answer comes once."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import grpc
import pytest

from indexer.errors import StoreError, UsageError
from indexer.settings import IndexerSettings, open_server
from indexer.store.server.connection import Connection, ServerAddress, connect
from indexer.store.server.engine import ServerStore
from indexer.store.server.index import ServerIndex
from tests.faults.loopback_grpc import GrpcFault, LoopbackGrpc, loopback_grpc
from tests.faults.loopback_qdrant import Fault, LoopbackQdrant, loopback_qdrant
from tests.faults.shop import PHOTOS, PRODUCTS, Shop
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, build, points, published_products, record

pytestmark = pytest.mark.filterwarnings(*LOCAL_MODE_WARNINGS)
TOTAL = PRODUCTS * PHOTOS
EVERY = 10_000


class Cluster:
    """Two nodes that hold the same, as those of a cluster do."""

    def __init__(self, first: LoopbackQdrant, second: LoopbackQdrant) -> None:
        self.first, self.second = first, second
        second.beside(first)
        self.url = f"{first.url},{second.url}"

    def kill_first(self) -> None:
        """No further answer, and those that were carried out until now stay."""
        self.first.faults = [Fault(".*", reset=True, times=EVERY)]

    def carried_out(self, pattern: str) -> int:
        return sum(bool(re.fullmatch(pattern, one)) for node in (self.first, self.second) for one in node.requests)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with loopback_qdrant() as first, loopback_qdrant() as second:
        yield Cluster(first, second)


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can answer there
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def reach(url: str) -> Connection:
    return connect(ServerAddress(url, timeout=5, attempts=3, first_wait=0.001))


def index_at(url: str, folder: Path) -> ServerIndex:
    return ServerIndex(reach(url), "shop", folder / "state")


def test_an_address_that_dies_between_requests(cluster: Cluster, tmp_path: Path, waits: list[float]) -> None:
    index = index_at(cluster.url, tmp_path)
    build(index, points(0, 20))
    assert cluster.second.requests == [], "the first one answers"
    cluster.kill_first()
    assert len(published_products(index)) == 20
    before = len(cluster.first.requests)
    build(index, points(0, 25))
    assert len(published_products(index)) == 25
    assert len(cluster.first.requests) == before, "requests stay on the address that answered"
    assert waits == [], "the next one is asked at once"
    assert cluster.second.requests[0] == "GET /", "and is asked its version when it is first used"
    assert cluster.second.requests.count("GET /") == 1


WITHIN = {
    "a collection is made": "PUT /collections/shop-1",
    "a field is indexed": "PUT /collections/shop-1/index",
    "points are written": "PUT /collections/shop-1/points",
    "the description is written": "PATCH /collections/shop-1",
    "the alias is switched": "POST /collections/aliases",
    "an old collection is removed": "DELETE /collections/shop-.*",
    "points are read": "POST /collections/shop-.*/points/scroll",
    "points are counted": "POST /collections/shop-.*/points/count",
    "points are searched": "POST /collections/shop-.*/points/query/batch",
    "names are listed": "GET /collections",
    "the alias is asked": "GET /aliases",
    "the version is asked": "GET /",
}


DEATHS = [(what, how, applied) for what in WITHIN for how in ("reset", "cut", "503") for applied in (False, True)]
QUICK = [
    ("a collection is made", "reset", True),
    ("points are written", "cut", True),
    ("the alias is switched", "reset", True),
    ("points are read", "503", False),
]


@pytest.mark.parametrize(
    ("what", "how", "applied"),
    [pytest.param(*death, marks=() if death in QUICK else pytest.mark.slow) for death in DEATHS],
)
def test_an_address_that_dies_within_a_request(
    cluster: Cluster, tmp_path: Path, waits: list[float], what: str, how: str, applied: bool
) -> None:
    """The request that it dies in and all later ones are answered by the other; what was carried out is done once."""
    status = int(how) if how.isdecimal() else 0
    fault = Fault(WITHIN[what], applied=applied, status=status, reset=how == "reset", cut=how == "cut")
    cluster.first.faults = [fault]
    index = index_at(cluster.url, tmp_path)
    for number in (20, 25, 30):  # the third removes the first
        assert build(index, points(0, number)) == str(number // 5 - 3)
        assert published_products(index) == {f"P{i}" for i in range(number)}
    assert fault.times == 0
    names = [one.name for one in cluster.first.engine.get_collections().collections]
    assert sorted(names) == ["shop-2", "shop-3"]
    assert index.current() == "3"
    assert waits == []


@pytest.mark.parametrize("status", [502, 504])
def test_a_proxy_before_a_dead_node(cluster: Cluster, tmp_path: Path, waits: list[float], status: int) -> None:
    cluster.first.faults = [Fault(".*", status=status, body=b"<html>Bad Gateway</html>", times=EVERY)]
    assert index_at(cluster.url, tmp_path).current() is None
    assert waits == []


def test_a_sync_goes_on_where_the_first_address_dies_in_any_of_its_requests(
    cluster: Cluster, shop: Shop, waits: list[float]
) -> None:
    shop.url = cluster.url
    cluster.first.faults = [Fault(".*", reset=True, applied=True, skip=9, times=EVERY)]
    result = shop.sync()
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["embedded"] == TOTAL
    assert len(cluster.second.points("jewelry-1")) == TOTAL
    assert json.loads(result.stdout)["index"] == f"{cluster.url}/collections/jewelry", "one name, whoever answered"
    assert json.loads(shop.run("status", "--json").stdout)["server"] == cluster.url
    assert waits == []


def test_an_address_that_is_silent_and_one_that_is_down_at_start(
    cluster: Cluster, nobody: str, tmp_path: Path, waits: list[float]
) -> None:
    index = index_at(f"{nobody}, {cluster.first.url} ,{cluster.second.url}", tmp_path)
    build(index, points(0, 5))
    cluster.first.faults = [Fault("POST .*/scroll", hang=4, times=EVERY)]
    quick = ServerIndex(
        connect(ServerAddress(f"{nobody},{cluster.url}", timeout=1, first_wait=0)), "shop", tmp_path / "b"
    )
    assert len(published_products(quick)) == 5
    assert waits == []


def test_where_all_are_dead_one_line_names_them_all(nobody: str, shop: Shop, waits: list[float]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        other = f"http://127.0.0.1:{taken.getsockname()[1]}"
        shop.url = f"{nobody.replace('//', '//me:s3cret@')},{other}"
        result = shop.run("status", JEWELRY_QDRANT_ATTEMPTS="3")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert re.search(rf"no address answers after 3 attempts each: {nobody} \(.*refused.*\); {other} \(", result.stderr)
    assert "s3cret" not in result.output
    assert len(waits) == 2, "each is asked before anybody waits"


def test_both_die_and_come_back(cluster: Cluster, tmp_path: Path, waits: list[float]) -> None:
    index = index_at(cluster.url, tmp_path)
    build(index, points(0, 5))
    cluster.first.faults = [Fault("GET /aliases", reset=True, times=2)]
    cluster.second.faults = [Fault("GET /aliases", status=503, headers={"Retry-After": "7"})]
    assert index.current() == "1"
    assert waits == [7.0]


def test_of_several_that_fail_the_one_that_said_why_is_the_cause(
    cluster: Cluster, tmp_path: Path, waits: list[float]
) -> None:
    index = index_at(f"{cluster.second.url},{cluster.first.url}", tmp_path)
    build(index, points(0, 5))
    cluster.first.faults = [Fault("GET /aliases", status=503, times=EVERY)]
    cluster.second.faults = [Fault(".*", reset=True, times=EVERY)]
    for _ in range(2):  # whoever is asked first
        with pytest.raises(StoreError, match="no address answers after 3 attempts each") as caught:
            index.current()
        assert getattr(caught.value.__cause__, "status_code", None) == 503


def test_a_server_that_answers_badly_is_not_left(cluster: Cluster, tmp_path: Path, waits: list[float]) -> None:
    """429 and 500 are answers: the same address is asked again, as with one address alone."""
    index = index_at(cluster.url, tmp_path)
    build(index, points(0, 5))
    cluster.first.faults = [Fault("GET /aliases", status=status) for status in (429, 500)]
    assert index.current() == "1"
    assert (len(waits), cluster.second.requests) == (2, [])
    cluster.first.faults = [Fault("GET /aliases", status=500, times=EVERY)]
    with pytest.raises(StoreError, match=rf"^{cluster.first.url}: the server failed with status 500 after 3 attempts"):
        index.current()


def test_a_wrong_version_and_a_wrong_key_are_refused_when_an_address_is_first_used(
    cluster: Cluster, waits: list[float]
) -> None:
    cluster.second.version = "1.17.2"
    connection = reach(cluster.url)
    assert connection.version == (1, 20)
    cluster.kill_first()
    with pytest.raises(StoreError, match=rf"^{cluster.second.url}: is Qdrant 1\.17; this needs 1\.18 or newer"):
        connection.call(connection.client.get_aliases)
    cluster.second.version, cluster.second.api_key = "1.19.0", "s3cret"
    with pytest.raises(StoreError, match=rf"^{cluster.second.url}: the API key was refused"):
        connection.call(connection.client.get_aliases)
    cluster.second.api_key = ""
    connection.call(connection.client.get_aliases)
    assert connection.version == (1, 19), "what all of them know"


def test_many_threads_turn_together(cluster: Cluster, tmp_path: Path, waits: list[float]) -> None:
    index = index_at(cluster.url, tmp_path)
    build(index, points(0, 20))
    found: list[object] = []

    def ask() -> None:
        for _ in range(10):
            try:
                found.append(len(published_products(index)))
            except StoreError as error:
                found.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    cluster.kill_first()
    for thread in threads:
        thread.join(60)
    assert found == [20] * 40
    assert waits == []


def test_plain_json_is_asked_as_the_client_is(cluster: Cluster, waits: list[float]) -> None:
    connection = reach(cluster.url)
    cluster.first.faults = [Fault("GET /collections", reset=True)]
    assert connection.ask("GET", "/collections") == {"collections": []}
    assert cluster.second.requests == ["GET /", "GET /collections"]
    body = {"vectors": {"image": {"size": 4, "distance": "Cosine"}}}
    cluster.second.faults = [Fault("PUT .*", reset=True, applied=True)]
    with pytest.raises(StoreError, match="already exists"):  # carried out; whose it is, who asked has to see
        connection.ask("PUT", "/collections/mine", body)
    cluster.first.faults = [Fault("GET .*", status=200, body=b'{"status": "ok"}', times=EVERY)]
    with pytest.raises(StoreError, match="the answer cannot be read after 3 attempts"):
        connection.ask("GET", "/collections")


ADDRESSES = {
    "http://a:6333,http://b:6333": "http://a:6333,http://b:6333",
    " http://a:6333 , https://b/q/ ": "http://a:6333,https://b/q",
    "http://me:p,w@a:6333,http://b?key=s3cret": "http://a:6333,http://b",
    "http://a:6333,http://a:6333/": "http://a:6333",
}


@pytest.mark.parametrize(("given", "shown"), ADDRESSES.items())
def test_one_name_for_all(given: str, shown: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Connection, "check_version", lambda _: None)
    index = open_server(IndexerSettings(state=tmp_path), given)
    assert index.location == f"{shown}/collections/jewelry"
    turned = open_server(IndexerSettings(state=tmp_path), ",".join(reversed(shown.split(","))))
    assert turned.place == index.place


@pytest.mark.parametrize(
    "given",
    [
        "http://a:6333,",
        ",http://a:6333",
        "http://a,,http://b",
        "http://a:6333,b:6333",
        "http://me:s3cret@a:x",
        "http://me:s3/cret@a:1",
        "ftp://me:s3cret@a?key=s3cret",
    ],
)
def test_addresses_that_are_none(given: str) -> None:
    with pytest.raises(UsageError, match=r"is not an address|beside a comma is empty") as caught:
        connect(ServerAddress(given))
    assert "s3" not in str(caught.value)


@pytest.fixture
def grpc_nodes() -> Iterator[tuple[LoopbackGrpc, LoopbackGrpc]]:
    """The same port at two addresses of this machine, as all nodes of a cluster have it."""
    with ExitStack() as stack:
        first = stack.enter_context(loopback_grpc())
        second = stack.enter_context(loopback_grpc("127.0.0.2", first.port))
        second.points, second.collections = first.points, first.collections
        yield first, second


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED])
@pytest.mark.parametrize("applied", [False, True])
def test_over_grpc(
    grpc_nodes: tuple[LoopbackGrpc, LoopbackGrpc], waits: list[float], code: grpc.StatusCode, applied: bool
) -> None:
    first, second = grpc_nodes
    connection = connect(
        ServerAddress("http://127.0.0.1:1,http://127.0.0.2:1", grpc=True, grpc_port=first.port, timeout=5, attempts=2)
    )
    store = ServerStore(connection, "shop-1", record())
    first.faults = [GrpcFault("Upsert", code, applied=applied), GrpcFault("any", code, times=EVERY)]
    store.upsert(points(0, 20))
    assert store.count() == 20
    assert (first.calls, second.calls) == (["HealthCheck", "Upsert"], ["HealthCheck", "Upsert", "Count"])
    second.faults = [GrpcFault("any", code, times=EVERY)]
    with pytest.raises(StoreError, match=r"no address answers after 2 attempts each: http://127\.0\.0\.2:1 .*0\.1:1"):
        store.count()
    assert len(waits) == 1
    connection.close()
