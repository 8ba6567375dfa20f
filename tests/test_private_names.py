"""No module uses a private name of another folder: what others need has a public name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PUBLIC_ALL_THE_SAME = {"os._exit", "self._asdict"}
"""Documented parts of the standard library."""
KNOWN = {
    "searcher/insights/duplicates/verify/boosting.py: learner._predictors",
    "searcher/insights/duplicates/verify/boosting.py: learner._baseline_prediction",
}
"""Names of other projects that there is no public way around; the reason stands where they are used."""


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def made_in(folder: Path) -> set[str]:
    """Every private name that a folder's own modules give to something."""
    found = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.add(node.attr)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
    return found


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def private_names(path: Path, own: set[str]) -> Iterator[str]:
    here = ".".join(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            folder = node.module if (ROOT / node.module.replace(".", "/")).is_dir() else node.module.rpartition(".")[0]
            if folder != here:
                yield from (f"{node.module}.{alias.name}" for alias in node.names if is_private(alias.name))
        elif isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in own:
            yield ast.unparse(node)


def test_private_names_stay_in_their_folder() -> None:
    found = {
        f"{path.relative_to(ROOT).as_posix()}: {name}"
        for package in ("indexer", "trainer", "searcher")
        for folder in (ROOT / package, *(ROOT / package).rglob("*/"))
        for own in (made_in(folder),)
        for path in folder.glob("*.py")
        for name in private_names(path, own)
        if name not in PUBLIC_ALL_THE_SAME
    }
    assert not found - KNOWN
