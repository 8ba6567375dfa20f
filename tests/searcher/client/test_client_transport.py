"""What `searcher.Client` makes of addresses, keys, and services that are busy, broken, gone or something else."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from indexer.errors import ClientError, ServiceUnavailable, UsageError
from searcher import Client


@pytest.mark.parametrize(
    "base_url",
    [
        "localhost:8000",
        "ftp://host",
        "http://",
        "http://host:0",
        "http://host:99999",
        "http://host/?a=1",
        "http://h/#x",
        "http://u:secret@host",
        "http://h\n",
        "",
        "http://[::1",
    ],
)
def test_an_address_that_is_none(base_url: str) -> None:
    with pytest.raises(UsageError, match="address") as caught:
        Client(base_url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "a b", "a\r\nX-Evil: 1", "schlüssel"])
def test_a_key_that_is_none_is_not_shown(key: str) -> None:
    with pytest.raises(UsageError, match="API key") as caught:
        Client("http://localhost:8000", key)
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"timeout": 0}, {"timeout": float("nan")}, {"attempts": 0}, {"longest_wait": -1}])
def test_numbers_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="attempts"):
        Client("http://localhost:8000", **wrong)


def test_a_closed_client_says_so() -> None:
    client = Client("http://localhost:8000")
    client.close()
    with pytest.raises(UsageError, match="closed"):
        client.ready()


class Answers:
    """A server that answers each request with the next of the given bytes, and counts them."""

    def __init__(self, *answers: bytes) -> None:
        self._answers, self.asked = list(answers), 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        for answer in self._answers:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                self.asked += 1
                connection.recv(65536)
                connection.sendall(answer)
                if not answer:
                    connection.recv(1)  # until the client gives up


def http(status: str, body: bytes = b"", **headers: str) -> bytes:
    rows = {"content-length": str(len(body)), "connection": "close", **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in rows.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


GOOD = http("200 OK", b'{"status":"ready"}', content_type="application/json")


def test_unavailable_is_asked_again_a_few_times_only() -> None:
    busy = http("503 Service Unavailable", b"{}", retry_after="0")
    server = Answers(busy, busy, GOOD)
    with server as address, Client(address) as client:
        assert client.reports() == {"status": "ready"}
    assert server.asked == 3
    server = Answers(busy, busy, GOOD)
    with server as address, Client(address, attempts=2) as client, pytest.raises(ServiceUnavailable):
        client.reports()
    assert server.asked == 2


@pytest.mark.parametrize("after", ["3600", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_a_long_wait_is_left_to_the_caller(after: str) -> None:
    server = Answers(http("503 Service Unavailable", retry_after=after), GOOD)
    with server as address, Client(address) as client, pytest.raises(ServiceUnavailable) as caught:
        client.reports()
    assert server.asked == 1
    assert caught.value.retry_after is not None
    assert caught.value.retry_after >= 3600


@pytest.mark.parametrize("after", ["soon", "nan", "-5", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_retry_after_that_says_nothing(after: str) -> None:
    with Answers(http("503 Service Unavailable", retry_after=after), GOOD) as address, Client(address) as client:
        assert client.reports() == {"status": "ready"}


@pytest.mark.parametrize("status", ["500 Internal Server Error", "502 Bad Gateway", "599 Odd"])
def test_other_failures_are_not_asked_again(status: str) -> None:
    body = b"<html>\x1b[31m\nbroken</html>"
    server = Answers(http(status, body, content_type="text/html"), GOOD)
    with server as address, Client(address) as client, pytest.raises(ServiceUnavailable, match="text/html") as caught:
        client.reports()
    assert server.asked == 1
    assert caught.value.status == int(status[:3])
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "answer",
    [
        http("200 OK", b"<html>a login page</html>", content_type="text/html"),
        http("200 OK", b"[1]", content_type="application/json"),
        http("200 OK", b'{"status":', content_type="application/json"),
        http("200 OK", b"\xff\xfe", content_type="application/json"),
        http("200 OK", b"[" * 100_000, content_type="application/json"),
        http("204 No Content"),
    ],
)
def test_another_service_is_recognised(answer: bytes) -> None:
    with Answers(answer) as address, Client(address) as client, pytest.raises(ClientError, match="searcher serve"):
        client.reports()


def test_a_redirect_is_not_followed() -> None:
    answer = http("301 Moved Permanently", location="https://elsewhere.example/v1/reports")
    server = Answers(answer, GOOD)
    with server as address, Client(address, "jwl_key") as client, pytest.raises(ClientError) as caught:
        client.reports()
    assert "https://elsewhere.example" in str(caught.value)
    assert server.asked == 1
    assert caught.value.status == 301


def test_no_answer_at_all() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Client(f"http://127.0.0.1:{port}") as client, pytest.raises(ServiceUnavailable, match="refused") as caught:
        client.ready()
    assert caught.value.status is None
    with Answers(b"") as address, Client(address, timeout=0.2) as client, pytest.raises(ServiceUnavailable) as caught:
        client.ready()
    assert "no answer in time" in str(caught.value)
    with Answers(b"no http\r\n\r\n") as address, Client(address) as client, pytest.raises(ServiceUnavailable):
        client.ready()
