"""The house stays as it was built: small folders and files, and imports that never run in a circle.

Which way imports fall between rooms is in pyproject.toml, as contracts of import-linter; docs/architecture.md draws it.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("indexer", "trainer", "searcher")
MOST_ENTRIES = 13
MOST_LINES = 400
CODE = {".py", ".js", ".css", ".html"}
LAZY = {ROOT / package / "__init__.py" for package in PACKAGES}
"""They hand on names of their package, and import a module when its name is first used."""
WEB: dict[str, set[str]] = {
    "base": set(),
    "filters": {"base"},
    "asking": {"base", "filters"},
    "answers": {"base", "filters", "asking"},
    "page": {"base", "filters", "asking", "answers"},
    "review": {"base"},
    "report": {"base"},
}
"""The folders of searcher/web, each with those that its scripts may import from."""
GENERATED = {ROOT / "searcher" / "client" / "shapes.py"}


def folders(*tops: str) -> Iterator[Path]:
    for top in tops:
        for folder in [ROOT / top, *(ROOT / top).rglob("*/")]:
            hidden = any(part.startswith((".", "__")) for part in folder.relative_to(ROOT).parts)
            if not hidden and entries(folder):  # git leaves empty folders behind
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


def module_file(name: str) -> Path | None:
    place = ROOT.joinpath(*name.split("."))
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)


def python_imports(path: Path) -> Iterator[Path]:
    """The project's files that a file imports, wherever in it: at the top, in a function, for types."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:  # never relative: ruff forbids that
            files = [module_file(f"{node.module}.{name.name}") or module_file(node.module) for name in node.names]
        elif isinstance(node, ast.Import):
            files = [module_file(name.name) for name in node.names]
        else:
            continue
        yield from (file for file in files if file)


def script_imports(path: Path) -> Iterator[Path]:
    """The files that a script imports or hands on: ``import … from "x"``, ``export … from "x"``, ``import("x")``."""
    for name in re.findall(r"""\b(?:from|import)\s*\(?\s*["'`]([^"'`]+)["'`]""", path.read_text(encoding="utf-8")):
        yield (path.parent / name).resolve(strict=True)


@cache
def arrows() -> frozenset[tuple[tuple[str, ...], tuple[str, ...]]]:
    found = set()
    for folder in folders(*PACKAGES, "tests"):
        for path in set(folder.glob("*.py")) - LAZY:
            found |= {(parts_of(path), parts_of(other)) for other in python_imports(path)}
        for path in folder.glob("*.js"):
            found |= {(parts_of(path), parts_of(other)) for other in script_imports(path)}
    return frozenset(found)


def test_the_arrows_are_found() -> None:
    found = arrows()
    assert (("searcher", "cli", "main"), ("searcher", "cli", "serve")) in found
    assert (("indexer", "sample_catalog", "__init__"), ("indexer", "sample_catalog", "scene")) in found
    assert (("searcher", "web", "page", "main"), ("searcher", "web", "base", "api")) in found


@pytest.mark.parametrize(
    "text",
    [
        'import { a } from "./other.js";',
        'import {\n  a,\n  b,\n} from "./other.js";',
        'export { a } from "./other.js";',
        "export * from './other.js'",
        'import "./other.js";',
        'const { a } = await import("./other.js");',
    ],
)
def test_every_way_a_script_imports_is_seen(text: str, tmp_path: Path) -> None:
    (tmp_path / "other.js").touch()
    (tmp_path / "script.js").write_text(text)
    assert list(script_imports(tmp_path / "script.js")) == [tmp_path / "other.js"]


def test_no_circle_among_files_and_folders() -> None:
    """Seen from within a folder: its files, and its folders as wholes, need each other one way only."""
    needs: dict[tuple[str, ...], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for here, there in arrows():
        if here != there:
            shared = next(depth for depth, (a, b) in enumerate(zip(here, there, strict=False)) if a != b)
            needs[here[:shared]][here[shared]].add(there[shared])
    circles = {}
    for folder, graph in needs.items():
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circles["/".join(folder) or "the project"] = " -> ".join(error.args[1])
    assert circles == {}


def test_scripts_of_the_page_import_from_the_folders_below() -> None:
    web = [(here[2:], there[2:]) for here, there in arrows() if here[:2] == ("searcher", "web")]
    upwards = {f"{'/'.join(a)} -> {'/'.join(b)}" for a, b in web if a[0] != b[0] and b[0] not in WEB.get(a[0], ())}
    assert upwards == set()


def test_tests_are_laid_out_like_the_packages() -> None:
    laid_out = [folder.relative_to(ROOT / "tests") for folder in folders(*(f"tests/{name}" for name in PACKAGES))]
    assert [folder.as_posix() for folder in laid_out if not (ROOT / folder).is_dir()] == []
