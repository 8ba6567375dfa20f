"""Rate limits: no more than the burst and the rate allow, whoever asks, and no memory without bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from searcher.http.access.rate_limits import MOST_CLIENTS, TokenBuckets, network_of
from tests.searcher.http.conversation import Keyring, MakeApp, bearer

LOOK = "/v1/probe/products/P001"


@given(
    rate=st.floats(0.1, 100),
    burst=st.integers(1, 50),
    share=st.sampled_from([1.0, 0.5, 0.25]),
    waits=st.lists(st.floats(0, 3), min_size=1, max_size=200),
)
def test_never_more_than_burst_and_rate(rate: float, burst: int, share: float, waits: list[float]) -> None:
    now = 0.0
    buckets = TokenBuckets(rate, burst, share, clock=lambda: now)
    size, allowed = max(1, int(burst * share)), 0
    for wait in waits:
        now += wait
        verdict = buckets.take("shop")
        assert verdict is not None
        allowed += verdict.allowed
        assert allowed <= size + rate * share * now + 1e-6
        assert 0 <= verdict.remaining <= verdict.limit == size
        if not verdict.allowed:  # who waits as told is answered
            now += verdict.wait + 1e-9
            second = buckets.take("shop")
            assert second is not None
            assert second.allowed
            allowed += 1


def test_clients_do_not_share_a_bucket_and_some_have_their_own_rate() -> None:
    buckets = TokenBuckets(1, 1, clock=lambda: 0.0)
    assert [buckets.take(name).allowed for name in ("a", "a", "b")] == [True, False, True]  # type: ignore[union-attr]
    fast = [buckets.take("fast", 2) for _ in range(21)]
    assert [one.allowed for one in fast if one] == [True] * 20 + [False]
    assert buckets.take("free", 0) is None
    assert TokenBuckets(0).take("anybody") is None


def test_forgotten_clients_are_the_quiet_ones() -> None:
    buckets = TokenBuckets(1, 1, clock=lambda: 0.0)
    for number in range(MOST_CLIENTS + 500):
        buckets.take(f"client {number}")
        buckets.take("busy")
    assert len(buckets) == MOST_CLIENTS
    assert buckets.take("busy").allowed is False  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_network_of_an_address(address: str, network: str) -> None:
    assert network_of(address) == network


def test_who_asks_too_often_is_told_when_to_come_again(make_app: MakeApp) -> None:
    with TestClient(make_app(rate_limit=1, rate_burst=2)) as client:
        first, second, third = (client.get(LOOK) for _ in range(3))
        assert (first.status_code, second.status_code, third.status_code) == (200, 200, 429)
        assert first.headers["ratelimit"].startswith('"client";r=1;t=')
        assert first.headers["ratelimit-policy"] == '"client";q=2;w=120'
        assert 1 <= int(third.headers["retry-after"]) <= 60
        assert third.json()["type"] == "urn:jewelry:problem:too-many-requests"
        assert client.get("/livez").status_code == 200
        assert client.get("/metrics").status_code == 200


def test_each_key_has_its_own_limit(make_app: MakeApp, keyring: Keyring) -> None:
    _, free = keyring.file.add("batch job", "read", 0)
    _, slow = keyring.file.add("trial", "read", 6)
    with TestClient(make_app(keys=keyring.file.path, rate_limit=1, rate_burst=1)) as client:

        def ask(token: str, times: int) -> list[int]:
            return [client.get(LOOK, headers=bearer(token)).status_code for _ in range(times)]

        assert ask(keyring.read, 2) == [200, 429]
        assert ask(keyring.admin, 2) == [200, 429]
        assert ask(slow, 2) == [200, 429]
        assert ask(free, 5) == [200] * 5
        assert client.get(LOOK).status_code == 401


def test_a_worker_grants_its_share(make_app: MakeApp) -> None:
    with TestClient(make_app(rate_limit=1, rate_burst=4, serve_workers=2)) as client:
        assert [client.get(LOOK).status_code for _ in range(3)] == [200, 200, 429]
