"""Which addresses are open to others, and the words for an address that moved."""

from __future__ import annotations

import httpx
import pytest

from indexer.store.server.wire.faults import Refused, explain, may_pass
from indexer.store.server.wire.tls import is_exposed


@pytest.mark.parametrize(
    ("url", "exposed"),
    [
        ("http://10.0.0.7:6333", True),
        ("http://qdrant.example", True),
        ("http://[2001:db8::1]:6333", True),
        ("https://10.0.0.7:6333", False),
        ("http://127.0.0.1:6333", False),
        ("http://127.8.8.8:6333", False),
        ("http://localhost:6333", False),
        ("http://qdrant.localhost", False),
        ("http://[::1]:6333", False),
    ],
)
def test_what_others_can_read(url: str, exposed: bool) -> None:
    assert is_exposed(url) is exposed


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (
            "https://me:s3cret@qdrant.example/?key=s3cret",
            "http://a: has moved to https://qdrant.example; write that address",
        ),
        ("/dashboard", "http://a: status 308 Permanent Redirect"),
        (None, "http://a: status 308 Permanent Redirect"),
    ],
)
def test_an_address_that_moved(location: str | None, line: str) -> None:
    error = Refused(httpx.Response(308, headers={} if location is None else {"location": location}))
    assert not may_pass(error)
    assert explain(error, "http://a", 5) == line


def test_a_machine_that_takes_no_connection_is_not_slow() -> None:
    assert "no connection after 5 attempts (timed out); check the address" in explain(
        httpx.ConnectTimeout("timed out"), "http://a", 5
    )
    assert "raise JEWELRY_QDRANT_TIMEOUT" in explain(httpx.ReadTimeout("timed out"), "http://a", 5)
