"""Uploads that want to break the service, fill its memory or keep it busy: refused, and the next is answered."""

from __future__ import annotations

import base64
import io
import json
import socket
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from starlette.testclient import TestClient

from searcher.http.app import create_app
from searcher.service import SearchService
from searcher.settings import ServeSettings
from tests.faults.serving.service_process import serving
from tests.searcher.http.access.hostile_images import ODD, REFUSED, png, saved
from tests.searcher.http.conversation import exchange, problem_of, running, unlimited
from tests.shops.whole_shop import Shop, build_shop

pytestmark = [
    pytest.mark.filterwarnings("ignore:::PIL"),
    # Starlette leaves the part of a form that breaks off to the garbage collector, which closes it in time.
    pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning"),
]

GROWTH = 300_000_000
"""Bytes a service may grow by while it is attacked; a photo of 80 million pixels, which is none, would take more."""
PATIENCE = 20.0
"""Seconds that any refusal may take on a busy machine."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return build_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def app_client(shop: Shop) -> Iterator[TestClient]:
    with unlimited(shop, most_pixels=ServeSettings(_env_file=None).upload_pixels) as client:  # type: ignore[call-arg]
        yield client


@pytest.fixture
def client(app_client: TestClient) -> Iterator[TestClient]:
    """The service, which after every test still answers."""
    yield app_client
    assert app_client.get("/v1/similar?product_id=P001&k=3").status_code == 200


def asked_with(client: TestClient, content: bytes) -> Iterator[Any]:
    """The same photo in every way that a photo can come."""
    text = base64.b64encode(content).decode()
    yield client.post("/v1/similar/photo", files={"image": ("a.jpg", content, "image/jpeg")})
    yield client.post("/v1/similar/photo", files={"image": content}, data={"options": '{"crop": [0, 0, 0.5, 0.5]}'})
    yield client.post("/v1/classify/photo", files={"image": content})
    yield client.post("/v1/similar", json={"image": text})
    yield client.post("/v1/similar", json={"image": f"data:image/png;base64,{text}", "crop": [0.1, 0.1, 0.2, 0.9]})
    yield client.post("/v1/classify", json={"image": text})
    yield client.post("/v1/recommend", json={"positive": ["P001", {"image": text}]})
    yield client.post("/v1/discover", json={"context": [{"positive": {"image": text}, "negative": "P001"}]})


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_photo_is_refused(client: TestClient, name: str) -> None:
    for answer in asked_with(client, REFUSED[name]()):
        found = problem_of(answer, 422)
        assert found.type == "urn:jewelry:problem:invalid-photo"
        assert "passwd" not in found.detail


def test_an_empty_photo_is_refused(client: TestClient) -> None:
    for answer in asked_with(client, b""):
        problem_of(answer, 422)


@pytest.mark.parametrize("name", REFUSED)
def test_in_a_batch_it_is_refused_alone(client: TestClient, name: str) -> None:
    body = {"queries": ["P001", {"image": base64.b64encode(REFUSED[name]()).decode()}, "P002"], "k": 2}
    answers = client.post("/v1/batch", json=body).json()["answers"]
    assert ["error" in answer for answer in answers] == [False, True, False]


@pytest.mark.parametrize("name", ODD)
def test_odd_photos_are_photos(client: TestClient, name: str) -> None:
    content = ODD[name]()
    ways = asked_with(client, content)
    if len(content) > 700_000:
        ways = iter([next(ways), next(ways)])  # JSON has a limit of 1 MB
    for answer in ways:
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "a",
        "ab=c",
        "!!!!",
        "data:",
        "data:,",
        "data:image/png,abc",
        "é" * 10,
        "data:image/svg+xml;base64,!",
        "file:///etc/passwd",
        " ",
        "\x00\x00",
    ],
)
def test_what_is_no_base64_is_refused(client: TestClient, text: str) -> None:
    for path in ("similar", "classify"):
        problem_of(client.post(f"/v1/{path}", json={"image": text}), 422)


FORM = "multipart/form-data; boundary=cut"


def part(name: str, content: bytes, more: bytes = b"", file: bool = True) -> bytes:
    named = b'; filename="a.jpg"' if file else b""
    head = b'--cut\r\nContent-Disposition: form-data; name="%s"%s%s\r\n\r\n' % (name.encode(), named, more)
    return head + content + b"\r\n"


PHOTO = saved("PNG")
END = b"--cut--\r\n"
FORMS: dict[str, tuple[str, bytes]] = {
    "no boundary": ("multipart/form-data", part("image", PHOTO) + END),
    "another boundary": ("multipart/form-data; boundary=other", part("image", PHOTO) + END),
    "a boundary of 1 kB": ("multipart/form-data; boundary=" + "x" * 1000, part("image", PHOTO) + END),
    "nothing": (FORM, b""),
    "only the end": (FORM, END),
    "another field": (FORM, part("photo", PHOTO) + END),
    "text in place of a file": (FORM, part("image", b"abc", file=False) + END),
    "no end": (FORM, part("image", PHOTO[:500])),
    "cut off in a header": (FORM, b'--cut\r\nContent-Disposition: form-data; name="im'),
    "a header of 1 MB": (FORM, part("image", PHOTO, b"\r\nX-Evil: " + b"a" * 1_000_000) + END),
    "100,000 headers": (FORM, part("image", PHOTO, b"\r\nX: y" * 100_000) + END),
    "5,000 fields": (FORM, b"".join(part(f"f{n}", b"", file=False) for n in range(5000)) + part("image", PHOTO) + END),
    "5,000 files": (FORM, b"".join(part(f"f{n}", b"x") for n in range(5000)) + part("image", PHOTO) + END),
    "options of 2 MB": (FORM, part("image", PHOTO) + part("options", b" " * 2_000_000 + b"{}", file=False) + END),
    "options no JSON": (FORM, part("image", PHOTO) + part("options", b"{", file=False) + END),
    "options too deep": (FORM, part("image", PHOTO) + part("options", b"[" * 100_000, file=False) + END),
    "options no object": (FORM, part("image", PHOTO) + part("options", b"[]", file=False) + END),
    "options NaN": (FORM, part("image", PHOTO) + part("options", b'{"min_score": NaN}', file=False) + END),
    "options no UTF-8": (FORM, part("image", PHOTO) + part("options", b'{"preset": "\xff"}', file=False) + END),
    "options half a character": (
        FORM,
        part("image", PHOTO) + part("options", b'{"where": ["\\ud800"]}', file=False) + END,
    ),
    "a charset that is none": (
        FORM,
        part("image", PHOTO) + part("_charset_", b"rot13", file=False) + part("options", b"{", file=False) + END,
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms_that_are_none(client: TestClient, name: str) -> None:
    content_type, body = FORMS[name]
    answer = client.post("/v1/similar/photo", content=body, headers={"content-type": content_type})
    assert answer.status_code in (400, 413, 422), answer.text
    problem_of(answer, answer.status_code)


def test_two_photos_are_a_mistake(client: TestClient) -> None:
    body = part("image", PHOTO) + part("image", PHOTO) + END
    answer = client.post("/v1/similar/photo", content=body, headers={"content-type": FORM})
    assert "image" in problem_of(answer, 422).detail


BODIES: dict[str, bytes] = {
    "deep list": b'{"where": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "deep object": b'{"where": ' + b'{"must":' * 60_000 + b"1" + b"}" * 60_000 + b"}",
    "deep filter": b'{"product_id": "P001", "where": ' + b'{"must": [' * 50 + b"]}" * 50 + b"}",
    "deeper filter": b'{"product_id": "P001", "where": ' + b'{"must_not": [' * 400 + b"]}" * 400 + b"}",
    "k 10^9": b'{"product_id": "P001", "k": 1000000000}',
    "k with 4,000 digits": b'{"product_id": "P001", "k": ' + b"9" * 4000 + b"}",
    "k with 400,000 digits": b'{"product_id": "P001", "k": ' + b"9" * 400_000 + b"}",
    "k 1e400": b'{"product_id": "P001", "k": 1e400}',
    "k as text": b'{"product_id": "P001", "k": "5"}',
    "k true": b'{"product_id": "P001", "k": true}',
    "offset 10^9": b'{"product_id": "P001", "offset": 1000000000}',
    "NaN": b'{"product_id": "P001", "min_score": NaN}',
    "Infinity": b'{"product_id": "P001", "diversity": -Infinity}',
    "NaN in a vector": b'{"vector": [NaN' + b", 1" * 127 + b"]}",
    "Infinity in a vector": b'{"vector": [1e999' + b", 1" * 127 + b"]}",
    "a vector beyond float32": b'{"vector": [1e300' + b", 1" * 127 + b"]}",
    "a vector of zeros": b'{"vector": [0' + b", 0" * 127 + b"]}",
    "a vector of 300,000": b'{"vector": [1' + b", 1" * 300_000 + b"]}",
    "NaN in a filter": b'{"product_id": "P001", "where": {"must": [{"key": "price", "range": {"gte": NaN}}]}}',
    "10^400 in a filter": b'{"product_id": "P001", "where": {"must": [{"key": "price", "range": {"gte": 1'
    + b"0" * 400
    + b"}}]}}",
    "NaN in a crop": b'{"image": "AAAA", "crop": [NaN, 0, 1, 1]}',
    "no UTF-8": b'{"product_id": "\xff\xfe"}',
    "UTF-16": '{"product_id": "P001"}'.encode("utf-16")[2:60] + b"\x00",
    "a NUL": b'{"product_id": "P001"}\x00',
    "two documents": b'{"product_id": "P001"}{"product_id": "P001"}',
    "the same field 50,000 times": b"{" + b'"x": 1, ' * 50_000 + b'"product_id": "P001"}',
    "50,000 fields": ("{" + ", ".join(f'"x{n}": 1' for n in range(50_000)) + "}").encode(),
    "1 MB of spaces": b" " * 999_000,
    "too large": b'{"product_id": "' + b"x" * 1_000_001 + b'"}',
}


@pytest.mark.parametrize("name", BODIES)
def test_json_that_makes_no_sense(client: TestClient, name: str) -> None:
    answer = client.post("/v1/similar", content=BODIES[name], headers={"content-type": "application/json"})
    assert answer.status_code in (400, 413, 422), answer.text
    problem_of(answer, answer.status_code)
    assert len(answer.content) < 10_000


HALF = "\ud800x"
EVERY_TEXT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("similar", {"product_id": HALF}),
    ("similar", {"url": f"http://{HALF}.example/"}),
    ("similar", {"image": HALF}),
    *(
        ("similar", {"product_id": "P001", name: value})
        for name, value in (
            ("where", [f"category={HALF}"]),
            ("where", [HALF]),
            ("where", {"must": {"key": HALF, "match": {"value": "x"}}}),
            ("where", {"must": {"key": "category", "match": {"value": HALF}}}),
            ("where", {HALF: []}),
            ("where", {"must": {"key": "title", "match": {"text": HALF}}}),
            ("preset", HALF),
            ("boosts", [HALF]),
            ("caps", [HALF]),
            ("relax", [HALF]),
            ("facets", [HALF]),
            ("fields", [HALF]),
            (HALF, 1),
        )
    ),
    ("recommend", {"positive": [HALF]}),
    ("recommend", {"positive": ["P001"], "strategy": HALF}),
    ("discover", {"target": HALF}),
    ("also-viewed", {"product_ids": [HALF]}),
    ("text", {"text": HALF}),
    ("classify", {"url": HALF}),
    ("facets", {"fields": [HALF]}),
    ("facets", {"where": [f"metal={HALF}"]}),
)


@pytest.mark.parametrize(("path", "body"), EVERY_TEXT)
def test_half_a_character_in_every_text(client: TestClient, path: str, body: dict[str, Any]) -> None:
    answer = client.post(f"/v1/{path}", content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code in (200, 404, 422), answer.text
    if answer.status_code != 200:
        problem_of(answer, answer.status_code)
    json.loads(answer.content.decode("utf-8"))


def peak_memory(process: int) -> int:
    """The most memory a process has had, in bytes."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("Linux says so of every process")


def streamed(port: int, path: str, content_type: str, pieces: Iterator[bytes]) -> tuple[int, int]:
    """Send a chunked body until the server has had enough of it: the answer's status, and the bytes it let in."""
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        try:
            for piece in pieces:
                connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
                sent += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            return int(connection.recv(100).split()[1]), sent
        except ConnectionResetError:  # it went on sending after the connection was closed
            return 0, sent


MEGABYTES = 1_000_000


def photo_of_500_mb() -> Iterator[bytes]:
    yield part("image", b"")[:-2]
    yield from repeat(bytes(MEGABYTES), 500)


def json_of_500_mb() -> Iterator[bytes]:
    yield b'{"product_id": "'
    yield from repeat(b"x" * MEGABYTES, 500)


def fields_of_500_mb() -> Iterator[bytes]:
    yield from repeat(part("options", b"y" * MEGABYTES, file=False), 500)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured as Linux shows it")
def test_a_real_server_stays_small_and_answers(shop: Shop, script: Path) -> None:
    """Bodies of 500 MB, bombs and deep JSON, one after the other, at a process of its own."""
    with serving(script, shop.index.root, "--rate-limit", "0") as server:
        port = int(server.url.rpartition(":")[2])
        with httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
            for _ in range(3):
                assert client.post("/v1/similar/photo", files={"image": saved("PNG")}).status_code == 200
            before = peak_memory(server.process.pid)
            bodies: list[tuple[str, str, Callable[[], Iterator[bytes]]]] = [
                ("/v1/similar/photo", FORM, photo_of_500_mb),
                ("/v1/similar/photo", FORM, fields_of_500_mb),
                ("/v1/classify/photo", FORM, photo_of_500_mb),
                ("/v1/similar", "application/json", json_of_500_mb),
                ("/v1/no-such", "application/json", json_of_500_mb),
                ("/v1/similar", "text/plain", json_of_500_mb),
            ]
            for path, content_type, body in bodies:
                began = time.monotonic()
                status, sent = streamed(port, path, content_type, body())
                assert status in (0, 404, 413, 415, 422), (path, status)
                assert sent < 60 * MEGABYTES, "the server stops reading early"
                assert time.monotonic() - began < PATIENCE
            for name in ("png, bomb", "gif, bomb", "tiff, bomb", "webp, bomb", "bmp, bomb"):
                problem_of(client.post("/v1/similar/photo", files={"image": REFUSED[name]()}), 422)
            text = ODD["png, text bomb"]()  # 80 MB of text on fine pixels: passed over, never inflated
            assert client.post("/v1/similar/photo", files={"image": text}).status_code == 200
            for name in ("deep list", "deep object", "a vector of 300,000", "50,000 fields"):
                answer = client.post("/v1/similar", content=BODIES[name], headers={"content-type": "application/json"})
                assert answer.status_code in (400, 422)
            assert peak_memory(server.process.pid) - before < GROWTH
            assert client.get("/v1/similar?product_id=P001").status_code == 200
        assert server.stop() == 0
    assert not [line for line in server.log if '"level":"error"' in line]


def test_slow_bodies_do_not_keep_others_waiting(shop: Shop) -> None:
    """Twenty clients that send a byte and then nothing: everybody else is answered, and in time so are they."""
    settings = ServeSettings(_env_file=None, index=shop.index.root, rate_limit=0, body_timeout=1.0)  # type: ignore[call-arg]
    head = b"POST /v1/similar/photo HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + FORM.encode()
    with running(create_app(settings, SearchService(shop.index))) as port:
        slow = [socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) for _ in range(20)]
        try:
            for number, connection in enumerate(slow):
                connection.sendall(head + b"\r\nContent-Length: 5000\r\n\r\n" + part("image", PHOTO)[: 1 + 10 * number])
            look = b"GET /v1/similar?product_id=P001 HTTP/1.1\r\nHost: localhost\r\n\r\n"
            assert exchange(port, look)[0] == 200
            for connection in slow:
                assert connection.recv(100).split()[1] == b"408"
        finally:
            for connection in slow:
                connection.close()
        assert exchange(port, look)[0] == 200


def test_a_photo_of_the_most_pixels_is_answered_and_a_larger_one_refused(client: TestClient) -> None:
    """25 million pixels are no bomb: they are answered, as long as it takes. A JPEG is read smaller."""
    largest = png(25_000, 1000, bytes((1 + 25_000) * 1000), color=0)
    assert client.post("/v1/classify/photo", files={"image": largest}).status_code == 200
    phone = io.BytesIO()
    Image.new("RGB", (8064, 6048), "gold").save(phone, "JPEG")
    for crop in ("", "0,0,0.5,0.5"):
        answer = client.post(
            "/v1/similar/photo", files={"image": phone.getvalue()}, data={"crop": crop} if crop else {}
        )
        assert answer.status_code == 200, answer.text
    for larger in (
        png(25_001, 1000, bytes((1 + 25_001) * 1000), color=0),
        png(8_900, 8_900, bytes(100), depth=16, color=0),
    ):
        for answer in asked_with(client, larger):
            found = problem_of(answer, 422)
            assert found.type == "urn:jewelry:problem:invalid-photo"
            assert "25 million pixels" in found.detail
            assert "save it as JPEG" in found.detail
