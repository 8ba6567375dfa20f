"""Groups around medoids: nobody is in two, nobody is alone, and everybody was compared with the medoid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from searcher.insights.duplicates.answers import Evidence, Photo, Tier
from searcher.insights.duplicates.compare.keep.keeping import best_to_keep
from searcher.insights.duplicates.groups.assembling import Drafts, assemble
from searcher.insights.duplicates.groups.finishing import finished
from searcher.insights.duplicates.groups.stars import Edge, Found, components, stars
from searcher.insights.duplicates.pairs.photo_table import PhotoTable

NODES = st.integers(0, 12)
EDGES = st.dictionaries(
    st.tuples(NODES, NODES).filter(lambda edge: edge[0] < edge[1]), st.floats(0.5, 1.0), max_size=30
)


def found(probability: float = 0.9) -> Found:
    return Found(Tier.EDITED, probability, Evidence())


def graph(shares: Mapping[Edge, float]) -> dict[Edge, Found]:
    return {edge: found(share) for edge, share in shares.items()}


def nobody(edges: Sequence[Edge]) -> Mapping[Edge, Found]:
    return {}


@given(EDGES)
def test_every_member_has_an_edge_to_its_medoid_and_one_group(shares: dict[Edge, float]) -> None:
    edges = graph(shares)
    groups, loose = stars(edges, nobody)
    members = [node for star in groups for node in (star.medoid, *(node for node, _ in star.members))]
    assert len(members) == len(set(members))
    assert all(star.members for star in groups)
    for star in groups:
        for node, match in star.members:
            assert edges[min(star.medoid, node), max(star.medoid, node)] == match
    in_groups = {(min(s.medoid, node), max(s.medoid, node)) for s in groups for node, _ in s.members}
    assert not in_groups & set(loose)
    assert set(loose) <= set(edges)


@given(EDGES)
def test_an_edge_is_in_a_group_or_loose_or_between_two_of_one_group(shares: dict[Edge, float]) -> None:
    groups, loose = stars(graph(shares), nobody)
    home = {node: star.medoid for star in groups for node in (star.medoid, *(node for node, _ in star.members))}
    for a, b in shares:
        assert (a, b) in loose or home[a] == home[b]


@given(EDGES)
def test_with_a_judge_that_joins_all_each_component_is_one_group(shares: dict[Edge, float]) -> None:
    groups, loose = stars(graph(shares), lambda edges: {edge: found(0.5) for edge in edges})
    assert [sorted([s.medoid, *(n for n, _ in s.members)]) for s in groups] == sorted(
        components(shares), key=lambda nodes: next(s.medoid for s in groups if s.medoid in nodes)
    )
    assert not loose


def test_a_chain_is_not_one_group() -> None:
    """0 looks like 1, 1 like 2, 2 like 3, 3 like 4: 0 and 4 have nothing to do with each other."""
    groups, loose = stars(graph({(0, 1): 0.9, (1, 2): 0.9, (2, 3): 0.9, (3, 4): 0.9}), nobody)
    assert [(star.medoid, [node for node, _ in star.members]) for star in groups] == [(1, [0, 2]), (3, [4])]
    assert list(loose) == [(2, 3)]


def test_who_keeps_the_place_of_several_copies() -> None:
    small = Photo("a", "P1", "a.jpg", "1", "1", "0", 100, 100, 9, None, mtime_ns=5, payload={"title": "Ring"})
    large = replace(small, id="b", product_id="P2", width=200)
    full = replace(large, id="c", product_id="P3", payload={"title": "Ring", "metal": "gold", "stone": ""})
    old = replace(full, id="d", product_id="P4", mtime_ns=1)
    assert best_to_keep([small, large]) is large
    assert best_to_keep([small, large, full]) is full
    assert best_to_keep([small, full, old, large]) is old


def test_a_file_that_two_products_show_is_not_deleted_where_one_of_them_keeps_it() -> None:
    kept = Photo("a", "P1", "a.jpg", "1", "1", "0", 200, 100, 9, None)
    photos = {
        one.id: one for one in (kept, replace(kept, id="b", product_id="P2"), replace(kept, id="c", path="c.jpg"))
    }
    table = PhotoTable(tuple(photos.values()), np.eye(3, dtype=np.float32))
    same = Found(Tier.IDENTICAL_FILE, 1.0, Evidence())
    (group,), _ = finished(Drafts(groups=[(0, [(1, same), (2, same)])]), table, photos)
    assert [member.keep for member in group.members] == [True, False, False]
    assert [member.delete for member in group.members] == [False, False, True]


def table_of(products: Sequence[str]) -> PhotoTable:
    """One photo each, all different."""
    photos = tuple(
        Photo(f"{n:02d}", product, f"{n}.jpg", f"{n:064x}", f"{n:064x}", f"{n:016x}", 9, 9, 9, None)
        for n, product in enumerate(products)
    )
    return PhotoTable(photos, np.eye(len(products), 16, dtype=np.float32))


VARIANT = replace(found(0.8), tier=Tier.VARIANT)


def test_a_product_stands_in_one_group_of_a_kind() -> None:
    """Two photos of A look like B's and C's: A is the middle of one group, or C is told in a pair."""
    table = table_of(["A", "A", "B", "C"])
    edges = {(0, 2): replace(VARIANT, probability=0.9), (1, 3): VARIANT}
    apart = assemble(table, edges, nobody, set(range(4)))
    assert [(medoid, [row for row, _ in members]) for medoid, members in apart.groups] == [(0, [2])]
    assert list(apart.loose) == [(1, 3)]
    together = assemble(table, edges, lambda asked: dict.fromkeys(asked, VARIANT), set(range(4)))
    assert [(medoid, sorted(row for row, _ in members)) for medoid, members in together.groups] == [(0, [2, 3])]
    assert not together.loose


@given(st.lists(st.sampled_from("ABCDE"), min_size=2, max_size=9), EDGES, st.booleans())
def test_no_product_is_in_two_groups_of_variants(products: list[str], shares: dict[Edge, float], joins: bool) -> None:
    table = table_of(products)
    edges = {
        (a, b): replace(VARIANT, probability=share)
        for (a, b), share in shares.items()
        if b < len(products) and products[a] != products[b]
    }
    drafts = assemble(
        table, edges, (lambda asked: dict.fromkeys(asked, VARIANT)) if joins else nobody, set(range(len(products)))
    )
    stands = [{products[row] for row in (medoid, *(row for row, _ in members))} for medoid, members in drafts.groups]
    assert sum(map(len, stands)) == len(set().union(*stands))


def test_blank_twins_are_no_copies_and_placeholders_no_group() -> None:
    table = table_of(["A", "B", "C", "D"])
    same = tuple(replace(photo, sha256=table.photos[row - row % 2].sha256) for row, photo in enumerate(table.photos))
    twins = PhotoTable(tuple(replace(p, pixel_sha256="") for p in same), table.vectors)
    assert len(assemble(twins, {}, nobody, set(range(4))).groups) == 2
    assert [medoid for medoid, _ in assemble(twins, {}, nobody, set(range(4)), blank={0}).groups] == [2]
    drafts = assemble(twins, {(0, 2): VARIANT}, nobody, set(range(4)), stands=lambda rows: 2 in rows)
    assert drafts.placeholders == [[2, 3]]
    assert [medoid for medoid, _ in drafts.groups] == [0], "nothing else is said of a placeholder"
    assert not drafts.loose
