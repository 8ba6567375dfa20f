"""What filters keep of a generation on a server, and the parameters that a search is sent with because of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from indexer.store.filters.tree import Condition, Except, Filter, Match
from indexer.store.policy import Walk, Way, way_to_search
from indexer.system.forks import Lock

REMEMBERED = 1_000
"""Filters whose share is kept; the one that was not asked for longest goes first."""
FEW_PRODUCTS = 100
"""A question leaves its own product out, and some that were seen: so many change no share that matters, and to count
what is left would take a request for each question."""


class Shares:
    """The server's own estimates of how many points filters keep, each asked for once; threads may share it.

    Args:
        count: asks the server for an estimate; None counts all points.
        points: of the generation; None asks for them when they are first needed.
    """

    def __init__(self, count: Callable[[Filter | None], int], points: int | None = None) -> None:
        self._count, self._points = count, points
        self._kept: dict[Filter, int] = {}
        self._lock = Lock()

    def walk(self, where: Filter | None, limit: int) -> Walk:
        """How to search, as `way_to_search` says.

        Raises:
            StoreError: the server does not answer.
        """
        asked = counted(where)
        if asked is None:
            return way_to_search(1, 1, limit)
        if self._points is None:
            self._points = self._count(None)
        return way_to_search(self._kept_by(asked), self._points, limit)

    def _kept_by(self, asked: Filter) -> int:
        with self._lock:
            kept = self._kept.pop(asked, None)
        if kept is None:
            kept = self._count(asked)
        with self._lock:
            self._kept[asked] = kept  # at the end: what was asked for last
            if len(self._kept) > REMEMBERED:
                del self._kept[next(iter(self._kept))]
        return kept


def search_params(walk: Walk) -> dict[str, Any]:
    """A search's parameters, as a server reads them as JSON; qdrant-client's ``SearchParams`` can be made of them."""
    if walk.way is Way.EXACT:
        return {"exact": True}
    # Sent explicitly: without rescoring a compressed collection would answer with approximate scores.
    found = {"hnsw_ef": walk.ef, "quantization": {"rescore": True, "oversampling": 2.0}}
    # The way is settled: by itself a server walks plainly where it thinks that more than .4 of the points are kept.
    return found | ({"acorn": {"enable": True, "max_selectivity": 1.0}} if walk.way is Way.ACORN else {})


def counted(where: Filter | None) -> Filter | None:
    """What is counted to know the share of a filter: filters that keep the same have one form, however they were put
    together, and the few products that a question leaves out stay in. None where nothing is left to count.
    """
    if where is None:
        return None
    must, must_not = _flat(where)
    must_not -= {c for c in must_not if isinstance(c, Match) and c.field == "product_id" and len(c.any) <= FEW_PRODUCTS}
    return _made(must, must_not) or None


def _flat(where: Filter) -> tuple[set[Condition], set[Condition]]:
    """What must all hold, in which a filter is one that has ``should`` alone, and what must not."""
    must: set[Condition] = set()
    must_not = set(map(_plain, where.must_not))
    if where.should:
        must.add(Filter(should=_in_order(set(map(_plain, where.should)))))
    for condition in where.must:
        if isinstance(condition, Filter):
            further, denied = _flat(condition)
            must |= further
            must_not |= denied
        else:
            must.add(_plain(condition))
    return must, must_not


def _made(must: set[Condition], must_not: set[Condition]) -> Filter:
    """The opposite of `_flat`, no deeper than what it was given."""
    choices = [condition for condition in must if isinstance(condition, Filter)]
    should = choices[0].should if len(choices) == 1 else ()
    return Filter(_in_order(must.difference(choices) if should else must), should, _in_order(must_not))


def _plain(condition: Condition) -> Condition:
    match condition:
        case Filter():
            return _made(*_flat(condition))
        case Match(field, values):
            return Match(field, tuple(sorted(set(values), key=repr)))
        case Except(field, texts):
            return Except(field, tuple(sorted(set(texts))))
    return condition


def _in_order(conditions: set[Condition]) -> tuple[Condition, ...]:
    return tuple(sorted(conditions, key=repr))
