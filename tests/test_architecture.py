"""The house stays as it was built: small folders and files, and imports that never run in a circle.

Which way imports fall between rooms is in pyproject.toml, as contracts of import-linter; docs/architecture.md draws it.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("indexer", "trainer", "searcher")
MOST_ENTRIES = 13
MOST_LINES = 400
CODE = {".py", ".js", ".css", ".html"}
GENERATED = {ROOT / "searcher" / "client" / "shapes.py"}


def folders(*tops: str) -> Iterator[Path]:
    for top in tops:
        for folder in [ROOT / top, *(ROOT / top).rglob("*/")]:
            if not any(part.startswith((".", "__")) for part in folder.relative_to(ROOT).parts):
                yield folder


def entries(folder: Path) -> list[str]:
    hidden = {"__init__.py", "py.typed"}
    return [p.name for p in folder.iterdir() if p.name not in hidden and not p.name.startswith((".", "__pycache__"))]


def test_no_folder_holds_more_than_can_be_seen_at_once() -> None:
    crowded = {
        folder.relative_to(ROOT).as_posix(): len(entries(folder)) for folder in folders(*PACKAGES, "tests", "docs")
    }
    assert {name: count for name, count in crowded.items() if count > MOST_ENTRIES} == {}


def test_no_file_is_longer_than_one_idea() -> None:
    long = {}
    for folder in folders(*PACKAGES, "tests", "docs"):
        for path in folder.iterdir():
            if path.suffix in CODE and path not in GENERATED:
                lines = len(path.read_text(encoding="utf-8").splitlines())
                if lines > MOST_LINES:
                    long[path.relative_to(ROOT).as_posix()] = lines
    assert long == {}


def parts_of(path: Path) -> tuple[str, ...]:
    """Where a module is, from the outermost folder to its own name."""
    return path.relative_to(ROOT).with_suffix("").parts


def python_imports(path: Path) -> Iterator[Path]:
    """The project's files that a file imports, wherever in it: at the top, in a function, for types."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            named = [f"{node.module}.{name.name}" for name in node.names] + [node.module]
        elif isinstance(node, ast.Import):
            named = [name.name for name in node.names]
        else:
            continue
        files = [ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in named]
        yield from (file for file in files if file.is_file())


def script_imports(path: Path) -> Iterator[Path]:
    for name in re.findall(r'^import .* from "(\.[^"]+)";$', path.read_text(encoding="utf-8"), re.MULTILINE):
        yield (path.parent / name).resolve()


def arrows() -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if path.name != "__init__.py":  # these hand on names of their package, and import nothing else
                yield from ((parts_of(path), parts_of(other)) for other in python_imports(path))
        for path in (ROOT / package).rglob("*.js"):
            yield from ((parts_of(path), parts_of(other)) for other in script_imports(path))


def test_the_arrows_are_found() -> None:
    found = set(arrows())
    assert (("searcher", "cli", "main"), ("searcher", "cli", "serve")) in found
    assert (("searcher", "web", "page", "main"), ("searcher", "web", "base", "api")) in found


@pytest.mark.parametrize("depth", range(1, 6))
def test_no_circle_among_files_and_folders(depth: int) -> None:
    """Seen from within a folder: its files, and its folders as wholes, need each other one way only."""
    needs: dict[tuple[str, ...], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for here, there in arrows():
        if here[: depth - 1] == there[: depth - 1] and min(len(here), len(there)) >= depth:
            first, second = here[depth - 1], there[depth - 1]
            if first != second:
                needs[here[: depth - 1]][first].add(second)
    circles = {}
    for folder, graph in needs.items():
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circles["/".join(folder) or "the project"] = " -> ".join(error.args[1])
    assert circles == {}
