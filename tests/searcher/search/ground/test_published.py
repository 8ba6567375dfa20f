"""What is made of a generation is made once, whoever asks for it and how many at once."""

from __future__ import annotations

import threading
import time

import pytest

from indexer.errors import StoreError
from searcher.search.explain import sample_of
from searcher.search.facets.counting import facet_basis
from searcher.search.ground.published import Published
from searcher.search.words.vocabulary import vocabulary_of
from tests.shops.indexes.built_index import Built


def test_what_is_made_of_a_generation_is_kept_with_it(built: Built) -> None:
    published = Published(built.index, None)
    for make in (facet_basis, vocabulary_of, sample_of):
        assert published.memo(make) is published.memo(make)
        assert Published(built.index, None).memo(make) is not published.memo(make)


def test_threads_that_ask_meanwhile_wait_for_the_one_that_makes(built: Built) -> None:
    published, calls, found = Published(built.index, None), [], []
    entered = threading.Barrier(8)

    def make(given: Published) -> object:
        calls.append(given)
        time.sleep(0.05)
        return object()

    def ask() -> None:
        entered.wait()
        found.append(published.memo(make))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == [published]
    assert len(found) == 8
    assert len(set(map(id, found))) == 1


def test_one_that_is_made_may_need_another_and_none_is_a_value(built: Built) -> None:
    published, calls = Published(built.index, None), []

    def inner(_: Published) -> None:
        calls.append("inner")

    def outer(given: Published) -> str:
        given.memo(inner)
        return "outer"

    assert published.memo(outer) == published.memo(outer) == "outer"
    assert published.memo(inner) is None
    assert calls == ["inner"]


def test_what_fails_is_made_again(built: Built) -> None:
    published, fails = Published(built.index, None), [True, False]

    def make(_: Published) -> str:
        if fails.pop(0):
            raise StoreError("not now")
        return "made"

    with pytest.raises(StoreError, match="not now"):
        published.memo(make)
    assert published.memo(make) == "made"
