"""Messages over stdin and stdout, one a line: what cannot be read is answered too, and the end waits for the answers.

The package's own transport is not used: it drops what it cannot read without a word, reads lines of any length, and at
the end of the input cancels the calls that are still at work.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BufferedReader
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import anyio
import anyio.to_thread
from mcp import types
from mcp.shared.message import SessionMessage

from indexer.errors import JewelryError, UsageError
from indexer.system.text import printable
from searcher.mcp.messages import INTERNAL_ERROR, Refused, read_message, too_long

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

    Received = MemoryObjectReceiveStream[SessionMessage | Exception]
    Sent = MemoryObjectSendStream[SessionMessage]

MOST_BYTES = 32_000_000
"""Of a line: a photo of 20 MB, as much as the HTTP service takes, in base64, and the rest of its request."""
KEPT = 8192
"""Bytes of either end of a longer line."""
PATIENCE = 60.0
"""Seconds for the calls that are at work when the input ends; a photo behind an address takes that long at most."""

log = logging.getLogger(__name__)


@asynccontextmanager
async def over_stdio() -> AsyncIterator[tuple[Received, Sent]]:
    """The messages that come and those that go, as `mcp.server.Server.run` takes them.

    Meanwhile stdin is empty for everybody else and what others print goes to stderr.

    Raises:
        UsageError: stdin or stdout is closed.
        JewelryError: nobody reads the answers any more.
    """
    if sys.stdin is None or sys.stdout is None:  # its number belongs to some other file by now
        raise UsageError("stdin or stdout is closed; questions and answers go over these two")
    # never closed: a thread may wait for the next line as long as the process lives
    source, sink = (os.fdopen(os.dup(at), mode, closefd=False) for at, mode in ((0, "rb"), (1, "wb")))
    _point(0, os.open(os.devnull, os.O_RDONLY))
    _point(1, os.dup(2))
    try:
        async with over_streams(cast("BufferedReader", source), cast("BinaryIO", sink)) as streams:
            yield streams
    finally:
        sys.stdout.flush()  # what was printed meanwhile goes where it was meant to go
        os.dup2(source.fileno(), 0)
        os.dup2(sink.fileno(), 1)


@asynccontextmanager
async def over_streams(
    source: BufferedReader, sink: BinaryIO, most_bytes: int = MOST_BYTES
) -> AsyncIterator[tuple[Received, Sent]]:
    """The same over any two streams; raises ``JewelryError``."""
    to_server, from_client = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    from_server, to_client = anyio.create_memory_object_stream[SessionMessage](0)
    wire = _Wire(to_server, from_server.clone(), to_client, most_bytes)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wire.read, source)
        tasks.start_soon(wire.write, sink, tasks.cancel_scope)
        yield from_client, from_server
    if wire.lost is not None:
        raise JewelryError(f"nobody reads the answers any more: {wire.lost.strerror}")


class _Wire:
    """Reads and writes, and knows which requests wait for an answer."""

    def __init__(
        self,
        to_server: MemoryObjectSendStream[SessionMessage | Exception],
        refusals: Sent,
        to_client: MemoryObjectReceiveStream[SessionMessage],
        most_bytes: int,
    ) -> None:
        self.to_server, self.refusals, self.to_client = to_server, refusals, to_client
        self.most_bytes = most_bytes
        self.waiting: Counter[str | int] = Counter()
        self.settled = anyio.Event()
        self.over = False
        self.lost: OSError | None = None

    async def read(self, source: BufferedReader) -> None:
        """Hand each line to the server or refuse it; at the end wait for what is still at work."""
        async with self.to_server, self.refusals:
            while (line := await anyio.to_thread.run_sync(self._line, source, abandon_on_cancel=True)) is not None:
                try:
                    await self._take(line)
                except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                    return  # nobody is there to answer any more
            await self._wait()

    async def _wait(self) -> None:
        """Wait for the calls at work, and answer those that take too long."""
        if not self.waiting:
            return
        self.settled = anyio.Event()
        with anyio.move_on_after(PATIENCE) as scope:
            await self.settled.wait()
        if scope.cancelled_caught:
            self.over = True
            why = f"the input ended, and this took more than {PATIENCE:g} seconds longer"
            for request in [*self.waiting.elements()]:
                await self._refuse(Refused(INTERNAL_ERROR, why, request))

    async def write(self, sink: BinaryIO, everything: anyio.CancelScope) -> None:
        """Write each message as a line, until nobody sends any more; where nobody reads, everything ends."""
        async with self.to_client:
            async for sent in self.to_client:
                message = sent.message
                answers = message.id if isinstance(message, types.JSONRPCResponse | types.JSONRPCError) else None
                if self.over and answers is not None and answers not in self.waiting:
                    continue  # it has its answer
                line = message.model_dump_json(by_alias=True, exclude_unset=True) + "\n"
                try:
                    await anyio.to_thread.run_sync(_put, sink, line.encode("utf-8", "replace"))
                except OSError as error:
                    self.lost = error
                    everything.cancel()
                    return
                self._forget(answers)

    def _line(self, source: BufferedReader) -> bytes | Refused | None:
        """The next line; one that is too long as what is said of it; None at the end."""
        line = source.readline(self.most_bytes + 1)
        if len(line) <= self.most_bytes or line.endswith(b"\n"):
            return line or None
        length, start, end = len(line), line[:KEPT], line[-KEPT:]
        while not line.endswith(b"\n") and (line := source.readline(1 << 20)):
            length, end = length + len(line), (end + line)[-KEPT:]
        return too_long(start, end, length, self.most_bytes)

    async def _take(self, line: bytes | Refused) -> None:
        if isinstance(line, bytes) and not line.strip():
            return
        read = read_message(line) if isinstance(line, bytes) else line
        if isinstance(read, Refused):
            await self._refuse(read)
            return
        await self.to_server.send(SessionMessage(self._message(read)))

    def _message(self, read: dict[str, Any]) -> types.JSONRPCMessage:
        if "id" in read:
            request = types.JSONRPCRequest.model_validate(read)
            self.waiting[request.id] += 1
            return request
        if read["method"] == "notifications/cancelled":  # and is not answered
            self._forget((read.get("params") or {}).get("requestId"))
        return types.JSONRPCNotification.model_validate(read)

    async def _refuse(self, refused: Refused) -> None:
        if refused.id is None or not refused.request:
            log.warning("refused: %s", printable(refused.why))
        if refused.request:
            error = types.ErrorData(code=refused.code, message=printable(refused.why))
            await self.refusals.send(SessionMessage(types.JSONRPCError(jsonrpc="2.0", id=refused.id, error=error)))

    def _forget(self, request: Any) -> None:
        if isinstance(request, str | int) and request in self.waiting:
            self.waiting[request] -= 1
            self.waiting += Counter()  # keeps what is above nought
            if not self.waiting:
                self.settled.set()


def _put(sink: BinaryIO, line: bytes) -> None:
    sink.write(line)
    sink.flush()


def _point(standard: int, at: int) -> None:
    os.dup2(at, standard)
    os.close(at)
