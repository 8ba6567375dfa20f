"""Fetching photos by URL: what is fetched, and all that is refused; a real server on loopback and nothing beyond it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from indexer.errors import FetchError, UsageError
from indexer.photos.fetch.fetcher import MAX_ADDRESSES, MAX_LOOKUPS, Fetcher
from tests.indexer.photos.fetch.web_server import PHOTO, Wall, WebServer, answer, redirect, web_server
from tests.indexer.photos.fetch.web_server import wall as build_wall

PUBLIC = "93.184.216.34"
ANOTHER = "2606:4700::1111"


@pytest.fixture(autouse=True)
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    return build_wall(monkeypatch)


@pytest.fixture
def server(wall: Wall) -> Iterator[WebServer]:
    with web_server() as server:
        server.pages["/ring.jpg"] = answer()
        wall.server = server
        yield server


@pytest.fixture
def inside() -> Fetcher:
    """A fetcher for the own network."""
    return Fetcher(allow_private=True, timeout=10)


class Names:
    """A resolver with a script: the answers to each name, in turn, the last forever; remembers what it was asked."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self._answers = {name.replace("_", "."): list(scripts) for name, scripts in answers.items()}
        self.asked: list[str] = []

    def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        scripts = self._answers.get(host)
        if scripts is None:
            raise socket.gaierror(-2, "Name or service not known")
        return scripts.pop(0) if len(scripts) > 1 else scripts[0]


def refused(fetcher: Fetcher, url: str, match: str) -> str:
    """The message of the refusal: one printable line."""
    with pytest.raises(FetchError, match=match) as caught:
        fetcher.fetch(url)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 500
    return message


# What is fetched


def test_fetches_a_photo_and_sends_nothing_of_its_own(
    server: WebServer, inside: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.pages["/a%20b.jpg?w=1"] = answer(Set_Cookie="id=7")
    url = f"{server.root}/a b.jpg?w=1#part"
    assert [inside.fetch(url), inside.fetch(url)] == [PHOTO, PHOTO]
    head = server.requests[1].lower()
    assert head == server.requests[0].lower()
    assert head.startswith("get /a%20b.jpg?w=1 http/1.1\r\n")
    assert f"host: 127.0.0.1:{server.port}\r\n" in head
    assert "accept-encoding: identity\r\n" in head
    assert not any(word in head for word in ("cookie", "authorization", "referer", "proxy"))


@pytest.mark.parametrize(
    "kind", ["image/png", "IMAGE/WebP; q=1", "application/octet-stream", "binary/octet-stream", "image/jpeg ; x"]
)
def test_types_that_photos_come_with(server: WebServer, inside: Fetcher, kind: str) -> None:
    server.pages["/x"] = answer(kind=kind)
    assert inside.fetch(f"{server.root}/x") == PHOTO


def test_chunked_and_unsized_bodies(server: WebServer, inside: Fetcher) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
    server.pages["/chunked"] = head + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    server.pages["/unsized"] = head + b"\r\nabcde"
    server.pages["/hints"] = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer(body=b"abcde")
    assert [inside.fetch(server.root + path) for path in ("/chunked", "/unsized", "/hints")] == [b"abcde"] * 3


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Again", "308 For ever"])
def test_follows_redirects_also_relative_ones(server: WebServer, inside: Fetcher, status: str) -> None:
    server.pages["/start"] = redirect(f"{server.root}/folder/next", status)
    server.pages["/folder/next"] = redirect("../ring.jpg", status)
    assert inside.fetch(f"{server.root}/start") == PHOTO


def test_redirect_in_raw_utf8(server: WebServer, inside: Fetcher) -> None:
    server.pages["/start"] = redirect("/schmuckstück.jpg")
    server.pages["/schmuckst%C3%BCck.jpg"] = answer()
    assert inside.fetch(f"{server.root}/start") == PHOTO


def test_exactly_the_limits(server: WebServer) -> None:
    fetcher = Fetcher(allow_private=True, max_bytes=len(PHOTO), max_redirects=2)
    server.pages |= {"/0": redirect("/1"), "/1": redirect("/2"), "/2": answer()}
    assert fetcher.fetch(f"{server.root}/0") == PHOTO
    server.pages["/2"] = redirect("/ring.jpg")
    refused(fetcher, f"{server.root}/0", "more than 2 times")
    server.pages["/0"] = answer(body=PHOTO + b"!")
    refused(fetcher, f"{server.root}/0", "has more than")


def test_many_threads_share_one_fetcher(server: WebServer, inside: Fetcher) -> None:
    got: list[bytes] = []
    for number in range(8):
        server.pages[f"/{number}"] = answer(body=bytes([number]) * 50_000)
    threads = [
        threading.Thread(target=lambda n=number: got.append(inside.fetch(f"{server.root}/{n}"))) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [bytes([number]) * 50_000 for number in range(8)]


# Where it goes


def test_goes_to_the_address_that_was_checked(server: WebServer, wall: Wall) -> None:
    """DNS rebinding: the second answer of the name server would be loopback, and nobody asks for it."""
    names = Names(shop_example=[[PUBLIC], ["127.0.0.1"]])
    assert Fetcher(resolver=names).fetch("http://Shop.Example/ring.jpg") == PHOTO
    assert names.asked == ["shop.example"]
    assert wall.dialled == [(PUBLIC, 80)]
    assert "\r\nHost: shop.example\r\n" in server.requests[0]


def test_rebinding_between_two_hops_is_noticed(server: WebServer, wall: Wall) -> None:
    names = Names(shop_example=[[PUBLIC], ["127.0.0.1"]])
    server.pages["/start"] = redirect("/ring.jpg")
    refused(Fetcher(resolver=names), "http://shop.example/start", "redirects to /ring.jpg: .*not on the public")
    assert names.asked == ["shop.example"] * 2
    assert wall.dialled == [(PUBLIC, 80)]


@pytest.mark.parametrize("addresses", [[PUBLIC, "10.0.0.1"], ["::1", ANOTHER], [PUBLIC] * 20 + ["169.254.169.254"]])
def test_one_private_address_among_public_ones(addresses: list[str], wall: Wall) -> None:
    message = refused(Fetcher(resolver=Names(shop_example=[addresses])), "http://shop.example/", "not on the public")
    assert "allow private" in message
    assert not any(address in message for address in addresses)
    assert wall.dialled == []


def test_next_address_where_one_is_dead(server: WebServer, wall: Wall) -> None:
    wall.dead = {ANOTHER}
    names = Names(shop_example=[[ANOTHER, PUBLIC]])
    assert Fetcher(resolver=names).fetch("http://shop.example/ring.jpg") == PHOTO
    assert wall.dialled == [(ANOTHER, 80), (PUBLIC, 80)]


def test_a_name_with_very_many_dead_addresses(wall: Wall) -> None:
    many = [f"93.184.216.{n}" for n in range(200)]
    wall.dead = set(many)
    refused(Fetcher(resolver=Names(shop_example=[many])), "http://shop.example/", "Connection refused")
    assert len(wall.dialled) == MAX_ADDRESSES


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.8.9.10",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[2002:7f00:1::]",
        "[64:ff9b::127.0.0.1]",
        "0.0.0.0",
        "0",
        "[::]",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "10.0.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "①②⑦.0.0.1",
        "127。0。0。1",
    ],
)
@pytest.mark.parametrize("direct", [True, False])
def test_own_machine_and_network_in_every_spelling(server: WebServer, wall: Wall, host: str, direct: bool) -> None:
    start = Names(shop_example=[[PUBLIC]])

    def resolver(name: str) -> list[str]:
        from indexer.photos.fetch.addresses import resolve

        return start(name) if name == "shop.example" else resolve(name)

    server.pages["/start"] = redirect(f"http://{host}/ring.jpg")
    url = f"http://{host}/ring.jpg" if direct else "http://shop.example/start"
    refused(Fetcher(resolver=resolver), url, "not on the public internet|not a proper")
    assert wall.dialled == ([] if direct else [(PUBLIC, 80)])


@pytest.mark.parametrize("port", [22, 6333, 8080, 0])
def test_ports(server: WebServer, wall: Wall, port: int) -> None:
    names = Names(shop_example=[[PUBLIC]])
    refused(Fetcher(resolver=names), f"http://shop.example:{port}/", f"asks for port {port}; only 80 and 443")
    assert (names.asked, wall.dialled) == ([], [])
    assert Fetcher(resolver=names).fetch("http://shop.example:443/ring.jpg") == PHOTO
    assert wall.dialled == [(PUBLIC, 443)]


def test_addresses_that_are_none(wall: Wall) -> None:
    names = Names(none_example=[[]], odd_example=[["elsewhere.example"]])
    for fetcher in (Fetcher(resolver=names), Fetcher(resolver=names, allow_private=True)):
        refused(fetcher, "http://none.example/", "has no address")
        refused(fetcher, "http://odd.example/", "is not found")
        refused(fetcher, "http://missing.example/", "is not found")
    refused(Fetcher(), f"http://{'a' * 64}.example/", "is not found")
    refused(Fetcher(), "http://a..example/", "is not found")
    assert wall.dialled == []


def test_a_name_server_that_does_not_answer() -> None:
    """Nobody waits for it longer than the limit, and many who ask do not pile up threads."""
    given_up, asked, finished = threading.Event(), [], []

    def resolver(host: str) -> list[str]:
        asked.append(host)
        given_up.wait(20)
        finished.append(host)
        return [PUBLIC]

    fetcher = Fetcher(resolver=resolver, timeout=0.02)
    try:
        for _ in range(MAX_LOOKUPS + 3):
            refused(fetcher, "http://shop.example/", r"longer than 0.02 s")
        assert finished == []
        assert len(asked) == MAX_LOOKUPS
    finally:
        given_up.set()


# URLs


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_INFO",
        "data:image/png;base64,iVBORw0KGgo=",
        "ftp://a/b.jpg",
        "javascript:alert(1)",
        "ring.jpg",
        "/ring.jpg",
        "//shop.example/ring.jpg",
        "",
        " http://shop.example/",
        "http:/shop.example/",
        "http:shop.example",
        "http://",
        "http:///ring.jpg",
        "http://:80/",
        "https://?x",
        "http://[::1",
        "http://[fe80::1%25lo]/",
        "http://[nonsense]/",
        "http://a b/",
        "http://a%2eb/",
        "http://a\\b/",
        "http://a_b|c/",
        "http://.example/",
        "http://-a/",
        "http://300.1.1.1/",
        "http://a:99999999/x",
        "http://shop.example:eighty/",
        "http://user@shop.example/",
        "http://user:pw@shop.example/",
        "http://:pw@shop.example/",
        "http://shop.example@127.0.0.1/",
        "http://a@b@shop.example/",
        "http://\u200b/",
        "http://shop.example/\r\nX-Evil: 1",
        "http://shop.example/ HTTP/1.1\r\nHost: b\r\n\r\n",
        "http://a\tb/",
        "http://shop.example\r\n.evil/",
        "http://shop.example/\x00",
        "http://shop.example/\ud800",
        "\ud800://a/",
        "http://xn--\ud800/",
        "http://shop.example/" + "a" * 10_000,
        "http://" + "a" * 300 + "/",
        "x" * 1_000_000,
    ],
)
@pytest.mark.parametrize("allow_private", [True, False])
def test_urls_that_are_refused_before_anything_is_asked(url: str, allow_private: bool, wall: Wall) -> None:
    names = Names(shop_example=[[PUBLIC]])
    with pytest.raises(FetchError) as caught:
        Fetcher(resolver=names, allow_private=allow_private).fetch(url)
    if "99999999" not in url:  # such a port is refused by nobody but the system when every port is allowed
        assert names.asked == []
    message = str(caught.value)
    assert message.isprintable()
    assert message.encode()
    assert "pw" not in message
    assert len(message) < 300
    assert wall.dialled == []


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/_x",
        "data:image/png,x",
        "http://u:pw@shop.example/",
        "ftp://a/",
        "http://[",
        "http://shop.example:6333/",
        "//10.0.0.1/x",
        "http://a b/",
        "http://" + "x" * 9000,
    ],
)
def test_redirects_pass_the_same_checks(server: WebServer, wall: Wall, location: str) -> None:
    server.pages["/start?key=7"] = redirect(location)
    fetcher = Fetcher(resolver=lambda host: [PUBLIC if host == "shop.example" else host])
    message = refused(fetcher, "http://shop.example/start?key=7", r"^http://shop.example/start\?…: redirects to ")
    assert "pw" not in message
    assert "key" not in message
    assert wall.dialled == [(PUBLIC, 80)]


def test_what_a_message_shows_of_a_url(inside: Fetcher) -> None:
    message = refused(inside, "http://me:secret@shop.example/a@2x.jpg?token=secret#secret", "user name")
    assert message.startswith("http://shop.example/a@2x.jpg?…: carries")
    assert "secret" not in message
    assert "secret" not in refused(inside, "http:/me:secret@shop.example/", "no proper host")


@pytest.mark.parametrize(
    "limits",
    [{"timeout": 0}, {"timeout": float("nan")}, {"timeout": float("inf")}, {"max_bytes": 0}, {"max_redirects": -1}],
)
def test_limits_that_make_no_sense(limits: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="limits above 0"):
        Fetcher(**limits)
