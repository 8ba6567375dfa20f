"""No module uses a private name of another folder: what others need has a public name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PUBLIC_ALL_THE_SAME = {"os._exit", "self._asdict"}
"""Documented parts of the standard library."""
KNOWN = {
    "indexer/system/forks.py: importlib._bootstrap",
    "indexer/system/forks.py: getattr(_bootstrap, '_module_locks', {})",
    "searcher/insights/duplicates/verify/boosting.py: learner._predictors",
    "searcher/insights/duplicates/verify/boosting.py: learner._baseline_prediction",
}
"""Names of other projects that there is no public way around; the reason stands where they are used."""


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def members(folder: Path) -> set[str]:
    """What the classes of a folder's own modules have: methods, fields, and what they set on ``self``."""
    found = set()
    for path in folder.glob("*.py"):
        for a_class in (node for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef)):
            for node in ast.walk(a_class):
                match node:
                    case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                        found.add(name)
                    case ast.AnnAssign(target=ast.Name(name)):
                        found.add(name)
                    case ast.Attribute(value=ast.Name("self" | "cls"), attr=name, ctx=ast.Store()):
                        found.add(name)
    return found


def private_names(path: Path, own: set[str]) -> Iterator[str]:
    """The private names that a module imports from elsewhere, or uses although no class of its folder has them."""
    here = ".".join(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Import(names=aliases):
                yield from (alias.name for alias in aliases if any(map(is_private, alias.name.split("."))))
            case ast.ImportFrom(module=str(module), names=aliases):
                folder = module if (ROOT / module.replace(".", "/")).is_dir() else module.rpartition(".")[0]
                names = [f"{module}.{alias.name}" for alias in aliases if folder != here]
                yield from (name for name in names if any(map(is_private, name.split("."))))
            case (
                ast.Attribute(attr=name)
                | ast.Call(func=ast.Name("getattr" | "setattr" | "hasattr"), args=[_, ast.Constant(str(name)), *_])
            ) if is_private(name) and name not in own:
                yield ast.unparse(node)


def test_private_names_stay_in_their_folder() -> None:
    found = {
        f"{path.relative_to(ROOT).as_posix()}: {name}"
        for package in ("indexer", "trainer", "searcher")
        for folder in (ROOT / package, *(ROOT / package).rglob("*/"))
        for own in (members(folder),)
        for path in folder.glob("*.py")
        for name in private_names(path, own)
        if name not in PUBLIC_ALL_THE_SAME
    }
    assert not found - KNOWN
