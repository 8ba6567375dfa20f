"""From pairs to groups without chaining: every member was compared with the group's medoid and found to match it.

Connected components would join A and D because A looks like B, B like C and C like D. Here the photo that most others
match becomes the medoid; who does not match it is compared with it, and if that fails too, goes on to another group.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from indexer.photos.components import components as connected
from searcher.insights.duplicates.answers import COPIES, Evidence, Group, Member, Pair, Photo, Placeholder, Tier
from searcher.insights.duplicates.compare.keep.keeping import Keeper, best_to_keep
from searcher.insights.duplicates.pairs.photo_table import PhotoTable

Edge = tuple[int, int]
NEAR_BITS, NEAR_COSINE = 4, 0.97
"""Differing bits of the hashes, and cosine of the embeddings, of a placeholder in another size."""


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
            nodes, key=lambda node: (-sum(edges[_edge(node, other)].probability for other in around[node]), node)
        )
        if judge is not None:
            missing = [_edge(medoid, node) for node in nodes if node != medoid and node not in around[medoid]]
            edges |= judge(missing) if missing else {}
            around = _around(nodes, edges)
        members = sorted(
            ((node, edges[_edge(medoid, node)]) for node in around[medoid]),
            key=lambda member: (-member[1].probability, member[0]),
        )
        groups.append(Star(medoid, tuple(members)))
        left = [node for node in nodes if node != medoid and node not in around[medoid]]
        inside = set(left)
        pending += components({e: f for e, f in edges.items() if e[0] in inside and e[1] in inside})
    home = {node: star.medoid for star in groups for node in (star.medoid, *(member for member, _ in star.members))}
    used = {_edge(star.medoid, node) for star in groups for node, _ in star.members}
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


def _edge(first: int, second: int) -> Edge:
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


def group_id(tier: Tier, medoid: Photo) -> str:
    """The same as long as the medoid is the same photo of the same product."""
    return hashlib.sha256(f"{tier.is_copy or tier}:{medoid.id}:{medoid.sha256}".encode()).hexdigest()[:12]


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

    Copies are grouped by picture; other photos and variants by product, which then stands in one group of a kind.

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
    """The edges between one photo of each product, that with the surest ones, and those that fit no other photo.

    A product whose photos look like several others' would stand in a group with each of them.
    """
    sure: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for edge, one in edges.items():
        for row in edge:
            sure[int(table.products[row])][row] += one.probability
    chosen = {product: min(rows, key=lambda row: (-rows[row], row)) for product, rows in sure.items()}
    kept, moved = {}, {}
    for (a, b), one in edges.items():
        edge = _edge(*(chosen[int(table.products[row])] for row in (a, b)))
        if edge == (a, b):
            kept[edge] = one
        else:
            moved[edge] = (a, b)
    again = judge(sorted(moved)) if moved else {}
    kept |= again
    return kept, {edge: edges[edge] for wanted, edge in moved.items() if wanted not in again}


def _products(table: PhotoTable, first: int, second: int) -> Edge:
    a, b = int(table.products[first]), int(table.products[second])
    return (a, b) if a < b else (b, a)


def finished(
    drafts: Drafts, table: PhotoTable, photos: Mapping[str, Photo], keeper: Keeper | None = None
) -> tuple[list[Group], list[Pair]]:
    """Groups and loose pairs with payloads, those that cost money first; the keeper says what copies are worth."""

    def photo(row: int) -> Photo:
        return photos[table.photos[row].id]

    groups = [
        _group(photo(medoid), [(photo(row), found) for row, found in members], keeper)
        for medoid, members in drafts.groups
    ]
    pairs = [
        Pair(photo(a), photo(b), found.tier, found.probability, found.evidence)
        for (a, b), found in sorted(drafts.loose.items())
    ]
    return sorted(groups, key=_urgency), pairs


def placeholders_of(drafts: Drafts, table: PhotoTable, photos: Mapping[str, Photo]) -> tuple[Placeholder, ...]:
    """Pictures that stand for missing photos, those of most products first."""
    made = []
    for rows in drafts.placeholders:
        shown = in_order(photos[table.photos[row].id] for row in rows)
        made.append(Placeholder(group_id(Tier.IDENTICAL_FILE, shown[0]), shown))
    return tuple(sorted(made, key=lambda one: (-len(one.products), one.id)))


def in_order(photos: Iterable[Photo]) -> tuple[Photo, ...]:
    """Photos as a person lists them: by product, then by path."""
    return tuple(sorted(photos, key=lambda photo: (photo.product_id, photo.path, photo.id)))


def _urgency(group: Group) -> tuple[bool, bool, int, float, str]:
    copies = group.tier.is_copy
    best = max(member.probability or 0.0 for member in group.members)
    order = list(Tier).index(group.tier)
    return not (copies and group.crosses_categories), not (copies and group.prices_differ), order, -best, group.id


def _group(medoid: Photo, members: Sequence[tuple[Photo, Found]], keeper: Keeper | None) -> Group:
    tier = max((found.tier for _, found in members), key=list(Tier).index)
    keep = None
    if tier.is_copy:
        worths = keeper(medoid, [(photo, found.evidence) for photo, found in members]) if keeper else None
        keep = best_to_keep([medoid, *(photo for photo, _ in members)], worths)

    def deletable(photo: Photo) -> bool:
        """Two products may show one file: that of the photo that is kept is never deleted."""
        return keep is not None and photo is not keep and photo.path != keep.path

    made = [Member(medoid, keep=medoid is keep, delete=deletable(medoid))]
    for photo, found in members:
        kept, delete = photo is keep, deletable(photo)
        made.append(Member(photo, found.tier, found.probability, found.evidence, keep=kept, delete=delete))
    return Group(group_id(tier, medoid), tier, tuple(made))
