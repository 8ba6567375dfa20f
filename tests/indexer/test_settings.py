"""Settings: a variable that is empty or blank is not set, wherever it stands, and an empty path is no path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from indexer.cli.main import main
from indexer.errors import UsageError
from indexer.sample_catalog.writer import environment
from indexer.settings import IndexerSettings

SETTINGS = sorted(IndexerSettings.model_fields)
BLANK = ["", " ", "\t "]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("blank", BLANK)
@pytest.mark.parametrize("name", SETTINGS)
def test_a_blank_variable_is_not_set(name: str, blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    default = IndexerSettings()
    monkeypatch.setenv(f"JEWELRY_{name.upper()}", blank)
    settings = IndexerSettings.read()
    assert settings == default
    assert settings.model_fields_set == set()


@pytest.mark.parametrize("line", ["{}=", '{}=""', "{}='  '", "{}=   ", "export {}="])
@pytest.mark.parametrize("name", SETTINGS)
def test_nor_is_a_blank_line_of_env(name: str, line: str, tmp_path: Path) -> None:
    default = IndexerSettings()
    (tmp_path / ".env").write_text(line.format(f"JEWELRY_{name.upper()}") + "\n")
    settings = IndexerSettings.read()
    assert settings == default
    assert settings.model_fields_set == set()


@pytest.mark.parametrize("blank", BLANK)
def test_a_blank_variable_leaves_the_word_to_env(blank: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("JEWELRY_INDEX=from-the-file\nJEWELRY_WORKERS=3\n")
    monkeypatch.setenv("JEWELRY_INDEX", blank)
    monkeypatch.setenv("JEWELRY_WORKERS", blank)
    settings = IndexerSettings.read()
    assert (settings.index, settings.workers) == (Path("from-the-file"), 3)


def test_all_of_them_blank_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.setenv(f"JEWELRY_{name.upper()}", "")
    assert IndexerSettings.read().open_chosen().location.endswith("index")


def test_an_empty_index_does_not_write_into_the_current_directory(tmp_path: Path) -> None:
    (tmp_path / "catalog").mkdir()
    result = CliRunner().invoke(main, ["status"], env={"JEWELRY_INDEX": ""})
    assert result.exit_code == 1
    assert "index: no index here yet" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["catalog"]


@pytest.mark.parametrize("command", [["status", "--index", ""], ["sync", "catalog", "--index", " "], ["sync", ""]])
def test_an_empty_path_is_refused(command: list[str], tmp_path: Path) -> None:
    """`--index "$INDEX"` of a shell that knows no INDEX would be the current directory."""
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2
    assert "is empty; name a path" in result.stderr
    assert not list(tmp_path.iterdir())


def test_an_empty_address_is_refused() -> None:
    with pytest.raises(UsageError, match="--qdrant-url is empty"):
        IndexerSettings.read(qdrant_url="")


def test_a_variable_of_another_program_that_is_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    with environment({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}):
        assert (os.environ["OMP_NUM_THREADS"], os.environ["OPENBLAS_NUM_THREADS"]) == ("1", "7")
    assert os.environ["OMP_NUM_THREADS"] == ""
