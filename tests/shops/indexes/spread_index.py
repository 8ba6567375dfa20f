"""What three nodes of a Qdrant server say of themselves and of a collection: three shards, two copies each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

NODES = {number: f"http://10.0.0.{number}:6335" for number in (1, 2, 3)}
HOLDERS = {0: (1, 2), 1: (2, 3), 2: (3, 1)}


def shards(states: dict[tuple[int, int], str] | None = None, asked: int = 1) -> dict[str, Any]:
    """The answer of ``GET /collections/{name}/cluster``; ``states`` by shard and node, ``Active`` the others."""
    copies = [
        (node, {"shard_id": shard, "state": (states or {}).get((shard, node), "Active")})
        for shard, holders in HOLDERS.items()
        for node in holders
    ]
    return {
        "peer_id": asked,
        "shard_count": len(HOLDERS),
        "local_shards": [{**copy, "points_count": 2} for node, copy in copies if node == asked],
        "remote_shards": [{**copy, "peer_id": node} for node, copy in copies if node != asked],
        "shard_transfers": [],
    }


def cluster(*failing: int) -> dict[str, Any]:
    """The answer of ``GET /cluster`` at node 1, whose messages to the nodes ``failing`` do not arrive."""
    return {
        "status": "enabled",
        "peer_id": 1,
        "peers": {str(number): {"uri": f"{uri}/"} for number, uri in NODES.items()},
        "raft_info": {
            "term": 1,
            "commit": 9,
            "pending_operations": 0,
            "leader": 2,
            "role": "Follower",
            "is_voter": True,
        },
        "consensus_thread_status": {"consensus_thread_status": "working", "last_update": "2026-11-28T00:00:00Z"},
        "message_send_failures": {f"{NODES[number]}/": {"count": 7, "latest_error": "gone"} for number in failing},
    }


def measures(*silent: int) -> dict[str, Any]:
    """The answer of ``GET /cluster/telemetry``: all nodes but ``silent`` answered it."""
    peers = {str(n): {"uri": f"{uri}/", "responsive": n not in silent} for n, uri in NODES.items()}
    return {"collections": {}, "cluster": {"enabled": True, "number_of_peers": 3, "peers": peers}}


def told(
    states: dict[tuple[int, int], str] | None = None, *, silent: Sequence[int] = (), collection: str = "jewelry-1"
) -> dict[str, tuple[int, Any]]:
    """All three answers, by request, with their status."""
    return {
        f"GET /collections/{collection}/cluster": (200, shards(states)),
        "GET /cluster": (200, cluster()),
        "GET /cluster/telemetry": (200, measures(*silent)),
    }
