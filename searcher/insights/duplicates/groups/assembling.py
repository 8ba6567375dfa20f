"""Groups of copies, of other photos and of variants, and what stands for missing photos, from the verdicts on pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from indexer.photos.components import components as connected
from searcher.insights.duplicates.answers import COPIES, Evidence, Tier
from searcher.insights.duplicates.groups.stars import Edge, Found, Judge, Star, edge_of, stars
from searcher.insights.duplicates.pairs.photo_table import PhotoTable

NEAR_BITS, NEAR_COSINE = 4, 0.97
"""Differing bits of the hashes, and cosine of the embeddings, of a placeholder in another size."""


@dataclass
class Drafts:
    """Groups and loose edges by rows of the table, before payloads are read."""

    groups: list[tuple[int, list[tuple[int, Found]]]] = field(default_factory=list)
    loose: dict[Edge, Found] = field(default_factory=dict)
    placeholders: list[list[int]] = field(default_factory=list)
    """Photos that show one picture which stands for missing ones."""

    def rows(self) -> list[int]:
        """Every photo that the report names."""
        named = {row for medoid, members in self.groups for row in (medoid, *(member for member, _ in members))}
        named |= {row for rows in self.placeholders for row in rows}
        return sorted(named | {row for edge in self.loose for row in edge})


Stands = Callable[[Sequence[int]], bool]
"""Whether copies, by rows of the table, stand for missing photos; see `pairs.placeholders`."""


def assemble(
    table: PhotoTable,
    found: Mapping[Edge, Found],
    judge: Judge,
    asked: set[int],
    *,
    blank: Collection[int] = (),
    stands: Stands | None = None,
) -> Drafts:
    """Groups of all kinds from the verdicts on pairs of nodes.

    Copies are grouped by picture; other photos and variants by piece, a product or the shop's own group of them, which
    then stands in one group of a kind.

    Args:
        found: by rows that stand for their identical photos, see `PhotoTable.alike`.
        judge: compares further pairs of nodes.
        asked: rows that the report is about; identical photos are reported where one of them is among these.
        blank: rows of photos that show nothing: their equal pixels say nothing.
        stands: picks out the copies that stand for missing photos; nothing else is said of these.
    """
    drafts = Drafts()
    copies, loose = stars({e: f for e, f in found.items() if f.tier.is_copy}, _only(judge, COPIES))
    home = _add_copies(drafts, table, copies, asked, set(blank))
    away = _set_placeholders_aside(drafts, table, stands) if stands else set()
    loose = {edge: one for edge, one in loose.items() if not away & set(edge)}
    found = {edge: one for edge, one in found.items() if not away & set(edge)}
    drafts.loose |= loose
    related = {_products(table, *edge) for edge in loose}
    related |= {_products(table, medoid, row) for medoid, members in drafts.groups for row, _ in members}
    for tier in (Tier.OTHER_PHOTO, Tier.VARIANT):
        edges = _between_products(table, {e: f for e, f in found.items() if f.tier is tier}, home, judge, related)
        edges, apart = _one_photo_a_product(table, edges, _only(judge, (tier,)))
        groups, loose = stars(edges, _only(judge, (tier,)))
        loose |= apart
        for star in groups:
            drafts.groups.append((star.medoid, list(star.members)))
            related |= {_products(table, star.medoid, row) for row, _ in star.members}
        related |= {_products(table, *edge) for edge in loose}
        drafts.loose |= loose
    return drafts


def _only(judge: Judge, tiers: Sequence[Tier]) -> Judge:
    return lambda edges: {edge: found for edge, found in judge(edges).items() if found.tier in tiers}


def _set_placeholders_aside(drafts: Drafts, table: PhotoTable, stands: Stands) -> set[int]:
    """Take the copies that stand for missing photos out of the groups; returns all photos that show them.

    Groups whose pictures are nearly the same, a placeholder in two sizes, are judged together.
    """
    medoids = np.array([medoid for medoid, _ in drafts.groups], np.int64)
    kept = []
    for places in _nearly_same(table, medoids):
        groups = [drafts.groups[place] for place in places]
        rows = [row for medoid, members in groups for row in (medoid, *(row for row, _ in members))]
        if stands(rows):
            drafts.placeholders.append(rows)
        else:
            kept += groups
    drafts.groups = kept
    return {row for rows in drafts.placeholders for row in rows}


def _nearly_same(table: PhotoTable, rows: NDArray[np.int64]) -> list[list[int]]:
    """Places of rows whose pictures are nearly the same by hash and embedding, together."""
    near = []
    for place, row in enumerate(rows.tolist()):
        later = rows[place + 1 :]
        bits = np.bitwise_count(table.hashes[row] ^ table.hashes[later])
        for other in np.flatnonzero(bits <= NEAR_BITS).tolist():
            if float(table.vectors[row] @ table.vectors[later[other]]) >= NEAR_COSINE:
                near.append((place, place + 1 + other))
    found = defaultdict(list)
    for place, first in enumerate(connected(len(rows), near)):
        found[first].append(place)
    return list(found.values())


def _add_copies(
    drafts: Drafts, table: PhotoTable, copies: Sequence[Star], asked: set[int], blank: set[int]
) -> dict[int, int]:
    """Add the groups of copies, with the identical photos of every node; returns the medoid of each node in one."""
    twins = defaultdict(list)
    for row, node in enumerate(table.alike.tolist()):
        if row != node and node not in blank:
            twins[node].append(row)
    home: dict[int, int] = {}
    for star in copies:
        home |= dict.fromkeys((star.medoid, *(node for node, _ in star.members)), star.medoid)
        members = [(row, _identical(table, star.medoid, row)) for row in twins.pop(star.medoid, [])]
        for node, found in star.members:
            members += [(row, found) for row in (node, *twins.pop(node, []))]
        drafts.groups.append((star.medoid, members))
    for node, rows in twins.items():
        if asked & {node, *rows}:
            drafts.groups.append((node, [(row, _identical(table, node, row)) for row in rows]))
    return home


def _identical(table: PhotoTable, first: int, second: int) -> Found:
    same_file = table.photos[first].sha256 == table.photos[second].sha256
    tier = Tier.IDENTICAL_FILE if same_file else Tier.IDENTICAL_PIXELS
    return Found(tier, 1.0, Evidence(cosine=1.0, phash_distance=0))


def _between_products(
    table: PhotoTable, found: Mapping[Edge, Found], home: Mapping[int, int], judge: Judge, related: set[Edge]
) -> dict[Edge, Found]:
    """Edges between medoids and lone photos, the best one of each pair of products that nothing stricter relates."""
    moved, edges = [], {}
    for (a, b), one in found.items():
        first, second = sorted((home.get(a, a), home.get(b, b)))
        if first == second:
            continue
        if (first, second) == (a, b):
            edges[a, b] = one
        elif (first, second) not in found:
            moved.append((first, second))
    tiers = {one.tier for one in found.values()}
    edges |= {edge: one for edge, one in judge(sorted(set(moved))).items() if one.tier in tiers} if moved else {}
    best: dict[Edge, Edge] = {}
    for edge, one in sorted(edges.items()):
        products = _products(table, *edge)
        if products[0] == products[1] or products in related:
            continue
        if products not in best or one.probability > edges[best[products]].probability:
            best[products] = edge
    return {edge: edges[edge] for edge in best.values()}


def _one_photo_a_product(
    table: PhotoTable, edges: Mapping[Edge, Found], judge: Judge
) -> tuple[dict[Edge, Found], dict[Edge, Found]]:
    """The edges between one photo of each piece (a product, or a group of them), that with the surest ones, and those
    that fit no other photo.

    A product whose photos look like several others' would stand in a group with each of them.
    """
    sure: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for edge, one in edges.items():
        for row in edge:
            sure[int(table.pieces[row])][row] += one.probability
    chosen = {product: min(rows, key=lambda row: (-rows[row], row)) for product, rows in sure.items()}
    kept, moved = {}, {}
    for (a, b), one in edges.items():
        edge = edge_of(*(chosen[int(table.pieces[row])] for row in (a, b)))
        if edge == (a, b):
            kept[edge] = one
        else:
            moved[edge] = (a, b)
    again = judge(sorted(moved)) if moved else {}
    kept |= again
    return kept, {edge: edges[edge] for wanted, edge in moved.items() if wanted not in again}


def _products(table: PhotoTable, first: int, second: int) -> Edge:
    return edge_of(int(table.pieces[first]), int(table.pieces[second]))
