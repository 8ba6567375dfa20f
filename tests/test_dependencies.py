"""What the packages import is declared in pyproject.toml, and all but their rooms can be imported without extras."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("indexer", "trainer", "searcher")
ROOMS = {"trainer": ("train", "starter", "backbones"), "searcher/http": ("serve",), "searcher/mcp": ("mcp",)}
"""Folders that only work with an extra, and that nothing else imports before it is needed; further ones add to it."""
OF_THE_PRODUCT = (
    "",
    *(extra for extras in ROOMS.values() for extra in extras),
    "reports",
    "parquet",
    "text",
    "heic",
    "ray",
    "remote",
    "watch",
)
"""The base and the extras, without those that only tests and docs need."""
FOR_OTHERS = {"httptools", "uvloop", "python-multipart", "onnxscript", "adlfs", "gcsfs", "s3fs"}
"""Declared because uvicorn, FastAPI, torch and fsspec import them where they are there."""


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


@cache
def imported(path: Path) -> frozenset[str]:
    """The top names of what a module imports, inside its functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return frozenset(found - set(sys.stdlib_module_names) - set(PACKAGES))


def declared() -> Mapping[str, set[str]]:
    """Distributions of the base (under "") and of each extra of the product."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = {"": project["dependencies"], **project["optional-dependencies"]}
    return {name: {normal(re.split(r"[^\w.-]", one)[0]) for one in ones} for name, ones in lists.items()}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def distributions_of(name: str) -> set[str]:
    return {normal(one) for one in distributions().get(name, [name])}


def room_of(path: Path) -> tuple[str, ...] | None:
    here = path.relative_to(ROOT).as_posix()
    return next((extras for room, extras in ROOMS.items() if here.startswith(f"{room}/")), None)


def names_of_extras() -> Iterator[str]:
    """Import names that an install without extras may lack."""
    everything = frozenset().union(*(imported(path) for path in modules()))
    return (name for name in everything if not distributions_of(name) & declared()[""])


def test_every_import_is_declared() -> None:
    known = declared()
    product = set().union(*(known[extra] for extra in OF_THE_PRODUCT))
    for path in modules():
        room = room_of(path)
        allowed = known[""].union(*(known[extra] for extra in room)) if room else product
        assert not {name for name in imported(path) if not distributions_of(name) & allowed}, path


def test_what_is_declared_is_imported() -> None:
    known = declared()
    used = set().union(*(distributions_of(name) for path in modules() for name in imported(path)))
    assert set().union(*(known[extra] for extra in OF_THE_PRODUCT)) - used == FOR_OTHERS


def test_what_is_declared_has_a_pinned_version() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {normal(line.partition("==")[0]) for line in lines if "==" in line}
    assert set().union(*declared().values()) - {"jewelry-similarity"} <= pinned


def test_outside_the_rooms_no_module_needs_an_extra_to_be_imported() -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in modules()
        if room_of(path) is None
    ]
    script = (
        "import importlib, sys\n"
        f"sys.modules.update(dict.fromkeys({sorted(names_of_extras())!r}))\n"
        f"for name in {names!r}:\n    importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
