"""The files that a shop starts its Qdrant server with do what their comments say."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[4]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SERVER = (ROOT / "deploy" / "qdrant" / "production.yaml").read_text(encoding="utf-8")

EVERY_DAEMON_GIVES = 4096
"""Open files: the lowest hard limit that systems set for an ordinary user, and so for a daemon without root."""


def test_requests_are_not_logged() -> None:
    """The server logs each one at INFO, under actix_web."""
    (line,) = re.findall(r"^log_level: .*$", SERVER, re.MULTILINE)
    levels, comment = (part.strip() for part in line.removeprefix("log_level: ").split("#"))
    assert "requests are not logged" in comment
    assert levels.split(",") == ["INFO", "actix_web=WARN"]


def test_the_container_starts_where_the_daemon_may_set_few_open_files() -> None:
    limits = re.search(r"\n    ulimits:\n((?: {6,}.*\n)+)", COMPOSE)
    assert limits is not None
    numbers = re.findall(r"(\w+): (?:\$\{(\w+):-)?(\d+)\}?$", limits[1], re.MULTILINE)
    assert {name for name, *_ in numbers} == {"soft", "hard"}
    assert {variable for _, variable, _ in numbers} == {"QDRANT_NOFILE"}  # whoever needs more says so
    assert all(int(number) <= EVERY_DAEMON_GIVES for *_, number in numbers)
    assert "QDRANT_NOFILE=65536" in COMPOSE
