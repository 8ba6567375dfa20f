"""From pairs to groups without chaining: every member was compared with the group's medoid and found to match it.

Connected components would join A and D because A looks like B, B like C and C like D. Here the photo that most others
match becomes the medoid; who does not match it is compared with it, and if that fails too, goes on to another group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from indexer.photos.components import components as connected
from searcher.insights.duplicates.answers import Evidence, Tier

Edge = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """What two nodes are to each other."""

    tier: Tier
    probability: float
    evidence: Evidence


Judge = Callable[[Sequence[Edge]], Mapping[Edge, Found]]
"""Compares further pairs, and gives those that match."""


@dataclass(frozen=True)
class Star:
    """A medoid and the nodes that match it, best first."""

    medoid: int
    members: tuple[tuple[int, Found], ...]


def stars(edges: Mapping[Edge, Found], judge: Judge | None = None) -> tuple[list[Star], dict[Edge, Found]]:
    """Groups of nodes, none in two of them, and the edges that are in none.

    Args:
        edges: found matches of one kind, the smaller node first.
        judge: compares further pairs, and gives those that match.
    """
    edges, groups = dict(edges), []
    pending = components(edges)
    while pending:
        nodes = pending.pop()
        around = _around(nodes, edges)
        medoid = min(
            nodes, key=lambda node: (-sum(edges[edge_of(node, other)].probability for other in around[node]), node)
        )
        if judge is not None:
            missing = [edge_of(medoid, node) for node in nodes if node != medoid and node not in around[medoid]]
            edges |= judge(missing) if missing else {}
            around = _around(nodes, edges)
        members = sorted(
            ((node, edges[edge_of(medoid, node)]) for node in around[medoid]),
            key=lambda member: (-member[1].probability, member[0]),
        )
        groups.append(Star(medoid, tuple(members)))
        left = [node for node in nodes if node != medoid and node not in around[medoid]]
        inside = set(left)
        pending += components({e: f for e, f in edges.items() if e[0] in inside and e[1] in inside})
    home = {node: star.medoid for star in groups for node in (star.medoid, *(member for member, _ in star.members))}
    used = {edge_of(star.medoid, node) for star in groups for node, _ in star.members}
    loose = {e: f for e, f in edges.items() if e not in used and (e[0] not in home or home.get(e[0]) != home.get(e[1]))}
    return sorted(groups, key=lambda star: star.medoid), loose


def components(edges: Collection[Edge]) -> list[list[int]]:
    """Connected nodes, each component sorted; nodes without an edge are in none."""
    nodes = sorted({node for edge in edges for node in edge})
    place = {node: number for number, node in enumerate(nodes)}
    found = defaultdict(list)
    for node, first in zip(nodes, connected(len(nodes), ((place[a], place[b]) for a, b in edges)), strict=True):
        found[first].append(node)
    return list(found.values())


def edge_of(first: int, second: int) -> Edge:
    """Two nodes, the smaller first."""
    return (first, second) if first < second else (second, first)


def _around(nodes: Sequence[int], edges: Mapping[Edge, Found]) -> dict[int, list[int]]:
    inside = set(nodes)
    found: dict[int, list[int]] = {node: [] for node in nodes}
    if len(inside) ** 2 < len(edges):
        chosen = [(a, b) for a in nodes for b in nodes if a < b and (a, b) in edges]
    else:
        chosen = [(a, b) for a, b in edges if a in inside and b in inside]
    for first, second in chosen:
        found[first].append(second)
        found[second].append(first)
    return found
