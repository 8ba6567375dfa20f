"""Answers questions about the indexed catalog. In Python: ``SearchService(index).similar(product_id="…")``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from searcher.answers.answer import Answer, Explanation, Match, Query
    from searcher.answers.classification import Classification
    from searcher.client.client import Client
    from searcher.questions.example import Example
    from searcher.questions.options import Options
    from searcher.service import SearchService

__all__ = ["Answer", "Classification", "Client", "Example", "Explanation", "Match", "Options", "Query", "SearchService"]

_HOME = {
    "Answer": "answers.answer",
    "Classification": "answers.classification",
    "Client": "client.client",
    "Example": "questions.example",
    "Explanation": "answers.answer",
    "Match": "answers.answer",
    "Options": "questions.options",
    "Query": "answers.answer",
    "SearchService": "service",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562): a command's ``--help`` needs none of them."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"searcher.{_HOME[name]}"), name)
