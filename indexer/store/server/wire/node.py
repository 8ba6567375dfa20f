"""One address of a Qdrant server: what talks to it is made when it is first needed, and again in a forked child."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import httpx

from indexer.store.server.wire.addresses import ServerAddress, shown
from indexer.system.forks import Lock, in_child

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

T = TypeVar("T")


class Node:
    """A server at one address.

    Args:
        address: where it is; None for a client in the process, as ``QdrantClient(":memory:")``.
        client: that client.
        where: what error messages call it.
    """

    def __init__(
        self, address: ServerAddress | None = None, *, client: QdrantClient | None = None, where: str = ""
    ) -> None:
        self.where = where if address is None else shown(address.url)
        self.address = address
        self.version: tuple[int, int] | None = None
        self._client = client
        self._rest: httpx.Client | None = None
        self._lock = Lock()
        in_child(self._forget)

    @property
    def client(self) -> QdrantClient:
        """qdrant-client, whose import takes a second; its connections are of this process alone."""
        client = self._client
        if client is None:
            with self._lock:
                assert self.address is not None  # noqa: S101
                client = self._client = self._client or _client_of(self.address, self.where)
        return client

    @property
    def rest(self) -> httpx.Client:
        """The server's REST interface over connections that stay open, of this process alone.

        Raises:
            NotImplementedError: this one is in the process.
        """
        rest = self._rest
        if rest is None:
            if self.address is None:
                raise NotImplementedError(f"{self.where}: has no REST interface")
            with self._lock:
                rest = self._rest = self._rest or _rest_of(self.address, self.where)
        return rest

    def method(self, function: Callable[..., T]) -> Callable[..., T]:
        """A method of another address's client as one of this one's; any other function as it is."""
        owner = getattr(function, "__self__", None)
        if type(owner).__name__ != "QdrantClient" or self.address is None or owner is self.client:
            return function
        same: Callable[..., T] = getattr(self.client, function.__name__)
        return same

    def close(self) -> None:
        """Close what was opened."""
        if self._client is not None:
            self._client.close()
        if self._rest is not None:
            self._rest.close()

    def _forget(self) -> None:
        if self.address is not None:
            self._client = self._rest = None


def _client_of(address: ServerAddress, url: str) -> QdrantClient:
    from qdrant_client import QdrantClient

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
        return QdrantClient(
            url=url,
            api_key=address.api_key,
            prefer_grpc=address.grpc,
            grpc_port=address.grpc_port,
            timeout=address.timeout,
            check_compatibility=False,
        )


def _rest_of(address: ServerAddress, url: str) -> httpx.Client:
    headers = {} if address.api_key is None else {"api-key": address.api_key}
    # Reading the public authorities takes longer than a question; plain http needs none.
    verify = True if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.Client(base_url=url, headers=headers, timeout=address.timeout, verify=verify)
