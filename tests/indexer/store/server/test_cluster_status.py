"""A cluster that is not whole, and a key that sees too little: what `indexer status` and a question say of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from click.testing import CliRunner, Result

from indexer.cli.main import main as indexer
from indexer.errors import StoreError, StoreMissing
from indexer.store.server.connection import ServerAddress, connect
from indexer.store.server.engine import ServerStore
from indexer.store.server.index import ServerIndex
from searcher.cli.main import main as searcher
from tests.faults.loopback_grpc import GrpcFault, loopback_grpc
from tests.faults.loopback_qdrant import Fault, LoopbackQdrant, loopback_qdrant
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, build, points, record
from tests.shops.indexes.spread_index import NODES, told

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]
LOST = told({(1, 2): "Dead", (1, 3): "Recovery"}, silent=[2])
NO_ANSWER = json.dumps({"status": {"error": "Service internal error: 0 of 0 read operations failed"}, "time": 0.1})
SAID = f"cannot be reached: no live copy of shard 1 (nodes {NODES[2]}, {NODES[3]}); start one of the nodes that hold it"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackQdrant]:
    """With five photos in it, which no test changes."""
    with loopback_qdrant() as running:
        connection = connect(ServerAddress(running.url))
        build(ServerIndex(connection, "jewelry", tmp_path_factory.mktemp("filled") / "state"), points(0, 5))
        connection.client.close()
        yield running


@pytest.fixture
def server(filled: LoopbackQdrant) -> LoopbackQdrant:
    """No cluster, a key that may see everything, no fault."""
    filled.faults, filled.told = [], {}
    filled.requests.clear()
    return filled


def limit(server: LoopbackQdrant, listed: set[str]) -> None:
    """Answer as to a token for some collections: lists hold what it lists, an alias where its collection is too."""
    both = {"jewelry", "jewelry-1"} <= listed
    aliases = [{"alias_name": "jewelry", "collection_name": "jewelry-1"}] if both else []
    names = [{"name": name} for name in listed & {"jewelry-1"}]
    server.told |= {
        "GET /aliases": (200, {"aliases": aliases}),
        "GET /collections": (200, {"collections": names}),
        "GET /cluster": (403, None),
        "GET /cluster/telemetry": (403, None),
    }


def run(
    server: LoopbackQdrant, tmp_path: Path, *arguments: str, program: str = "indexer", **environment: str
) -> Result:
    settings = {"JEWELRY_STATE": str(tmp_path / "state"), "JEWELRY_QDRANT_ATTEMPTS": "1", **environment}
    main = indexer if program == "indexer" else searcher
    return CliRunner().invoke(main, [*arguments, "--qdrant-url", server.url], env=settings)


def test_a_cluster_that_is_whole_is_shown_by_node(server: LoopbackQdrant, tmp_path: Path) -> None:
    server.told = told()
    said = json.loads(run(server, tmp_path, "status", "--json").stdout)
    assert (said["warnings"], said["notes"], said["cluster"]["lost_shards"]) == ([], [], [])
    assert [node["node"] for node in said["cluster"]["nodes"]] == list(NODES.values())
    assert said["cluster"]["nodes"][1]["shards"] == [
        {"shard": 0, "state": "Active", "live": True},
        {"shard": 1, "state": "Active", "live": True},
    ]
    shown = run(server, tmp_path, "status").stdout
    assert [f"{uri}: shards" in shown for uri in NODES.values()] == [True] * 3
    assert "warning" not in shown


@pytest.mark.parametrize("state", ["Dead", "Recovery", "Partial"])
def test_copies_that_do_not_answer_are_warned_of_and_the_command_is_done(
    server: LoopbackQdrant, tmp_path: Path, state: str
) -> None:
    server.told = told({(1, 3): state, (2, 3): state})
    result = run(server, tmp_path, "status")
    assert result.exit_code == 0
    [warning] = [line for line in result.stdout.splitlines() if "warning:" in line]
    assert warning.startswith(f"  warning: shards 1, 2 on {NODES[3]}: ")
    assert f"{NODES[3]}: shards 1 ({state}), 2 ({state})" in result.stdout
    said = json.loads(run(server, tmp_path, "status", "--json").stdout)
    assert len(said["warnings"]) == 1
    assert [one["live"] for one in said["cluster"]["nodes"][2]["shards"]] == [False, False]


def test_a_node_that_is_gone_is_warned_of_before_anything_was_written(server: LoopbackQdrant, tmp_path: Path) -> None:
    server.told = told(silent=[3])
    shown = run(server, tmp_path, "status").stdout
    assert f"warning: {NODES[3]} does not answer; it holds shards 1, 2" in shown
    assert f"{NODES[3]} (does not answer): shards 1, 2" in shown


def test_a_server_that_is_no_cluster_shows_what_it_showed(server: LoopbackQdrant, tmp_path: Path) -> None:
    said = json.loads(run(server, tmp_path, "status", "--json").stdout)
    assert (said["cluster"], said["warnings"], said["notes"]) == (None, [], [])
    shown = run(server, tmp_path, "status").stdout
    assert "Nodes" not in shown
    assert "note" not in shown


@pytest.mark.parametrize("path", ["/cluster.*", "/collections/jewelry-1/cluster"])
@pytest.mark.parametrize("status", [403, 500])
def test_what_the_key_or_the_server_does_not_tell_is_a_note(
    server: LoopbackQdrant, tmp_path: Path, path: str, status: int
) -> None:
    server.told = told()
    server.faults = [Fault(f"GET {path}", status=status, times=100)]
    result = run(server, tmp_path, "status", JEWELRY_QDRANT_API_KEY="k")
    assert (result.exit_code, result.stderr) == (0, "")
    assert len([line for line in result.stdout.splitlines() if line.startswith("  note: ")]) == 1
    assert len(json.loads(run(server, tmp_path, "status", "--json").stdout)["notes"]) == 1


@pytest.mark.parametrize("path", ["GET /collections/jewelry-1", "POST .*/count", "POST .*/query/batch"])
def test_a_shard_without_a_live_copy_is_named_with_its_nodes(server: LoopbackQdrant, tmp_path: Path, path: str) -> None:
    server.told = LOST
    server.faults = [Fault(path, status=500, body=NO_ANSWER.encode(), times=100)]
    result = run(server, tmp_path, "status", "--check") if "query" in path else run(server, tmp_path, "status")
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (1, "", 1)
    assert f"{server.url}: collection jewelry-1 {SAID}" in result.stderr
    assert "read operations" not in result.stderr
    if "count" not in path:
        return
    asked = [request for request in server.requests if request.endswith("/cluster")]
    assert asked == ["GET /collections/jewelry-1/cluster", "GET /cluster"], "it is asked once"


def test_a_question_says_it_as_the_status_does(server: LoopbackQdrant, tmp_path: Path) -> None:
    server.told = LOST
    server.faults = [Fault("POST .*/scroll", status=500, body=NO_ANSWER.encode(), times=100)]
    result = run(server, tmp_path, "similar", "-p", "P1", program="searcher")
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (1, "", 1)
    assert SAID in result.stderr


def test_what_another_fault_says_stays(server: LoopbackQdrant, tmp_path: Path) -> None:
    server.told = LOST
    server.faults = [Fault("POST .*/count", status=500, times=100)]
    result = run(server, tmp_path, "status")
    assert "the server failed with status 500 after 1 attempts (as the test wants it); see its log" in result.stderr


def test_over_grpc_the_rest_interface_is_asked_where_the_shards_are(server: LoopbackQdrant) -> None:
    server.told = LOST
    with loopback_grpc() as fast:
        connection = connect(ServerAddress(server.url, grpc=True, grpc_port=fast.port, timeout=5, attempts=1))
        store = ServerStore(connection, "jewelry-1", record())
        why = "Service internal error: 0 of 0 read operations failed"
        fast.faults = [GrpcFault(method, grpc.StatusCode.INTERNAL, details=why) for method in ("Count", "Upsert")]
        server.faults = [Fault("POST .*/count", status=500, body=NO_ANSWER.encode())]  # where reads go over REST
        for ask in (store.count, lambda: store.upsert(points(0, 1))):
            with pytest.raises(StoreError) as caught:
                ask()
            assert str(caught.value) == f"{server.url}: collection jewelry-1 {SAID}"
        connection.client.close()


def test_a_node_that_does_not_reach_the_others_is_left_for_the_next_address(
    server: LoopbackQdrant, tmp_path: Path
) -> None:
    server.told = LOST
    with loopback_qdrant() as cut_off:
        fault = Fault("GET /(aliases|collections).*", status=500, body=NO_ANSWER.encode(), times=1000)
        cut_off.faults = [fault]
        settings = {"JEWELRY_STATE": str(tmp_path / "state"), "JEWELRY_QDRANT_ATTEMPTS": "1"}
        both = ["--qdrant-url", f"{cut_off.url},{server.url}"]
        result = CliRunner().invoke(indexer, ["status", "--json", *both], env=settings)
        assert (result.exit_code, result.stderr) == (0, "")
        assert json.loads(result.stdout)["photos"] == 5
        server.faults = [Fault("GET /collections/jewelry-1", status=500, body=NO_ANSWER.encode(), times=1000)]
        result = CliRunner().invoke(indexer, ["status", *both], env=settings)
        assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
        assert "collection jewelry-1 cannot be reached: no live copy of " in result.stderr


STATUS = ("indexer", "status")


@pytest.mark.parametrize(
    ("scope", "command"),
    [
        ({"jewelry"}, STATUS),
        ({"jewelry-1"}, STATUS),
        ({"other"}, STATUS),
        ({"jewelry", "jewelry-2"}, STATUS),
        (set(), ("indexer", "rollback")),
        (set(), ("indexer", "prune")),
        (set(), ("searcher", "similar", "-p", "P1")),
    ],
)
def test_a_token_that_does_not_list_the_alias_and_its_collection_is_told_so(
    server: LoopbackQdrant, tmp_path: Path, scope: set[str], command: tuple[str, ...]
) -> None:
    program, *arguments = command
    limit(server, scope)
    result = run(server, tmp_path, *arguments, program=program, JEWELRY_QDRANT_API_KEY="token")
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (1, "", 1)
    assert "/collections/jewelry: this key sees no such alias; it is a token for some collections" in result.stderr
    assert "has to list jewelry and the collection behind it (jewelry-1 or a later one)" in result.stderr


def test_a_writer_with_such_a_token_does_not_take_the_index_for_an_empty_one(
    server: LoopbackQdrant, tmp_path: Path
) -> None:
    limit(server, {"jewelry"})
    connection = connect(ServerAddress(server.url, "token", attempts=1))
    index = ServerIndex(connection, "jewelry", tmp_path / "state")
    for look in (index.read, index.current, index.mark, index.generations, lambda: index.write().__enter__()):
        with pytest.raises(StoreError, match="sees no such alias") as caught:
            look()
        assert not isinstance(caught.value, StoreMissing)  # which a sync would fill
    connection.client.close()


def test_a_token_that_lists_both_answers_and_says_what_it_may_not_see(server: LoopbackQdrant, tmp_path: Path) -> None:
    server.told = told()
    limit(server, {"jewelry", "jewelry-1"})
    result = run(server, tmp_path, "status", "--json", JEWELRY_QDRANT_API_KEY="token")
    assert (result.exit_code, result.stderr) == (0, "")
    said = json.loads(result.stdout)
    assert said["photos"] == 5
    assert said["notes"] == [
        "nodes go by number, and whether all of them answer is not known: this key may not see the cluster"
    ]


def test_where_nothing_is_published_a_key_for_all_is_told_that(tmp_path: Path) -> None:
    with loopback_qdrant() as server:
        for key in ({}, {"JEWELRY_QDRANT_API_KEY": "k"}):
            result = run(server, tmp_path, "status", **key)
            assert "no index here yet; fill it with: indexer sync CATALOG" in result.stderr
        server.faults = [Fault("GET /cluster", status=500, times=100)]
        result = run(server, tmp_path, "status", JEWELRY_QDRANT_API_KEY="k")
        assert "no index here yet, or this key sees no such alias" in result.stderr
