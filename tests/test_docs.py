"""The documentation is true: the notebook runs, every command is described, every link leads somewhere."""

from __future__ import annotations

import re
import shlex
import tomllib
from importlib import import_module
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def entry_point(program: str) -> click.Command:
    module, _, name = SCRIPTS[program].partition(":")
    command: click.Command = getattr(import_module(module), name)
    return command


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(tmp_path: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(ROOT / "docs" / "tour" / "tour.ipynb", as_version=4)
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()


@pytest.mark.parametrize("package", ["indexer", "trainer", "searcher"])
def test_every_command_is_documented(package: str) -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    main = entry_point(package)
    assert isinstance(main, click.Group)
    missing = [name for name in main.commands if f"{package} {name}" not in text]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


def shown_commands() -> list[str]:
    """The lines of console blocks that call one of the three programs, without what is said about them."""
    blocks = [
        block for page in PAGES for block in re.findall(r"```console\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    ]
    lines = [shlex.join(shlex.split(line, comments=True)) for block in blocks for line in block.splitlines()]
    return sorted({line for line in lines if line.split(" ", 1)[0] in ("indexer", "trainer", "searcher")})


@pytest.mark.parametrize("line", shown_commands())
def test_every_command_shown_can_be_given(line: str) -> None:
    """Each is parsed, with its options, and not run."""
    program, *arguments = shlex.split(re.sub(r"\$\w+", "0", line))  # a loop's variable
    command: click.Command = entry_point(program)
    while isinstance(command, click.Group):
        name, *arguments = arguments
        command = command.commands[name]
    with command.make_context(command.name, list(arguments)):
        pass


@pytest.mark.parametrize("page", [*PAGES, ROOT / "docs" / "tour" / "tour.ipynb"], ids=lambda page: page.name)
def test_what_is_shown_in_python_is_public(page: Path) -> None:
    shown = re.findall(
        r"^[ \"]*from (indexer|trainer|searcher)([\w.]*) import ([\w, ]+)", page.read_text(encoding="utf-8"), re.M
    )
    assert [inner for _, inner, _ in shown if inner not in ("", ".errors")] == []
    for package, inner, names in shown:
        module = import_module(package + inner)
        assert all(name in getattr(module, "__all__", dir(module)) for name in names.split(", "))


@pytest.mark.parametrize("package", ["indexer", "trainer", "searcher"])
def test_every_public_name_can_be_had(package: str) -> None:
    module = import_module(package)
    assert module.__all__ == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError):
        _ = module.nothing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_named_is_there(page: Path) -> None:
    named = re.findall(r"`((?:indexer|searcher|trainer|tests|deploy)/[\w./*-]+)`", page.read_text(encoding="utf-8"))
    assert [path for path in named if not list(ROOT.glob(path)) and not (ROOT / f"{path}.py").is_file()] == []


@pytest.mark.parametrize("package", ["indexer", "trainer", "searcher"])
def test_every_file_says_what_it_is_for(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert path.read_text(encoding="utf-8").startswith('"""'), path
        written_by_a_program = path == ROOT / "searcher" / "client" / "shapes.py"
        assert written_by_a_program or len(path.read_text(encoding="utf-8").splitlines()) <= 400, path
