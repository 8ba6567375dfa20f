"""The HTTP service under load on loopback: 100,000 products, two workers, the load from another process."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from indexer.models.directory import load_model
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.records import GenerationRecord, Point
from tests.bench.drawn_points import clustered, points
from tests.shops.indexes.drawn_payload import RECORD

pytestmark = pytest.mark.bench

PRODUCTS = 100_000
SECONDS = float(os.environ.get("JEWELRY_BENCH_SECONDS", "60"))
SERVE = "from searcher.cli.main import main; main()"

PLAIN_APP = """
import sys, uvicorn
from fastapi import FastAPI
from qdrant_client import QdrantClient, models
client, app = QdrantClient(path=sys.argv[1]), FastAPI()
@app.post("/similar")
def similar(question: dict):
    metal = models.FieldCondition(key="metal", match=models.MatchValue(value=question["metal"]))
    found = client.query_points("shop", query=question["id"], query_filter=models.Filter(must=[metal]), limit=10)
    return [{"id": hit.id, "score": hit.score, "payload": hit.payload} for hit in found.points]
uvicorn.run(app, port=int(sys.argv[2]), log_level="warning")
"""
"""What one writes on the first day: FastAPI over the client's local mode; at a tenth of the size, or it never ends."""


def one_photo_a_product(vectors: np.ndarray) -> list[Point]:
    made = []
    for number, point in enumerate(points(vectors)):
        payload = {**point.payload, "product_id": f"P{number:06d}", "photo": {**point.payload["photo"], "rank": 0}}
        made.append(Point(point.id, payload, point.vector))
    return made


@pytest.fixture(scope="module")
def index(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("load") / "index"
    vectors, _ = clustered(PRODUCTS)
    record = GenerationRecord(
        load_model(model).fingerprint, 128, RECORD.field_table, "/", str(model), "2026-01-01T00:00:00Z"
    )
    with EmbeddedIndex(root).write() as writer:
        draft = writer.draft(record, from_published=False)
        draft.upsert(one_photo_a_product(vectors))
        draft.publish()
    return root


@contextmanager
def serving(arguments: list[str], ready: str) -> Iterator[tuple[int, int]]:
    """A server as its own process; gives its port and process id."""
    port = 18_000 + os.getpid() % 1_000
    command = [sys.executable, *(part.replace("{port}", str(port)) for part in arguments)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}").close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield port, process.pid
        finally:
            process.terminate()


def load(port: int, connections: int, questions: list[dict[str, Any]], folder: Path, *, check: bool = False) -> Any:
    listed = folder / "questions.jsonl"
    listed.write_text("\n".join(json.dumps(question) for question in questions))
    command = [sys.executable, "-m", "tests.bench.load_tool", str(port), str(SECONDS), str(connections), str(listed)]
    done = subprocess.run([*command, *(["--check"] if check else [])], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def by_id() -> list[dict[str, Any]]:
    numbers = np.random.default_rng(0).integers(0, PRODUCTS, 2_000)
    return [
        {"path": "/v1/similar", "body": {"product_id": f"P{n:06d}", "where": [f"metal=metal-{n // 3 % 10}"]}}
        for n in numbers.tolist()
    ]


def by_photo() -> list[dict[str, Any]]:
    rng, questions = np.random.default_rng(0), []
    for _ in range(40):
        small = rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
        encoded = io.BytesIO()
        Image.fromarray(small).resize((640, 640), Image.Resampling.BICUBIC).save(encoded, "JPEG", quality=85)
        image = base64.b64encode(encoded.getvalue()).decode()
        questions.append({"path": "/v1/similar", "body": {"image": image}})
    return questions


def resident(pid: int) -> float:
    """Megabytes of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(own.split()[1]) / 1024 + sum(resident(int(child)) for child in children)


def serve(index: Path) -> list[str]:
    return ["-c", SERVE, "serve", "--index", str(index), "--workers", "2", "--rate-limit", "0", "--port", "{port}"]


def test_similar_by_id_and_by_photo(index: Path, tmp_path: Path) -> None:
    with serving(serve(index), "/readyz") as (port, pid):
        load(port, 8, by_id()[:50], tmp_path)
        before = resident(pid)
        # What this machine gives at this hour to an answer that costs nothing.
        print(f"\n/livez: {load(port, 8, [{'path': '/livez'}], tmp_path)}")
        for name, connections, questions in (("id with a filter", 8, by_id()), ("photo", 8, by_photo())):
            print(f"\nsimilar by {name}: {load(port, connections, questions, tmp_path)}")
            print(f"RSS {before:.0f} MB before, {resident(pid):.0f} MB after")


def test_generation_switch_under_load(index: Path, tmp_path: Path) -> None:
    """Every 2 s another generation; in generation n every price is n, so a mixed answer shows."""
    root = tmp_path / "index"
    vectors, _ = clustered(2_000)
    made = one_photo_a_product(vectors)
    record = EmbeddedIndex(index).record()
    assert record is not None
    stop = threading.Event()

    def publish(number: int) -> None:
        with EmbeddedIndex(root).write() as writer:
            draft = writer.draft(record, from_published=False)
            draft.upsert([Point(p.id, {**p.payload, "price": float(number)}, p.vector) for p in made])
            draft.publish()

    def keep_publishing() -> None:
        number = 2
        while not stop.wait(2):
            publish(number)
            number += 1

    publish(1)
    questions = [{"path": "/v1/similar", "body": {"product_id": f"P{n:06d}"}} for n in range(2_000)]
    with serving(serve(root), "/readyz") as (port, _):
        publisher = threading.Thread(target=keep_publishing)
        publisher.start()
        print(f"\ngeneration switch every 2 s: {load(port, 8, questions, tmp_path, check=True)}")
        stop.set()
        publisher.join()


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")
@pytest.mark.filterwarnings("ignore:Local mode is not recommended")
def test_plain_app_over_local_mode(tmp_path: Path) -> None:
    from qdrant_client import QdrantClient, models

    client = QdrantClient(path=str(tmp_path / "local"))
    client.create_collection("shop", models.VectorParams(size=128, distance=models.Distance.COSINE))
    made = one_photo_a_product(clustered(PRODUCTS // 10)[0])
    client.upsert("shop", [models.PointStruct(id=p.id, vector=p.vector.tolist(), payload=p.payload) for p in made])
    client.close()
    questions = [
        {"path": "/similar", "body": {"id": made[n].id, "metal": f"metal-{n // 3 % 10}"}} for n in range(0, 10_000, 50)
    ]
    with serving(["-c", PLAIN_APP, str(tmp_path / "local"), "{port}"], "/openapi.json") as (port, _):
        print(f"\nplain FastAPI over local mode, {PRODUCTS // 10:,} products: {load(port, 8, questions, tmp_path)}")
