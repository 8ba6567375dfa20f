"""What the suite takes with it to a server: the key, the shards, and what an older one does not know is left out."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, find, given, settings

from indexer.store.filters.tree import Filter, Match, Prefix
from indexer.store.server.filters import has_prefix
from tests.congruence.engines import Embedded, memory, real_server, skip_where_unknown
from tests.congruence.random_filters import filters
from tests.congruence.shop import TABLE
from tests.faults.loopback_qdrant import LoopbackQdrant, loopback_qdrant

ROOT = Path(__file__).parents[2]
BY_PREFIX = Filter(must_not=(Filter(should=(Prefix("metal", "go"),)),))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackQdrant]:
    with loopback_qdrant("1.18.1") as running:
        running.api_key = "k"
        for name, value in {"URL": running.url, "API_KEY": "k", "SHARDS": "3", "REPLICAS": "2", "GRPC": "0"}.items():
            monkeypatch.setenv(f"QDRANT_{name}", value)
        yield running


def test_collections_under_test_have_the_shards_and_replicas_asked_for(server: LoopbackQdrant) -> None:
    with real_server() as engine:
        store = engine.new(TABLE)
        made = server.created[store.collection]
        assert (made.shard_number, made.replication_factor, made.write_consistency_factor) == (3, 2, 2)
        engine.drop(store)


def test_what_an_older_server_does_not_know_is_not_asked_of_it(server: LoopbackQdrant, tmp_path: Path) -> None:
    with real_server() as engine:
        assert not engine.prefixes
        with pytest.raises(pytest.skip.Exception, match=r"prefix needs Qdrant 1\.19; this server is older"):
            skip_where_unknown(engine, BY_PREFIX)
        skip_where_unknown(engine, Match("metal", ("gold",)))
    stand_in = memory()
    for newer in (Embedded(tmp_path), stand_in):
        assert newer.prefixes
        skip_where_unknown(newer, BY_PREFIX)
    stand_in.close()


@settings(deadline=None)
@given(where=filters(prefixes=False))
def test_drawn_filters_ask_by_prefix_only_where_they_may(where: Filter) -> None:
    assert not has_prefix(where)


def test_drawn_filters_deny_what_they_ask_for() -> None:
    once = settings(max_examples=1000, phases=[Phase.generate], database=None, deadline=None)
    assert find(filters(), lambda where: bool(set(where.must) & set(where.must_not)), settings=once).must
    assert has_prefix(find(filters(), has_prefix, settings=once))


def make(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    left_out = ("QDRANT_", "MAKE", "MFLAGS")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(left_out)} | more
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")
def test_make_runs_what_a_server_makes_possible_over_rest_and_then_grpc() -> None:
    done = make("-n", "test-server", QDRANT_URL="http://127.0.0.1:9")
    runs = [line for line in done.stdout.splitlines() if "pytest" in line]
    assert [line.split()[0] for line in runs] == ["QDRANT_GRPC=0", "QDRANT_GRPC=1"]
    without = make("test-server")
    assert (without.returncode, without.stdout) == (2, "")
    [line] = without.stderr.splitlines()
    assert "no server to test: set QDRANT_URL, and QDRANT_API_KEY where it wants a key" in line
