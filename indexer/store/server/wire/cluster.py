"""Which node holds which shard of a collection, and in which state: what a collection's own status does not say.

A cluster answers while every shard has one live copy, and calls its collection green also where other copies are dead;
see https://qdrant.tech/documentation/guides/distributed_deployment/. What is asked here can be done without: nothing
raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote

from indexer.system.text import counted, printable

Look = Callable[[str], tuple[int, Any]]
"""Asks a path of the REST interface once: its status, 0 where no answer came, and its result."""

READABLE = frozenset({"Active", "ActiveRead", "ReshardingScaleDown"})
"""States in which a copy answers questions."""

WELL = READABLE | {"Listener"}
"""States that are nothing to warn of: a listener takes what is written, and is not meant to answer."""

REFUSED = frozenset({401, 403})
NO_REST = 501
PATIENCE = 2
"""Seconds that a node has to answer the one that is asked."""

TELLTALE = re.compile(r"read operations failed|active`? replica|enough replicas", re.IGNORECASE)
"""In the words of a fault: it may be that a shard has no live copy."""

CERTAIN = re.compile(
    r"(no|enough) active replica|\b0 of 0 read operations|service is currently unavailable|failed to connect"
    r"|transport error|dns error",
    re.IGNORECASE,
)
"""In the words of such a fault: it is that, whatever the cluster says of itself by now."""

ADDRESS = re.compile(r"https?://[^\s,;)\"'\\]+")


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of one shard, on one node."""

    shard: int
    state: str
    """The server's name for it, as ``Active``, ``Dead`` or ``Recovery``."""

    def is_live(self, node: Node) -> bool:
        """Whether it answers questions."""
        return node.reached and self.state in READABLE


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the cluster, with what it holds of the collection."""

    peer: int
    name: str
    """Its address for other nodes, or ``node 1234`` where that cannot be known."""
    asked: bool
    """Whether it is the one that answered."""
    reached: bool
    """Whether it answers the one that was asked."""
    copies: tuple[Copy, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """How a collection lies on the nodes of a cluster."""

    nodes: tuple[Node, ...]
    note: str | None = None
    """What could not be known, and why."""

    def lost(self) -> dict[int, list[str]]:
        """Shards without a live copy, each with the nodes that hold one."""
        holders: dict[int, list[str]] = {}
        live = set()
        for node in self.nodes:
            for copy in node.copies:
                holders.setdefault(copy.shard, []).append(node.name)
                if copy.is_live(node):
                    live.add(copy.shard)
        return {shard: names for shard, names in sorted(holders.items()) if shard not in live}

    def warnings(self, wanted: int | None = None) -> list[str]:
        """What is not as it should be, the worst first; ``wanted`` is how many copies each shard is to have."""
        found = [
            f"shard {shard} has no live copy ({_nodes(names)}): nothing can be asked until one is live again"
            for shard, names in self.lost().items()
        ]
        for node in self.nodes:
            if not node.reached:
                held = _shards([copy.shard for copy in node.copies])
                found.append(f"{node.name} does not answer; it holds {held or 'nothing of this collection'}")
                continue
            for state in dict.fromkeys(copy.state for copy in node.copies if copy.state not in WELL):
                held = _shards([copy.shard for copy in node.copies if copy.state == state])
                found.append(f"{held} on {node.name}: {_state(state)}")
        copies = [copy.shard for node in self.nodes for copy in node.copies]
        few = [shard for shard in sorted(set(copies)) if wanted is not None and copies.count(shard) < wanted]
        if few:
            most = max(copies.count(shard) for shard in few)
            have = counted(most, "copy", "copies") if len(few) == 1 else f"at most {counted(most, 'copy', 'copies')}"
            found.append(f"{_shards(few)}: {have} where {wanted} are wanted")
        return found

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "nodes": [
                {
                    "node": node.name,
                    "peer": node.peer,
                    "asked": node.asked,
                    "reached": node.reached,
                    "shards": [
                        {"shard": copy.shard, "state": copy.state, "live": copy.is_live(node)} for copy in node.copies
                    ],
                }
                for node in self.nodes
            ],
            "lost_shards": list(self.lost()),
        }


def read_cluster(look: Look, collection: str) -> Cluster | str | None:
    """How a collection lies on its nodes; why that cannot be known, in words; None where there is nothing to know.

    A server that is no cluster has one node, and is up or not.
    """
    status, told = look(f"{collection_path(collection)}/cluster")
    if status in (NO_REST, 404):
        return None
    if status in REFUSED:
        return "this key may not see on which nodes the collection lies"
    try:
        asked, held = int(told["peer_id"]), _copies(told)
        names, silent, note = _peers(look, asked)
    except (KeyError, TypeError, ValueError):
        return "on which nodes the collection lies could not be asked: its REST address does not tell"
    alone = not names and set(held) <= {asked}
    if alone and all(copy.state in WELL for copy in held.get(asked, ())):
        return None
    peers = sorted({asked, *held, *names}, key=lambda peer: (names.get(peer, ""), peer))
    return Cluster(
        tuple(
            Node(
                peer,
                names.get(peer, f"node {peer}"),
                peer == asked,
                peer == asked or peer not in silent,
                tuple(held.get(peer, ())),
            )
            for peer in peers
        ),
        note,
    )


def is_limited(look: Look) -> bool | None:
    """Whether the key is a token for some collections only; None where that cannot be said.

    Only a key for the whole server may see the cluster, be it one or not.
    """
    status, _ = look("/cluster")
    return True if status in REFUSED else False if status == 200 else None


def lost_shards(look: Look, collection: str | None, reason: str) -> str | None:
    """Which shards have no live copy, and where these should be, where that is why a request failed; else None.

    Args:
        look: asks the server.
        collection: the one that was asked for; None where it is not known.
        reason: the words of the fault.
    """
    if not TELLTALE.search(reason):
        return None
    found = read_cluster(look, collection) if collection else None
    shard = re.search(r"shard (\d+)", reason)
    if isinstance(found, Cluster):
        named = {address.rstrip("/") for address in ADDRESS.findall(reason)}
        nodes = tuple(replace(node, reached=node.reached and node.name not in named) for node in found.nodes)
        lost = Cluster(nodes).lost()
        if not lost and shard and CERTAIN.search(reason):  # it is back by now, or this node knows no better
            lost = {int(shard[1]): [n.name for n in nodes if any(c.shard == int(shard[1]) for c in n.copies)]}
        if lost:
            holders = list(dict.fromkeys(name for names in lost.values() for name in names))
            return f"no live copy of {_shards(list(lost))}" + (f" ({_nodes(holders)})" if holders else "")
    if not CERTAIN.search(reason):
        return None
    return f"no live copy of shard {shard[1]}" if shard else "no live copy of one of its shards"


def collection_path(collection: str) -> str:
    """A collection's path in the REST interface; `collection_in` is the way back."""
    return f"/collections/{quote(collection, safe='')}"


def collection_in(path: str) -> str | None:
    """The collection that a path of the REST interface is about."""
    found = re.match(r"/collections/([^/?]+)", path)
    return unquote(found[1]) if found else None


def _copies(told: Any) -> dict[int, list[Copy]]:
    """What each node holds, by its number, in order of shards."""
    held: dict[int, list[Copy]] = {}
    for one in told["local_shards"]:
        held.setdefault(int(told["peer_id"]), []).append(Copy(int(one["shard_id"]), printable(str(one["state"]))))
    for one in told["remote_shards"]:
        held.setdefault(int(one["peer_id"]), []).append(Copy(int(one["shard_id"]), printable(str(one["state"]))))
    return {peer: sorted(copies, key=lambda copy: copy.shard) for peer, copies in held.items()}


def _peers(look: Look, asked: int) -> tuple[dict[int, str], set[int], str | None]:
    """The nodes' addresses by number, those that do not answer, and what of that could not be known.

    A node that only answers questions does not notice that another is gone; asked for what all measure, it does.
    """
    status, told = look("/cluster")
    if status == 200 and told["status"] == "disabled":
        return {}, set(), None
    measured, measures = look(f"/cluster/telemetry?timeout={PATIENCE}")
    cluster = (measures or {}).get("cluster") if measured == 200 else None
    if cluster and cluster.get("peers"):
        peers = cluster["peers"]
        silent = {int(peer) for peer, one in peers.items() if not one["responsive"]}
    elif status == 200:
        peers, failed = told["peers"], told["message_send_failures"]
        silent = {int(peer) for peer, one in peers.items() if one["uri"] in failed}
    else:
        why = "this key may not see the cluster" if status in REFUSED else "the server does not tell"
        return {}, set(), f"nodes go by number, and whether all of them answer is not known: {why}"
    names = {int(peer): printable(str(one["uri"])).rstrip("/") for peer, one in peers.items()}
    return names, silent - {asked}, None


def _shards(shards: Sequence[int]) -> str:
    """``shard 0``, ``shards 0, 2``; nothing where there is none."""
    listed = ", ".join(map(str, dict.fromkeys(shards)))
    return f"shard{'s' if ',' in listed else ''} {listed}" if listed else ""


def _nodes(names: Sequence[str]) -> str:
    return f"node{'s' if len(names) > 1 else ''} {', '.join(name.removeprefix('node ') for name in names)}"


def _state(state: str) -> str:
    match state:
        case "Dead":
            return "dead; it is brought up to date once the node answers the others"
        case "Partial" | "PartialSnapshot" | "Recovery" | "ManualRecovery":
            return f"being brought up to date ({state})"
        case "Initializing":
            return f"being made ({state})"
        case "Resharding":
            return f"being moved ({state})"
        case _:
            return f"not in use ({state})"
