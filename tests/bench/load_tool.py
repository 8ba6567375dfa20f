"""A load generator for one HTTP/1.1 server on loopback: asks prepared questions on kept-alive connections.

    python -m tests.bench.load_tool PORT SECONDS CONNECTIONS QUESTIONS

QUESTIONS is a file of JSON lines, {"path": …, "body": …} or {"path": …} for GET, gone through in turn. It prints one
document: requests, failures, latencies in milliseconds. With --check every answer must be of one generation: in
generation n the price of every product is n.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any


class Load:
    """Counts of a run; several connections write to it."""

    def __init__(self, questions: list[bytes], seconds: float, check: bool) -> None:
        self.questions, self.check = questions, check
        self.until = time.perf_counter() + seconds
        self.next = 0
        self.times: list[float] = []
        self.failed: list[str] = []
        self.generations: set[str] = set()

    async def connection(self, port: int) -> None:
        """Ask one question after the other until the time is over."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while (began := time.perf_counter()) < self.until:
                writer.write(self.questions[self.next % len(self.questions)])
                self.next += 1
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                self.times.append(1000 * (time.perf_counter() - began))
                if not head.startswith(b"HTTP/1.1 200"):
                    self.failed.append(f"{head[:15].decode()}: {body[:200].decode(errors='replace')}")
                elif self.check:
                    self._check(json.loads(body))
        except (OSError, asyncio.IncompleteReadError) as error:
            self.failed.append(repr(error))
        finally:
            writer.close()

    def _check(self, answer: dict[str, Any]) -> None:
        self.generations.add(answer["generation"])
        prices = {match["payload"]["price"] for match in answer["matches"]}
        if prices != {float(answer["generation"])}:
            self.failed.append(f"generation {answer['generation']} answered with prices {prices}")


def prepared(line: str) -> bytes:
    """A question as the bytes that go over the wire."""
    question = json.loads(line)
    body = json.dumps(question["body"]).encode() if "body" in question else b""
    method = "POST" if body else "GET"
    head = f"{method} {question['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


async def run(port: int, seconds: float, connections: int, questions: list[bytes], check: bool) -> Load:
    load = Load(questions, seconds, check)
    await asyncio.gather(*(load.connection(port) for _ in range(connections)))
    return load


def main() -> None:
    port, seconds, connections, path = sys.argv[1:5]
    questions = [prepared(line) for line in Path(path).read_text().splitlines()]
    began = time.perf_counter()
    load = asyncio.run(run(int(port), float(seconds), int(connections), questions, "--check" in sys.argv))
    took, times = time.perf_counter() - began, sorted(load.times)
    summary = {
        "requests": len(times),
        "per_second": len(times) / took,
        "p50_ms": times[len(times) // 2] if times else None,
        "p99_ms": times[int(len(times) * 0.99)] if times else None,
        "failures": len(load.failed),
        "first_failures": load.failed[:3],
        "generations": len(load.generations),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
