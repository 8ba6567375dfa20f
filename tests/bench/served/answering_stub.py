"""A server that answers at once, as its own process: each request gets the answer that was written down for it.

    python -m tests.bench.served.answering_stub FILE

FILE is a JSON document, ``{"POST /path": answer, …}``. It prints its port, and serves until its input ends.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Stub(asyncio.Protocol):
    """One connection, kept alive."""

    def __init__(self, answers: Mapping[str, bytes]) -> None:
        self.answers, self.arrived = answers, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.arrived += data
        while True:
            head, found, rest = self.arrived.partition(b"\r\n\r\n")
            length = 0
            for line in head.lower().split(b"\r\n")[1:]:
                if line.startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not found or len(rest) < length:
                return
            self.arrived = rest[length:]
            method, path = head.split(b" ", 2)[:2]
            body = self.answers.get(f"{method.decode()} {path.decode().partition('?')[0]}", b"{}")
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            )


@contextmanager
def answering(answers: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """The server; gives its address."""
    listed = folder / "answers.json"
    listed.write_text(json.dumps(answers))
    command = [sys.executable, "-m", "tests.bench.served.answering_stub", str(listed)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


async def serve(answers: Mapping[str, bytes]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Stub(answers), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    written = json.loads(Path(sys.argv[1]).read_text())
    asyncio.run(serve({request: json.dumps(answer).encode() for request, answer in written.items()}))
