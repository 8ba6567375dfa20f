"""Settings of the search and of the service: each one, empty or blank, is as if it were not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from searcher.cli.main import main
from searcher.settings import SearcherSettings, ServeSettings
from tests.searcher.conftest import HOSTS


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host_of_test_clients: None) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(HOSTS)


@pytest.mark.parametrize("blank", ["", " \t"])
@pytest.mark.parametrize("name", sorted(ServeSettings.model_fields))
@pytest.mark.parametrize("place", ["environment", ".env"])
def test_a_blank_setting_is_not_set(
    name: str, blank: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = ServeSettings()
    if place == ".env":
        (tmp_path / ".env").write_text(f"JEWELRY_{name.upper()}={blank}\n")
    else:
        monkeypatch.setenv(f"JEWELRY_{name.upper()}", blank)
    for settings in (ServeSettings.read(), SearcherSettings.read()):
        assert settings.model_fields_set == set()
    assert ServeSettings.read() == default


def test_no_question_is_answered_from_the_current_directory(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["similar", "-p", "a"], env={"JEWELRY_INDEX": "", "JEWELRY_MODEL": ""})
    assert result.exit_code == 1
    assert "index: no index here yet" in result.stderr
    result = CliRunner().invoke(main, ["similar", "-p", "a", "--index", ""])
    assert result.exit_code == 2
    assert "is empty" in result.stderr


def test_an_empty_folder_for_metrics_is_no_folder(tmp_path: Path) -> None:
    """prometheus_client would write its files into the current directory."""
    program = "from searcher.http.telemetry import metrics; metrics.request_began(); print(metrics.exposition()[:9])"
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())
