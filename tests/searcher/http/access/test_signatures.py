"""Addresses of pictures that are their own key: what they open, for how long, and what nobody can make of them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from indexer.errors import UsageError
from searcher.http.access import authentication
from searcher.http.access.keys import KeyFile
from searcher.http.access.signatures import Signer
from searcher.settings import ServeSettings
from tests.searcher.http.conversation import Keyring, MakeApp, bearer, problem_of
from tests.shops.indexes.built_index import Photographed


def pictures_of(client: TestClient, token: str) -> list[str]:
    found = client.get("/v1/similar", params={"product_id": "P000", "k": 11}, headers=bearer(token)).json()
    return [match["thumbnail"] for match in found["matches"] if match["thumbnail"]]


def test_a_picture_is_shown_without_a_key(guarded: TestClient, keyring: Keyring) -> None:
    signed = pictures_of(guarded, keyring.read)
    assert len(set(signed)) > 5
    for address in signed:
        assert re.fullmatch(r"/v1/pictures/[0-9a-f]{64}\?by=[0-9a-f]{12}&expires=\d+&signature=[\w-]{43}", address)
        shown = guarded.get(address)
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
        assert shown.headers["cross-origin-resource-policy"] == "cross-origin"  # the shop's page is another site
    plain = signed[0].partition("?")[0]
    problem_of(guarded.get(plain), 401)
    with_key = guarded.get(plain, headers=bearer(keyring.read))
    assert with_key.status_code == 200
    assert with_key.headers["cross-origin-resource-policy"] == "same-origin"
    assert pictures_of(guarded, keyring.read) == signed  # so that browsers keep them
    page = guarded.get("/v1/products/P000", headers=bearer(keyring.read)).json()
    assert guarded.get(page["photos"][0]["thumbnail"]).status_code == 200
    assert "signature" not in guarded.get("/livez").text


def test_without_keys_nothing_is_signed(client: TestClient) -> None:
    found = client.get("/v1/similar", params={"product_id": "P000", "k": 3}).json()
    assert all("?" not in (match["thumbnail"] or "") for match in found["matches"])


def changed(address: str) -> dict[str, str]:
    """What somebody may make of an address that they have."""
    path, _, query = address.partition("?")
    by, expires, signature = query.split("&")
    time = int(expires.partition("=")[2])
    return {
        "another picture": f"/v1/pictures/{'0' * 64}?{query}",
        "a longer time": f"{path}?{by}&expires={time + 1}&{signature}",
        "no time": f"{path}?{by}&{signature}",
        "two times": f"{path}?{by}&{expires}&expires={time + 9}&{signature}",
        "a time that is none": f"{path}?{by}&expires=1e99&{signature}",
        "a long time": f"{path}?{by}&expires={'9' * 4000}&{signature}",
        "nobody": f"{path}?{expires}&{signature}",
        "somebody else": f"{path}?by=0123456789ab&{expires}&{signature}",
        "no signature": f"{path}?{by}&{expires}&signature=",
        "another signature": f"{path}?{by}&{expires}&signature={'a' * 43}",
        "a signature that is none": f"{path}?{by}&{expires}&signature=%ff%00",
        "half of a signature": address[:-1],
        "more than a signature": f"{address}a",
    }


def test_it_opens_that_picture_and_nothing_else(guarded: TestClient, keyring: Keyring) -> None:
    signed = pictures_of(guarded, keyring.admin)[0]
    for what, address in changed(signed).items():
        answer = guarded.get(address)
        assert answer.status_code == 403, what
        assert answer.headers["content-type"] == "application/problem+json"
    query = signed.partition("?")[2]
    for path in (
        "/v1/similar",
        "/v1/facets",
        "/metrics",
        "/v1/admin/status",
        "/v1/reports",
        "/v1/pictures",
        "/v1/duplicates",
    ):
        problem_of(guarded.get(f"{path}?{query}"), 401)
    sha256 = signed.partition("?")[0].rpartition("/")[2]
    problem_of(guarded.get(f"/v1/duplicates/pictures/{sha256}?{query}"), 401)
    assert guarded.get(f"{signed}&utm_source=mail").status_code == 200  # proxies and mails append what they like


def test_it_expires(guarded: TestClient, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    signed = pictures_of(guarded, keyring.read)[0]
    expires = int(re.findall(r"expires=(\d+)", signed)[0])
    for now, status in (
        (expires - 1, 200),
        (expires, 403),
        (expires + 10**6, 403),
        (expires - 7199, 200),
        (expires - 7300, 403),
    ):
        monkeypatch.setattr(authentication.time, "time", lambda now=now: float(now))
        answer = guarded.get(signed)
        assert answer.status_code == status, now - expires
        if status == 403:
            assert "has expired" in problem_of(answer, 403).detail


def test_it_goes_with_its_key_and_stays_with_another_process(make_app: MakeApp, keyring: Keyring) -> None:
    with TestClient(make_app(keys=keyring.file.path)) as first, TestClient(make_app(keys=keyring.file.path)) as second:
        signed = pictures_of(first, keyring.read)[0]
        assert second.get(signed).status_code == 200  # another worker, or the same service started again
        KeyFile(keyring.file.path).revoke(keyring.read_key.id)
        for client in (first, second):
            assert "was revoked" in problem_of(client.get(signed), 403).detail
        keyring.file.path.write_text("{")
        assert first.get(signed).status_code == 503


def test_a_path_in_front_changes_nothing(make_app: MakeApp, keyring: Keyring) -> None:
    with TestClient(make_app(keys=keyring.file.path, root_path="/search")) as client:
        signed = pictures_of(client, keyring.read)[0]
        assert signed.startswith("/search/v1/pictures/")
        for address in (signed, signed.removeprefix("/search")):
            assert client.get(address).status_code == 200


def test_visitors_use_up_no_key_s_requests(make_app: MakeApp, keyring: Keyring) -> None:
    with TestClient(make_app(keys=keyring.file.path, rate_limit=1, rate_burst=3)) as client:
        signed = pictures_of(client, keyring.read)[0]
        assert [client.get(signed).status_code for _ in range(4)] == [200, 200, 200, 429]
        assert client.get("/v1/products/P000", headers=bearer(keyring.read)).status_code == 200


def test_it_is_in_no_log(guarded: TestClient, keyring: Keyring, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    signed = pictures_of(guarded, keyring.read)[0]
    guarded.get(signed)
    signature = signed.rpartition("=")[2]
    ours = [record for record in caplog.records if record.name.startswith(("searcher", "indexer", "uvicorn"))]
    assert ours
    assert not any(signature in str(vars(record)) for record in ours)


def test_all_addresses_of_a_while_are_alike(keyring: Keyring) -> None:
    times = iter([7200.0, 7201.0, 10_799.9, 10_800.0])
    signer = Signer(keyring.read_key, 3600, clock=lambda: next(times))
    first, second, third, fourth = (signer.sign("/v1/pictures/a") for _ in range(4))
    assert first == second == third != fourth
    assert "expires=14400&" in first


@pytest.mark.parametrize("seconds", [0, 59, 604_801])
def test_their_time_is_bounded(seconds: int) -> None:
    with pytest.raises(UsageError, match="JEWELRY_PICTURE_LIFETIME"):
        ServeSettings.read(picture_lifetime=seconds)


def test_the_client_asks_for_them_too(
    photographed: Photographed, make_app: MakeApp, keyring: Keyring, monkeypatch: Any
) -> None:
    from searcher.client.client import Client

    with (
        TestClient(make_app(keys=keyring.file.path), headers=bearer(keyring.read)) as server,
        Client("http://testserver") as client,
    ):
        monkeypatch.setattr(client._transport, "_client", server)
        address = client.product("P000")["photos"][0]["thumbnail"]
        assert address is not None
        assert "signature=" in address
        assert client.picture(address)[:4] == b"RIFF"
