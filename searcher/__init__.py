"""Answers questions about the indexed catalog. In Python: ``SearchService(index).similar(product_id="…")``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from searcher.answers import Answer, Match, Query
    from searcher.service import SearchService

__all__ = ["Answer", "Match", "Query", "SearchService"]

_HOME = {"Answer": "searcher.answers", "Match": "searcher.answers", "Query": "searcher.answers",
         "SearchService": "searcher.service"}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562): a command's ``--help`` needs none of them."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
