"""What is none of a model's categories is told so in every form, and what an older model cannot tell, it does not."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image
from starlette.testclient import TestClient

from indexer.errors import ModelError
from indexer.models.directory import load_model
from indexer.models.embedder import Embedder
from searcher.cli.main import main
from searcher.http.app import create_app
from searcher.mcp.tools import TOOLS
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.shops.catalogs.small_catalog import write_photo
from tests.shops.indexes.both_engines import make_index
from tests.shops.indexes.built_index import draw_payloads, points, publish, record, unit_vectors
from tests.shops.models.tiny_model import write_tiny_model


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index whose model takes white pictures for nothing it knows."""
    folder = tmp_path_factory.mktemp("strange")
    model = load_model(write_tiny_model(folder / "model", strange=True))
    payloads = draw_payloads(3)
    of = record(model.fingerprint, str(model.path), str(folder))
    publish(make_index("embedded", folder), points(payloads, unit_vectors(len(payloads))), of)
    write_photo(folder / "ring.png", seed=5)
    Image.new("RGB", (60, 60), "white").save(folder / "paper.png")
    return folder


@pytest.fixture(scope="module")
def service(shop: Path) -> Iterator[SearchService]:
    service = SearchService(shop / "index")
    yield service
    service.close()


def test_python(service: SearchService, shop: Path) -> None:
    paper, ring = service.classify(shop / "paper.png"), service.classify(shop / "ring.png")
    assert (paper.none_of_these, paper.usual) == (True, 0.015)
    assert not ring.none_of_these
    assert ring.usual in (0.5, 1.0)
    assert len(paper.categories) == len(ring.categories) == 5


def test_command_line(shop: Path) -> None:
    command = ["classify", "--index", str(shop / "index"), "-i"]
    said = CliRunner().invoke(main, [*command, str(shop / "paper.png")])
    assert (said.exit_code, said.output) == (0, "none of these: too unlike the photos that the model learned from\n")
    assert "%  " in CliRunner().invoke(main, [*command, str(shop / "ring.png")]).output
    document = json.loads(CliRunner().invoke(main, [*command, str(shop / "paper.png"), "--json"]).output)
    assert document["none_of_these"] is True


def test_http(service: SearchService, shop: Path) -> None:
    settings = ServeSettings(_env_file=None, index=shop / "index")  # type: ignore[call-arg]
    with TestClient(create_app(settings, SearchService(shop / "index"))) as client:
        for name, none in (("paper.png", True), ("ring.png", False)):
            data = (shop / name).read_bytes()
            found = client.post("/v1/classify", json={"image": base64.b64encode(data).decode()}).json()
            assert found["none_of_these"] is none
            uploaded = client.post("/v1/classify/photo", files={"image": data}).json()
            assert uploaded["none_of_these"] is none
            assert uploaded["usual"] == service.classify(shop / name).usual


def test_tool(service: SearchService, shop: Path) -> None:
    tool = TOOLS["classify"]
    given = tool.arguments(image=base64.b64encode((shop / "paper.png").read_bytes()).decode())
    assert tool.ask(service, given).document["none_of_these"] is True


def test_photos_of_one_batch_keep_their_own_strangeness(shop: Path) -> None:
    """Several at once through the network, as threads that ask together are answered."""
    embedder = Embedder(shop / "model")
    seen = embedder.predict([shop / "paper.png", shop / "ring.png", shop / "paper.png"])
    assert seen.strangeness is not None
    assert seen.strangeness.shape == (3,)
    assert seen.strangeness[0] == seen.strangeness[2] == pytest.approx(1.0)
    assert seen.strangeness[1] < 0.9


def test_a_model_that_cannot_say_calls_nothing_none(tmp_path: Path, shop: Path) -> None:
    plain = load_model(write_tiny_model(tmp_path / "model"))
    payloads = draw_payloads(3)
    of = record(plain.fingerprint, str(plain.path), str(tmp_path))
    publish(make_index("embedded", tmp_path), points(payloads, unit_vectors(len(payloads))), of)
    service = SearchService(tmp_path / "index")
    found = service.classify(shop / "paper.png")
    assert (found.none_of_these, found.usual) == (False, None)
    service.close()


def test_a_record_that_promises_what_the_network_does_not_say(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "model")
    record = json.loads((path / "model.json").read_text())
    record["calibration"]["none_of_these"] = {"above": 1.0, "strangeness": [], "share": []}
    (path / "model.json").write_text(json.dumps(record))
    with pytest.raises(ModelError, match="strangeness"):
        Embedder(path)
