"""The wire to a Qdrant server: connecting, its version, retries with backoff, and faults in one line."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
from pydantic_core import from_json

from indexer.errors import ShardLost, StoreError
from indexer.store.server.wire.addresses import ServerAddress as ServerAddress
from indexer.store.server.wire.addresses import each, joined
from indexer.store.server.wire.cluster import NO_REST, collection_in, lost_shards
from indexer.store.server.wire.faults import (
    Refused,
    Unreadable,
    explain,
    explain_all,
    inner_words,
    is_silence,
    may_pass,
    reason,
    retry_after,
    source,
)
from indexer.store.server.wire.node import Node
from indexer.store.server.wire.tls import is_exposed
from indexer.system import trace_context
from indexer.system.forks import NotPickled, in_child

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

OLDEST = (1, 18)
"""Qdrant servers from this version on: older ones lack what the collection is made of (metadata, strict mode)."""

MEMORY_TIERS = (1, 19)
"""First version that knows ``memory=cold|cached|pinned``; before, two flags said the same."""

PREFIX_MATCH = (1, 19)
"""First version that can filter keywords by prefix."""

LONGEST_WAIT = 30.0
LOOK_SECONDS = 5.0
CHUNK = 1 << 20

T = TypeVar("T")
log = logging.getLogger(__name__)
_warned_of: set[str] = set()


class Connection(
    NotPickled, advice="an index on a server cannot be pickled or copied: open it in each process, by its address"
):
    """What talks to a server, together with how its faults are met. Every request is repeatable, so every one may be
    retried.

    The waiting times are *full jitter* of Brooker, *Exponential Backoff And Jitter* (AWS Architecture Blog, 2015),
    unless the server says how long with Retry-After. A forked child connects anew at its first call.

    Args:
        server: the addresses of its nodes, the first of which is asked first, or any qdrant-client, also
            ``QdrantClient(":memory:")``.
        where: what error messages call the server.
        attempts: requests per call before it counts as failed.
        first_wait: seconds before the second attempt.
    """

    def __init__(
        self, server: Sequence[Node] | QdrantClient, where: str, *, attempts: int = 5, first_wait: float = 0.25
    ) -> None:
        self._nodes = list(server) if isinstance(server, Sequence) else [Node(client=server, where=where)]
        self._current = 0
        self.where = where
        self._attempts, self._first_wait = attempts, first_wait
        self._begin()
        in_child(self._begin)
        self.version: tuple[int, int] | None = None

    @property
    def client(self) -> QdrantClient:
        """qdrant-client for the server in use; its connections are of this process alone."""
        return self._used.client

    @property
    def over_http(self) -> bool:
        """Whether there is a server to `ask`; a client in the process has none."""
        return self._nodes[0].address is not None

    @property
    def plain(self) -> bool:
        """Whether questions go over REST, by `ask`; where gRPC is wanted, the client sends them."""
        address = self._nodes[0].address
        return address is not None and not address.grpc

    def call(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Call a method of the client, again where the fault may pass.

        Args:
            function: a method of `client`, which is called on the address in use; any other function is called as it
                is, and takes from `client` what it needs of it, within the call.
            arguments: what it takes.
            named: the same, by name.

        Raises:
            StoreError: it failed for good; the message says what to do.
        """

        def send(node: Node) -> T:
            with _trace_passed_on():
                return node.method(function)(*arguments, **named)

        try:
            return self._tried(send)
        except StoreError as error:
            self._tell_shards(error, next((one for one in arguments if isinstance(one, str)), None))
            raise

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request of the REST interface without qdrant-client and its models, tried as `call` does.

        Args:
            method: ``GET``, ``POST`` …
            path: from the root, with the parts quoted and the query: ``/collections/shop-1/points/query``.
            body: what is sent as JSON; None sends nothing.

        Returns:
            ``result`` of the answer, of plain dicts, lists, strings and numbers.

        Raises:
            StoreError: it failed for good; the message says what to do. Its cause is told by `is_missing` and the like.
        """
        try:
            return self._tried(lambda node: _result(_asked(node, method, path, body)))
        except StoreError as error:
            self._tell_shards(error, collection_in(path))
            raise

    @property
    def has_key(self) -> bool:
        """Whether an API key is sent, which may not be allowed everything."""
        return any(node.address is not None and bool(node.address.api_key) for node in self._nodes)

    def look(self, path: str) -> tuple[int, Any]:
        """Status and result of a path of the REST interface, asked once and not for long: for what one can do without.

        The status is 0 where no answer comes that can be read.
        """
        if not self.over_http:
            return NO_REST, None
        try:
            answer = self._used.rest.get(path, headers=_trace_header(), timeout=LOOK_SECONDS)
            return answer.status_code, _result(answer.json()) if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            return 0, None

    def download(self, path: str) -> Iterator[bytes]:
        """What the server has at a path of its REST interface, in pieces: the client's methods read a body as a whole.

        Raises what the client would raise; to be used inside `call`.
        """
        with self._used.rest.stream("GET", path, headers=_trace_header()) as response:
            if response.status_code != 200:
                response.read()
                raise Refused(response)
            yield from response.iter_bytes(CHUNK)

    @property
    def version_text(self) -> str | None:
        """The server's version as ``1.20``; None where it is unknown."""
        return None if self.version is None else ".".join(map(str, self.version))

    def knows(self, since: tuple[int, int]) -> bool:
        """Whether the server has what arrived with a version; an unknown version counts as the newest."""
        return self.version is None or self.version >= since

    @contextmanager
    def staying(self) -> Iterator[None]:
        """Within the block this thread asks no other address than the one in use: for what lies on one node."""
        before = getattr(self._sending, "only", None)
        self._sending.only = self._current
        try:
            yield
        finally:
            self._sending.only = before

    def _tell_shards(self, error: StoreError, collection: str | None) -> None:
        """Raise which shards have no live copy, where that is why a request failed."""
        words = inner_words(error.__cause__)
        lost = None if words is None else lost_shards(self.look, collection, words)
        if lost is not None:
            what = f"{self._used.where}: collection {collection}" if collection else self._used.where
            why = f"{what} cannot be reached: {lost}; start one of the nodes that hold it"
            raise ShardLost(why) from error.__cause__

    def check_version(self) -> None:
        """Ask the server for its version; each further address is asked when it is first used.

        Raises:
            StoreError: it cannot be reached, refuses the key, or is older than ``OLDEST``.
        """
        self._tried(lambda _: None)

    def close(self) -> None:
        """Close what was opened."""
        for node in self._nodes:
            node.close()

    @property
    def _used(self) -> Node:
        """The address of the request that this thread is sending, else the one that answered last."""
        return getattr(self._sending, "node", None) or self._nodes[self._current]

    def _tried(self, send: Callable[[Node], T]) -> T:
        """Send a request until it is answered, by the address that answered last or by the next one that does."""
        places = self._in_turn()
        for attempt in range(1, self._attempts + 1):
            failed: dict[int, Exception] = {}
            for place in places:
                node = self._nodes[place]
                try:
                    answer = self._sent(node, send)
                except StoreError:
                    raise
                except Exception as error:  # httpx, grpc, pydantic and qdrant-client have no common base
                    if (line := node.misfit(error, again=attempt > 1)) is not None:
                        raise StoreError(line) from error
                    answers = not is_silence(error)
                    if answers and node.is_known:
                        self._current = place
                    if not may_pass(error):
                        raise StoreError(explain(error, node.where, self._attempts)) from error
                    log.info("%s: attempt %d failed (%s)", node.where, attempt, reason(error))
                    failed[place] = last = error
                    if answers:  # it is to be asked again, not another one
                        failed, places = {place: error}, [place] + [other for other in places if other != place]
                        break
                else:
                    self._current = place
                    return answer
            if attempt < self._attempts:
                self._wait(attempt, last)
        # Of several, the one that said something says more than those that nobody reached.
        told, cause = next((one for one in failed.items() if source(one[1]) is None), (place, last))
        self._current = told
        lines = {self._nodes[place].where: error for place, error in failed.items()}
        raise StoreError(explain_all(lines, self._attempts)) from cause

    def _sent(self, node: Node, send: Callable[[Node], T]) -> T:
        self._sending.node = node
        try:
            self._get_known(node)
            return send(node)
        finally:
            self._sending.node = None

    def _in_turn(self) -> list[int]:
        """The places of the addresses to ask, the one that answered last before all others."""
        only: int | None = getattr(self._sending, "only", None)
        count = len(self._nodes)
        return [(self._current + turn) % count for turn in range(count)] if only is None else [only]

    def _wait(self, attempt: int, error: Exception) -> None:
        wait = retry_after(error)
        if wait is None:
            wait = random.uniform(0, self._first_wait * 2 ** (attempt - 1))
        wait = min(wait, LONGEST_WAIT)
        log.info("%s: again in %.2f s", self.where, wait)
        time.sleep(wait)

    def _get_known(self, node: Node) -> None:
        """Ask an address for its version when it is first used.

        Raises:
            StoreError: it is older than ``OLDEST``.
        """
        if node.is_known:
            return
        version = _version_of(node)
        if version is None or version < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            found = "of an unknown version" if version is None else "Qdrant {}.{}".format(*version)
            raise StoreError(f"{node.where}: is {found}; this needs {oldest} or newer: upgrade the server")
        self.version = version if self.version is None else min(self.version, version)
        node.is_known = True

    def _begin(self) -> None:
        self._sending = threading.local()


def connect(address: ServerAddress) -> Connection:
    """Connect to a server and check its version.

    Raises:
        UsageError: the address is not an http or https URL.
        StoreError: it cannot be reached, refuses the key, or is older than ``OLDEST``.
    """
    nodes = [Node(one) for one in each(address)]
    where = joined(node.where for node in nodes)
    connection = Connection(nodes, where, attempts=address.attempts, first_wait=address.first_wait)
    _warn_of_key(address, nodes)
    try:
        connection.check_version()
    except StoreError:
        connection.close()
        raise
    return connection


def _warn_of_key(address: ServerAddress, nodes: Sequence[Node]) -> None:
    for node in nodes if address.api_key else ():
        if is_exposed(node.where) and node.where not in _warned_of:
            _warned_of.add(node.where)
            log.warning(
                "%s: the API key goes there over plain http, and whoever sees the traffic can read it; "
                "let the server speak TLS and write https://",
                node.where,
            )


def _asked(node: Node, method: str, path: str, body: Any) -> Any:
    """The JSON that a server answers to one request."""
    response = node.request(method, path, body, _trace_header())
    if response.status_code != 200:
        raise Refused(response)
    try:
        return from_json(response.content)  # in a fifth of the time that the standard library takes
    except ValueError as error:
        raise Unreadable(str(error)) from None


def _result(document: Any) -> Any:
    try:
        return document["result"]
    except (TypeError, LookupError):
        raise Unreadable("an answer without a result") from None


def _version_of(node: Node) -> tuple[int, int] | None:
    """A server's version; None where it says one that cannot be read."""
    if node.address is None or node.address.grpc:
        with _trace_passed_on():
            text = node.client.info().version
    else:
        document = _asked(node, "GET", "/", None)
        if not isinstance(document, dict) or not isinstance(document.get("version"), str):
            raise Unreadable("an answer without a version")
        text = document["version"]
    parts = text.removeprefix("v").split(".")
    try:
        return int(parts[0]), int(parts[1])
    except (ValueError, IndexError):
        return None


def _trace_header() -> dict[str, str]:
    traceparent = trace_context.current()
    return {} if traceparent is None else {"traceparent": traceparent}


def _trace_passed_on() -> AbstractContextManager[None]:
    """Send the current ``traceparent`` with each request of qdrant-client, over REST and gRPC alike."""
    traceparent = trace_context.current()
    if traceparent is None:
        return nullcontext()
    from qdrant_client.context_headers import headers

    return headers({"traceparent": traceparent})
