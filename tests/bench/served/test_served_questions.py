"""What a question over a server costs beside the server's own work: a stub answers as a server did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from indexer.store.server.connection import ServerAddress, connect
from indexer.store.server.index import ServerIndex
from searcher.service import SearchService
from tests.bench.drawn_points import clustered
from tests.bench.served.answering_stub import answering
from tests.bench.served.as_landed import LandedIndex
from tests.bench.test_http_load import one_photo_a_product
from tests.bench.timing import compare, seconds
from tests.faults.loopback_qdrant import Handler, loopback_qdrant
from tests.shops.indexes.drawn_payload import RECORD

pytestmark = [
    pytest.mark.bench,
    pytest.mark.filterwarnings("ignore:Local mode performs exact .brute-force. search, so `search_params` has no"),
]

PRODUCT, PRODUCTS, QUESTIONS = "P000007", 200, 300


@contextmanager
def index_at(url: str, folder: Path, kind: type[ServerIndex] = ServerIndex) -> Iterator[ServerIndex]:
    index = kind(connect(ServerAddress(url)), "jewelry", folder / "state")
    yield index
    index.connection.close()


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a server answers to one question, and to all that comes before the first."""
    folder, answered = tmp_path_factory.mktemp("answers"), {}

    class Recording(Handler):
        def answer(self, status: int, document: Any) -> None:
            answered[f"{self.command} {self.path.partition('?')[0]}"] = document
            super().answer(status, document)

    with loopback_qdrant() as server:
        server.RequestHandlerClass = Recording
        with index_at(server.url, folder) as index, index_at(server.url, folder, LandedIndex) as landed:
            with index.write() as writer:
                draft = writer.draft(RECORD, from_published=False)
                draft.upsert(one_photo_a_product(clustered(PRODUCTS)[0]))
                draft.publish()
            SearchService(index).similar(PRODUCT)
            SearchService(landed).similar(PRODUCT)
    return answered


@pytest.fixture(scope="module")
def stub(answers: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with answering(answers, tmp_path_factory.mktemp("stub")) as url:
        yield url


def asking(service: SearchService) -> Callable[[], None]:
    def ask() -> None:
        for _ in range(QUESTIONS):
            assert len(service.similar(PRODUCT).matches) == 10

    return ask


def test_questions_a_second_against_the_landed_way(stub: str, tmp_path: Path) -> None:
    with index_at(stub, tmp_path) as lean, index_at(stub, tmp_path, LandedIndex) as landed:
        ours, theirs = asking(SearchService(lean)), asking(SearchService(landed))
        ours(), theirs()
        compare("similar over a server that answers at once", ours, theirs, items=QUESTIONS, unit="questions")


def test_the_first_answer_of_a_command_line(stub: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from searcher.cli.main import main; main()"]
    environment = {**os.environ, "JEWELRY_STATE": str(tmp_path), "JEWELRY_QDRANT_URL": stub}

    def similar() -> None:
        done = subprocess.run(
            [*command, "similar", "--product-id", PRODUCT, "--json"], env=environment, check=True, capture_output=True
        )
        assert len(json.loads(done.stdout)["matches"]) == 10

    taken = sorted(seconds(similar) for _ in range(5))
    print(f"\nsearcher similar over a server, the whole process: {taken[2]:.2f} s ({taken[0]:.2f} to {taken[-1]:.2f})")
