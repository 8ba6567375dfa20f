"""How a collection lies on the nodes of a cluster: what is said of copies in every state, and what not."""

from __future__ import annotations

from typing import Any

import pytest

from indexer.store.server.wire.cluster import Cluster, is_limited, lost_shards, read_cluster
from tests.shops.indexes.spread_index import NODES, cluster, measures, shards


class Answers:
    """A server's answers by path, as `Connection.look` gives them; others are not found."""

    def __init__(self, **by_name: Any) -> None:
        paths = {"shards": "/collections/shop-1/cluster", "cluster": "/cluster", "measures": "/cluster/telemetry"}
        self._answers = {paths[name]: answer for name, answer in by_name.items()}
        self.asked: list[str] = []

    def __call__(self, path: str) -> tuple[int, Any]:
        self.asked.append(path.partition("?")[0])
        answer = self._answers.get(self.asked[-1], 404)
        return (answer, None) if isinstance(answer, int) else (200, answer)


def read(**by_name: Any) -> Cluster:
    found = read_cluster(Answers(**by_name), "shop-1")
    assert isinstance(found, Cluster)
    return found


def test_all_is_well() -> None:
    found = read(shards=shards(), cluster=cluster(), measures=measures())
    assert (found.warnings(2), found.lost(), found.note) == ([], {}, None)
    assert [(node.name, node.asked, node.reached) for node in found.nodes] == [
        (uri, number == 1, True) for number, uri in NODES.items()
    ]
    assert [[copy.shard for copy in node.copies] for node in found.nodes] == [[0, 2], [0, 1], [1, 2]]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("Dead", "dead; it is brought up to date once the node answers the others"),
        ("Recovery", "being brought up to date (Recovery)"),
        ("Partial", "being brought up to date (Partial)"),
        ("PartialSnapshot", "being brought up to date (PartialSnapshot)"),
        ("ManualRecovery", "being brought up to date (ManualRecovery)"),
        ("Initializing", "being made (Initializing)"),
        ("Resharding", "being moved (Resharding)"),
        ("Frozen", "not in use (Frozen)"),
    ],
)
def test_a_copy_that_does_not_answer_is_a_warning(state: str, words: str) -> None:
    found = read(shards=shards({(1, 3): state}), cluster=cluster(), measures=measures())
    assert found.warnings(2) == [f"shard 1 on {NODES[3]}: {words}"]
    assert found.lost() == {}
    both = read(shards=shards({(1, 3): state, (2, 3): state}), cluster=cluster(), measures=measures())
    assert both.warnings(2) == [f"shards 1, 2 on {NODES[3]}: {words}"]
    gone = read(shards=shards({(1, 2): state, (1, 3): state}), cluster=cluster(), measures=measures())
    assert gone.warnings(2)[0].startswith(f"shard 1 has no live copy (nodes {NODES[2]}, {NODES[3]}): ")
    assert gone.to_json()["lost_shards"] == [1]


@pytest.mark.parametrize(("state", "live"), [("ActiveRead", True), ("ReshardingScaleDown", True), ("Listener", False)])
def test_states_that_are_nothing_to_warn_of(state: str, live: bool) -> None:
    found = read(shards=shards({(0, 1): state}), cluster=cluster(), measures=measures())
    assert found.warnings(2) == []
    assert found.to_json()["nodes"][0]["shards"][0] == {"shard": 0, "state": state, "live": live}


@pytest.mark.parametrize("told", [{"measures": measures(2)}, {"cluster": cluster(2)}], ids=["measured", "consensus"])
def test_a_node_that_does_not_answer_the_others_is_told_before_a_write_finds_its_copies_dead(told: Any) -> None:
    found = read(**{"shards": shards(), "cluster": cluster(), **told})
    assert found.warnings(2) == [f"{NODES[2]} does not answer; it holds shards 0, 1"]
    assert found.lost() == {}


def test_failures_of_long_ago_do_not_outweigh_what_is_measured_now() -> None:
    assert read(shards=shards(), cluster=cluster(2, 3), measures=measures()).warnings(2) == []


def test_with_two_of_three_nodes_gone_the_shard_of_both_is_lost() -> None:
    found = read(shards=shards(), cluster=cluster(2, 3))
    assert found.lost() == {1: [NODES[2], NODES[3]]}
    assert found.warnings(2) == [
        f"shard 1 has no live copy (nodes {NODES[2]}, {NODES[3]}): nothing can be asked until one is live again",
        f"{NODES[2]} does not answer; it holds shards 0, 1",
        f"{NODES[3]} does not answer; it holds shards 1, 2",
    ]


def test_fewer_copies_than_wanted_are_told() -> None:
    found = read(shards=shards(), cluster=cluster(), measures=measures())
    assert found.warnings(3) == ["shards 0, 1, 2: at most 2 copies where 3 are wanted"]
    one = shards()
    one["remote_shards"] = [copy for copy in one["remote_shards"] if (copy["shard_id"], copy["peer_id"]) != (1, 3)]
    assert read(shards=one, cluster=cluster(), measures=measures()).warnings(2) == [
        "shard 1: 1 copy where 2 are wanted"
    ]


def test_a_server_that_is_no_cluster_has_nothing_to_say() -> None:
    alone = {"peer_id": 1, "local_shards": [{"shard_id": 0, "state": "Active"}], "remote_shards": []}
    answers = Answers(shards=alone, cluster={"status": "disabled"})
    assert read_cluster(answers, "shop-1") is None
    assert answers.asked == ["/collections/shop-1/cluster", "/cluster"]
    assert read_cluster(lambda _: (501, None), "shop-1") is None  # a client in the process


@pytest.mark.parametrize(
    ("status", "why"), [(403, "this key may not see the cluster"), (500, "the server does not tell")]
)
def test_where_the_nodes_may_not_be_seen_they_go_by_number_and_that_is_said(status: int, why: str) -> None:
    found = read(shards=shards({(0, 2): "Dead"}), cluster=status, measures=status)
    assert [node.name for node in found.nodes] == ["node 1", "node 2", "node 3"]
    assert found.note == f"nodes go by number, and whether all of them answer is not known: {why}"
    assert found.warnings(2)[0].startswith("shard 0 on node 2: dead")


@pytest.mark.parametrize("answer", [0, 500, {"peer_id": "x"}, [], None, {"peer_id": 1, "local_shards": [{}]}])
def test_an_answer_that_cannot_be_read_is_a_note(answer: Any) -> None:
    assert "could not be asked" in str(read_cluster(Answers(shards=answer), "shop-1"))
    assert "may not see" in str(read_cluster(Answers(shards=403), "shop-1"))


@pytest.mark.parametrize(("status", "limited"), [(403, True), (401, True), (200, False), (0, None), (500, None)])
def test_a_key_for_some_collections_is_told_by_what_it_may_not_see(status: int, limited: bool | None) -> None:
    assert is_limited(lambda _: (status, None)) is limited


REFUSED = (
    "Service internal error: 1 of 1 read operations failed: Service internal error: Tonic status error: code: 'The "
)
REFUSED += (
    'service is currently unavailable\', message: "Failed to connect to http://10.0.0.3:6335/, error: transport error"'
)


@pytest.mark.parametrize(
    ("reason", "answers", "words"),
    [
        (
            "0 of 0 read operations failed",
            {"shards": shards({(1, 2): "Dead", (1, 3): "Dead"}), "cluster": cluster()},
            "1",
        ),
        ("1 of 1 read operations failed: any", {"shards": shards({(1, 2): "Dead"}), "cluster": cluster(3)}, "1"),
        (REFUSED, {"shards": shards({(1, 2): "Dead"}), "cluster": cluster()}, "1"),
        (REFUSED, {"shards": shards(), "cluster": cluster()}, "no live copy of one of its shards"),
        (REFUSED, {"shards": 0}, "no live copy of one of its shards"),
        ("The replica set for shard 1 on peer 7 has no active replica", {"shards": 0}, "no live copy of shard 1"),
        (
            "The replica set for shard 1 on peer 7 has no active replica",
            {"shards": shards(), "cluster": cluster()},
            "1",
        ),
        (
            "Failed to apply operation to at least one `Active` replica.",
            {"shards": shards(), "cluster": cluster()},
            None,
        ),
        ("1 of 1 read operations failed: out of memory", {"shards": shards(), "cluster": cluster()}, None),
        ("panicked", {"shards": shards({(1, 2): "Dead", (1, 3): "Dead"}), "cluster": cluster()}, None),
    ],
)
def test_the_words_of_a_fault_and_the_cluster_together_say_what_is_lost(
    reason: str, answers: dict[str, Any], words: str | None
) -> None:
    if words == "1":
        words = f"no live copy of shard 1 (nodes {NODES[2]}, {NODES[3]})"
    assert lost_shards(Answers(**answers), "shop-1", reason) == words


def test_a_fault_of_another_kind_costs_no_request() -> None:
    answers = Answers(shards=shards())
    assert lost_shards(answers, "shop-1", "as the test wants it") is None
    assert answers.asked == []
