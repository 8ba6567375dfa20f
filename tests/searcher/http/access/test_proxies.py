"""Whose address counts: that of the connection, unless a proxy that was named tells another one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from indexer.errors import UsageError
from searcher.http.access.proxies import ClientAddress, address_in
from searcher.settings import ServeSettings
from tests.searcher.http.conversation import MakeApp

PROXIES = ("10.0.0.0/8", "::1", "192.0.2.1")
Headers = list[tuple[str, str]]


def seen(peer: str, headers: Headers, trusted: tuple[str, ...] = PROXIES) -> str:
    """The client that the app sees."""
    scope: dict[str, Any] = {
        "type": "http",
        "client": (peer, 1234),
        "headers": [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers],
    }

    async def app(scope: Any, receive: Any, send: Any) -> None: ...

    asyncio.run(ClientAddress(app, trusted)(scope, app, app))  # type: ignore[arg-type]
    return str(scope["client"][0])


X, F = "x-forwarded-for", "forwarded"


@pytest.mark.parametrize(
    ("peer", "headers", "client"),
    [
        ("198.51.100.1", [(X, "203.0.113.9")], "198.51.100.1"),  # a stranger's word
        ("10.1.1.1", [(X, "203.0.113.9")], "203.0.113.9"),
        ("::ffff:10.1.1.1", [(X, "203.0.113.9")], "203.0.113.9"),
        ("10.1.1.1", [(X, "1.2.3.4, 203.0.113.9")], "203.0.113.9"),  # what the client itself says stands further left
        ("10.1.1.1", [(X, "1.2.3.4"), (X, "203.0.113.9")], "203.0.113.9"),
        ("10.1.1.1", [(X, "203.0.113.9, 10.2.2.2, 192.0.2.1")], "203.0.113.9"),
        ("10.1.1.1", [(X, "10.2.2.2, 10.3.3.3")], "10.2.2.2"),
        ("10.1.1.1", [(X, "203.0.113.9:4711")], "203.0.113.9"),
        ("::1", [(X, "[2001:db8::7]:4711")], "2001:db8::7"),
        ("::1", [(X, "2001:db8::7")], "2001:db8::7"),
        ("10.1.1.1", [(X, "unknown")], "10.1.1.1"),
        ("10.1.1.1", [(X, "203.0.113.9, evil")], "10.1.1.1"),
        ("10.1.1.1", [(X, "")], "10.1.1.1"),
        ("10.1.1.1", [], "10.1.1.1"),
        ("10.1.1.1", [(F, "for=203.0.113.9")], "203.0.113.9"),
        ("10.1.1.1", [(F, 'for=1.2.3.4, proto=https; For="[2001:db8::7]:80" ;by=10.1.1.1')], "2001:db8::7"),
        ("10.1.1.1", [(F, "for=_hidden")], "10.1.1.1"),
        ("10.1.1.1", [(F, "proto=https")], "10.1.1.1"),
        ("10.1.1.1", [(F, "for=1.2.3.4;for=5.6.7.8")], "10.1.1.1"),
        ("10.1.1.1", [(X, "203.0.113.9"), (F, "for=203.0.113.9")], "203.0.113.9"),
        ("10.1.1.1", [(X, "203.0.113.9"), (F, "for=5.6.7.8")], "10.1.1.1"),  # one of them is the client's own
        ("10.1.1.1", [("x-real-ip", "203.0.113.9")], "10.1.1.1"),
        ("testclient", [(X, "203.0.113.9")], "testclient"),
    ],
)
def test_who_is_believed(peer: str, headers: Headers, client: str) -> None:
    assert seen(peer, headers) == client
    assert seen(peer, headers, ()) == peer  # by default nobody


@given(st.lists(st.tuples(st.sampled_from([X, F]), st.text(st.characters(max_codepoint=255), max_size=60)), max_size=4))
def test_whatever_stands_there_an_address_comes_out(headers: Headers) -> None:
    assert address_in(seen("10.1.1.1", headers)) is not None


def test_limits_and_logs_go_by_it(make_app: MakeApp) -> None:
    app = make_app(trusted_proxies="127.0.0.1", open=True, rate_limit=1, rate_burst=1)
    with TestClient(app, client=("127.0.0.1", 5)) as client:

        def ask(address: str) -> int:
            return client.get("/v1/probe/products/P001", headers={X: address}).status_code

        assert [ask(f"203.0.113.{number}") for number in (1, 1, 2, 2)] == [200, 429, 200, 429]
        assert ask("1.2.3.4, 203.0.113.1") == 429
    with TestClient(make_app(open=True, rate_limit=1, rate_burst=1), client=("127.0.0.1", 5)) as client:
        assert [ask(f"203.0.113.{number}") for number in (1, 2, 3)] == [200, 429, 429]


@pytest.mark.parametrize("bad", ["proxy.shop.example", "*", "10.0.0.0/33", "127.0.0.1:80", "10.0.0.1,x"])
def test_what_is_no_address_is_refused(bad: str) -> None:
    with pytest.raises(UsageError, match=r"JEWELRY_TRUSTED_PROXIES=.* is not an address or a network; write it as"):
        ServeSettings.read(trusted_proxies=bad)


def test_nobody_is_trusted_unless_named() -> None:
    assert ServeSettings.read().trusted_proxies == ()
    assert ServeSettings.read(trusted_proxies=" 10.0.0.1 , ::1,").trusted_proxies == ("10.0.0.1", "::1")
