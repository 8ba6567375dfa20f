"""docs/http.md is true: its curl and Python run against the service, its JSON has the shape of what comes back."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from indexer.catalog.columns import KNOWN
from indexer.fields.types import FieldType
from indexer.models.directory import load_model
from indexer.models.embedder import Embedder
from indexer.photos.fingerprints import sha256
from indexer.photos.opening import open_image
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.records import GenerationRecord
from searcher.cli.main import main
from searcher.client.client import Client
from searcher.http.access.keys import KeyFile
from searcher.http.app import create_app, describe
from searcher.http.problems import PROBLEMS
from searcher.mcp.tools import TOOLS
from searcher.pages.writing import write_report
from searcher.settings import ServeSettings
from tests.searcher.http.conversation import running
from tests.shops.catalogs.small_catalog import write_photo
from tests.shops.indexes.built_index import Photographed, points, publish
from tests.shops.models.tiny_model import write_tiny_model
from tests.shops.reports.duplicate_reports import photos_of, small_report
from tests.shops.reports.reported_index import checking_service

PAGE = (Path(__file__).parents[1] / "docs" / "http.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
CURLS = [
    (text, BLOCKS[n + 1][1] if BLOCKS[n + 1][0] == "json" else None)
    for n, (language, text) in enumerate(BLOCKS)
    if language == "bash"
]
SCRIPTS = [text for language, text in BLOCKS if language == "python"]


class Served(NamedTuple):
    """Two services over the same products: without keys, and with keys; and a folder with a photo to ask with."""

    plain: str
    guarded: str
    folder: Path
    names: dict[str, str]
    """What the examples take from the environment: keys, and photos to decide on."""

    def filled(self, text: str) -> str:
        """An example with the addresses of these services."""
        return text.replace("http://localhost:8000", self.plain).replace("https://search.shop.example", self.guarded)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("docs")
    model = load_model(write_tiny_model(folder / "model"))
    index, embedder = EmbeddedIndex(folder / "index"), Embedder(model)
    payloads, rows = [], []
    for number in range(60):
        path = write_photo(folder / "catalog" / f"J{number:04d}.png", seed=number)
        payloads.append(
            {
                "product_id": f"J{number:04d}",
                "category": ("rings", "bracelets")[number % 2],
                "title": f"{('Gold', 'Silver')[number % 3 % 2]} piece with a red stone",
                "metal": [("gold", "silver")[number % 3 % 2]],
                "brand": f"brand {number % 5}",
                "price": 40.0 + 12 * number,
                "in_stock": number % 4 != 0,
                "photo": {"path": path.name, "rank": 0.0, "sha256": sha256(path.read_bytes())},
            }
        )
        ThumbnailStore(index.root).write(payloads[-1]["photo"]["sha256"], open_image(path))
        rows.append(embedder.embed([path])[0])
    table = {name: kind for name, kind in KNOWN.items() if kind is not FieldType.TEXT} | {"title": FieldType.TEXT}
    of = GenerationRecord(
        model.fingerprint, 128, table, str(folder / "catalog"), str(model.path), "2026-11-01T00:00:00Z"
    )
    publish(index, points(payloads, np.stack(rows)), of)
    shutil.copy(path, folder / "photo.jpg")
    keys = KeyFile(folder / "keys.json")
    shop = Photographed(index, index.read(), payloads, np.stack(rows), folder / "catalog", model.path)
    write_report(index, small_report(shop))
    first, second = (photo.sha256 for photo in photos_of(shop)[4:8:2])
    names = {
        "SEARCH_KEY": keys.add("shop", "read")[1],
        "ADMIN_KEY": keys.add("back office", "admin")[1],
        "FIRST": first,
        "SECOND": second,
        "no_proxy": "*",
    }
    with ExitStack() as stack:
        ports = []
        for options in ({}, {"keys": keys.path}):
            settings = ServeSettings(_env_file=None, index=index.root, **options)  # type: ignore[call-arg,arg-type]
            ports.append(stack.enter_context(running(create_app(settings, checking_service(shop)))))
        yield Served(f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}", folder, names)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(("command", "shown"), CURLS, ids=[text.splitlines()[0][8:70] for text, _ in CURLS])
def test_every_curl_is_answered_as_shown(served: Served, command: str, shown: str | None) -> None:
    done = subprocess.run(
        ["bash", "-ec", served.filled(command)],
        capture_output=True,
        text=True,
        check=True,
        cwd=served.folder,
        env={**os.environ, **served.names},
    )
    answer = json.loads(done.stdout)
    if shown is None:
        assert answer.get("matches"), answer
    else:
        assert missing(json.loads(shown), answer) == []
    assert "status" not in answer or answer["status"] == "ready" or "no-such" in command


def missing(shown: Any, real: Any, where: str = "$") -> list[str]:
    """Paths that an example shows and an answer lacks; of a list, every shown element is looked for at its place."""
    if isinstance(shown, dict) and isinstance(real, dict):
        return [
            path
            for name, value in shown.items()
            for path in ([f"{where}.{name}"] if name not in real else missing(value, real[name], f"{where}.{name}"))
        ]
    if isinstance(shown, list) and isinstance(real, list):
        if len(real) < len(shown):
            return [f"{where}[{len(real)}]"]
        return [path for n, one in enumerate(shown) for path in missing(one, real[n], f"{where}[{n}]")]
    same = isinstance(real, int | float) if isinstance(shown, float) else type(shown) is type(real)
    return [] if same else [f"{where}: {real!r}"]


def test_the_comparison_sees_a_difference() -> None:
    assert missing({"a": [{"b": 1.5}]}, {"a": [{"b": 2}], "c": 0}) == []
    assert missing({"a": [{"b": 1.5}]}, {"a": [{"c": 2}]}) == ["$.a[0].b"]
    assert missing({"a": [1, 2]}, {"a": [1]}) == ["$.a[1]"]
    assert missing({"a": "x"}, {"a": None}) == ["$.a: None"]


@pytest.mark.parametrize("number", range(len(SCRIPTS)))
def test_every_script_runs(served: Served, number: int) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", served.filled(SCRIPTS[number])],
        capture_output=True,
        text=True,
        check=False,
        cwd=served.folder,
        env={**os.environ, **served.names},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or "print" not in SCRIPTS[number]


def test_the_mcp_configuration_calls_a_command() -> None:
    configuration = next(json.loads(text) for _, text in BLOCKS if "mcpServers" in text)
    for one in configuration["mcpServers"].values():
        assert one["args"][0] in main.commands


def test_every_route_status_method_and_tool_is_described() -> None:
    document = describe()
    assert [path for path in document["paths"] if path not in PAGE] == []
    assert [status for status in PROBLEMS if str(status) not in PAGE.partition("## Errors")[2]] == []
    methods = [name for name in vars(Client) if not name.startswith("_") and name != "close"]
    assert [name for name in [*methods, *TOOLS] if f"`{name}`" not in PAGE] == []
    options = document["components"]["schemas"]["TextBody"]["properties"]
    assert [name for name in options if name != "text" and f"`{name}`" not in PAGE] == []
