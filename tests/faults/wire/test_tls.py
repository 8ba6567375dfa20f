"""TLS with an authority of the shop's own: trusted or not, said in one line at once, over REST and over gRPC."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from indexer.errors import StoreError
from indexer.store.server.connection import ServerAddress, connect
from indexer.store.server.engine import ServerStore
from indexer.store.server.index import ServerIndex
from tests.faults.loopback_grpc import loopback_grpc
from tests.faults.loopback_qdrant import loopback_qdrant
from tests.faults.shop import Shop
from tests.faults.wire.authority import Authority, Certificate
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, build, points, published_products, record

pytestmark = pytest.mark.filterwarnings(*LOCAL_MODE_WARNINGS)


class Room:
    """Where the files of a test's certificates are, and its servers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority, self.stranger = Authority(), Authority("A stranger")
        self.ca = self.file("ca.pem", self.authority.pem)

    def file(self, name: str, content: bytes) -> Path:
        (self.folder / name).write_bytes(content)
        return self.folder / name

    @contextmanager
    def server(self, certificate: Certificate | None, *, grpc: bool) -> Iterator[ServerAddress]:
        """A running server; its address is written as it should be."""
        if grpc:
            pair = None if certificate is None else (certificate.key, certificate.certificate)
            with loopback_grpc(tls=pair) as server:
                url = f"http{'s' if certificate else ''}://127.0.0.1:1"
                yield ServerAddress(url, grpc=True, grpc_port=server.port, timeout=5)
        else:
            with loopback_qdrant(tls=None if certificate is None else certificate.context(self.folder)) as server:
                yield ServerAddress(server.url, timeout=5)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


both = pytest.mark.parametrize("grpc", [False, True], ids=["REST", "gRPC"])


def address(given: ServerAddress, ca: Path | None, url: str = "") -> ServerAddress:
    return ServerAddress(url or given.url, None, given.grpc, given.grpc_port, given.timeout, ca=ca)


@both
def test_a_certificate_of_the_authority_is_trusted(room: Room, grpc: bool, waits: list[float]) -> None:
    with room.server(room.authority.certificate(), grpc=grpc) as server:
        connection = connect(address(server, room.ca))
        assert connection.version == (1, 20)
        if grpc:
            store = ServerStore(connection, "shop-1", record())
            store.upsert(points(0, 3))
            assert store.count() == 3
        else:
            index = ServerIndex(connection, "shop", room.folder / "state")
            build(index, points(0, 3))
            assert len(published_products(index)) == 3
            assert connection.ask("GET", "/collections") == {"collections": [{"name": "shop-1"}]}
        connection.close()
    assert waits == []


REFUSED = {
    "not trusted": (
        "127.0.0.1",
        10,
        None,
        r"the certificate is not trusted \(.*issuer.*\); set JEWELRY_QDRANT_CA to the file of its authority$",
    ),
    "of another authority": (
        "127.0.0.1",
        10,
        "other.pem",
        r"not trusted \(.*issuer.*\); JEWELRY_QDRANT_CA=.*other\.pem is not the file of its authority$",
    ),
    "of another name": (
        "qdrant.example",
        10,
        "ca.pem",
        r"of another name than 127\.0\.0\.1; write the address by a name that stands in it$",
    ),
    "of another address": ("127.0.0.9", 10, "ca.pem", r"of another name than 127\.0\.0\.1; write the address by"),
    "expired": ("127.0.0.1", -1, "ca.pem", "the certificate has expired; renew it on the server$"),
}


@both
@pytest.mark.parametrize(("host", "days", "ca", "line"), REFUSED.values(), ids=REFUSED)
def test_a_certificate_that_is_refused_is_said_at_once(
    room: Room, grpc: bool, host: str, days: int, ca: str | None, line: str, waits: list[float]
) -> None:
    room.file("other.pem", room.stranger.pem)
    certificate = room.authority.certificate(host, ends=timedelta(days=days))
    with room.server(certificate, grpc=grpc) as server:
        with pytest.raises(StoreError, match=line) as caught:
            connect(address(server, None if ca is None else room.folder / ca))
        assert str(caught.value).startswith(f"{server.url}{f', gRPC port {server.grpc_port}' if grpc else ''}: ")
    assert waits == [], "it was tried once"


@both
def test_an_address_of_the_other_scheme_is_told(room: Room, grpc: bool, waits: list[float]) -> None:
    with (
        room.server(room.authority.certificate(), grpc=grpc) as server,
        pytest.raises(StoreError, match=r"this port speaks TLS; write https://$"),
    ):
        connect(address(server, None, server.url.replace("https:", "http:")))
    with room.server(None, grpc=grpc) as server:
        for ca in (None, room.ca):
            with pytest.raises(StoreError, match=r"this port speaks no TLS; write http://$"):
                connect(address(server, ca, server.url.replace("http:", "https:")))
    assert waits == []


def test_a_file_with_several_authorities_and_words_between_them(room: Room, waits: list[float]) -> None:
    text = b"The shop's authority \xc3\xa4\n" + room.stranger.pem + b"\nand\n" + room.authority.pem
    with room.server(room.authority.certificate(), grpc=False) as server:
        connect(address(server, room.file("several.pem", text))).close()


def test_one_of_several_addresses_with_a_wrong_certificate_is_named(room: Room, waits: list[float]) -> None:
    """As with a wrong key: to go on without it would hide it."""
    with (
        room.server(room.authority.certificate("qdrant.example"), grpc=False) as wrong,
        room.server(room.authority.certificate(), grpc=False) as right,
    ):
        connect(address(right, room.ca)).close()
        with pytest.raises(StoreError, match=f"^{wrong.url}: the certificate is of another name"):
            connect(address(right, room.ca, f"{wrong.url},{right.url}"))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, r"JEWELRY_QDRANT_CA=.*ca: cannot be read \(No such file or directory\)"),
        (b"", "holds no certificate in PEM form"),
        (b"\x30\x82\x01\x0a\x02", "holds no certificate in PEM form"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "its certificate cannot be read"),
        (b"-----BEGIN CERTIFICATE-----\n\xff\xfe!!\n-----END CERTIFICATE-----\n", "its certificate cannot be read"),
    ],
)
def test_a_file_that_holds_no_authority(shop: Shop, tmp_path: Path, content: bytes | None, line: str) -> None:
    if content is not None:
        (tmp_path / "ca").write_bytes(content)
    result = shop.run("status", JEWELRY_QDRANT_CA=str(tmp_path / "ca"))
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert re.search(line, result.stderr), result.stderr


def test_the_setting_serves_the_command_line(shop: Shop, room: Room) -> None:
    with room.server(room.authority.certificate(), grpc=False) as server:
        shop.url = server.url
        refused = shop.run("status")
        assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)
        assert "set JEWELRY_QDRANT_CA" in refused.stderr
        assert shop.sync(JEWELRY_QDRANT_CA=str(room.ca)).exit_code == 0


def test_no_line_of_grpc_beside_ours(room: Room) -> None:
    """In a process of its own: gRPC writes to the file descriptor, and reads its variable once."""
    script = "import sys; from indexer.cli.main import main; main()"
    with room.server(room.authority.certificate("qdrant.example"), grpc=True) as server:
        environment = {
            "JEWELRY_QDRANT_URL": server.url,
            "JEWELRY_QDRANT_GRPC": "1",
            "JEWELRY_QDRANT_GRPC_PORT": str(server.grpc_port),
            "JEWELRY_QDRANT_CA": str(room.ca),
        }
        done = subprocess.run(
            [sys.executable, "-c", script, "status"],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**{k: v for k, v in os.environ.items() if k != "GRPC_VERBOSITY"}, **environment},
        )
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1), done.stderr
    assert "of another name" in done.stderr


def test_a_key_over_plain_http_to_another_machine_is_warned_of_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from indexer.store.server.connection import Connection

    monkeypatch.setattr(Connection, "check_version", lambda _: None)
    with caplog.at_level(logging.WARNING, logger="indexer"):
        connect(ServerAddress("http://192.0.2.7:6333"))
        connect(ServerAddress("http://127.0.0.1:6333,https://192.0.2.7:6333", "s3cret"))
        assert caplog.messages == []
        for _ in range(3):
            connect(ServerAddress("http://127.0.0.1:6333,http://me:pw@192.0.2.7:6333", "s3cret"))
    [line] = caplog.messages
    assert line.startswith("http://192.0.2.7:6333: the API key goes there over plain http")
    assert "s3cret" not in line
