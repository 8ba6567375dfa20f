"""Connections that stay open: used again where the server keeps them, given up without a word where it does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from indexer.errors import FetchError
from indexer.photos.fetch.connections import Connections
from indexer.photos.fetch.fetcher import Fetcher
from tests.indexer.photos.fetch.photo_host import Handler, PhotoHost, photo_host, redirect, status

PHOTO = b"\xff\xd8\xff photo"


@pytest.fixture
def host() -> Iterator[PhotoHost]:
    with photo_host() as host:
        host.put("/a.jpg", PHOTO)
        yield host


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    """One that keeps connections open."""
    made = Fetcher(allow_private=True, timeout=5, max_bytes=1000, connections=Connections(2))
    yield made
    made.close()


def test_one_connection_serves_many_photos(host: PhotoHost, fetcher: Fetcher) -> None:
    host.faults["/r"] = redirect("/a.jpg")
    for path in ("/a.jpg", "/a.jpg", "/r", "/a.jpg"):
        assert fetcher.fetch(host.root + path) == PHOTO
    with pytest.raises(FetchError, match="answers 404"):
        fetcher.fetch(f"{host.root}/none.jpg")
    assert fetcher.fetch(f"{host.root}/a.jpg") == PHOTO
    assert (host.log.connections, len(host.log.requests)) == (1, 7)


def test_without_a_place_to_keep_them_each_request_has_its_own(host: PhotoHost) -> None:
    fetcher = Fetcher(allow_private=True, timeout=5)
    assert [fetcher.fetch(f"{host.root}/a.jpg") for _ in range(3)] == [PHOTO] * 3
    assert host.log.connections == 3


def test_a_server_that_closes_after_each_answer_is_greeted_again(host: PhotoHost, fetcher: Fetcher) -> None:
    def close(handler: Handler) -> None:
        handler.close_connection = True
        handler.answer(200, PHOTO)  # without saying that it is going to

    host.faults["/a.jpg"] = close
    assert [fetcher.fetch(f"{host.root}/a.jpg") for _ in range(4)] == [PHOTO] * 4
    assert host.log.connections == 4


def test_what_was_not_read_to_its_end_is_not_used_again(host: PhotoHost, fetcher: Fetcher) -> None:
    host.put("/large.jpg", b"x" * 500_000)
    host.faults["/page"] = lambda handler: handler.answer(404, b"x" * 100_000)
    for path in ("/large.jpg", "/page"):
        with pytest.raises(FetchError, match=r"more than the|answers 404"):
            fetcher.fetch(host.root + path)
        assert fetcher.fetch(f"{host.root}/a.jpg") == PHOTO
    assert host.log.connections == 3


def test_ended_connections_do_not_come_back(host: PhotoHost) -> None:
    connections = Connections(2)
    fetcher = Fetcher(allow_private=True, timeout=5, connections=connections)
    fetcher.fetch(f"{host.root}/a.jpg")
    connections.close()
    fetcher.fetch(f"{host.root}/a.jpg")
    fetcher.fetch(f"{host.root}/a.jpg")
    assert host.log.connections == 3


def test_an_answer_that_is_no_photo_leaves_the_connection_whole(host: PhotoHost, fetcher: Fetcher) -> None:
    host.faults["/busy"] = status(503)
    for _ in range(3):
        with pytest.raises(FetchError, match="answers 503"):
            fetcher.fetch(f"{host.root}/busy")
    assert host.log.connections == 1
