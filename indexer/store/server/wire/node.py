"""One address of a Qdrant server: what talks to it is made when it is first needed, and again in a forked child."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies
from weakref import finalize

import httpx

from indexer.store.server.wire.addresses import ServerAddress, shown
from indexer.store.server.wire.faults import grpc_code, hints_at_tls, is_unknown_speech
from indexer.store.server.wire.tls import certificate_words, in_tls, misfit, read_authority, trusting
from indexer.system.forks import Lock, in_child

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

LONGEST_CONNECT = 5.0
"""Seconds until a machine that does not even take the connection counts as one that does not answer."""

T = TypeVar("T")


class Node:
    """A server at one address.

    Args:
        address: where it is; None for a client in the process, as ``QdrantClient(":memory:")``.
        client: that client.
        where: what error messages call it.

    Raises:
        UsageError: the address is none, or its file of authorities cannot be used.
    """

    def __init__(
        self, address: ServerAddress | None = None, *, client: QdrantClient | None = None, where: str = ""
    ) -> None:
        self.where = where if address is None else shown(address.url)
        self.address = address
        self.is_known = address is None
        """Whether it has answered, and is of a version that we can use."""
        self._authority = None if address is None or address.ca is None else read_authority(address.ca)
        self._client = client
        self._rest: httpx.Client | None = None
        self._direct: httpx.HTTPTransport | None = None
        self._end: finalize[..., Node] | None = None
        self._lock = Lock()
        in_child(self._forget)

    @property
    def client(self) -> QdrantClient:
        """qdrant-client, whose import takes a second; its connections are of this process alone."""
        client = self._client
        if client is None:
            with self._lock:
                assert self.address is not None  # noqa: S101
                client = self._client = self._client or self._new_client(self.address)
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
                rest = self._rest = self._rest or self._new_rest(self.address)
                self._end = self._end or finalize(self, rest.close)
        return rest

    def request(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> httpx.Response:
        """One request of the REST interface, and its answer as a whole.

        Args:
            method: ``GET``, ``POST`` …
            path: from the root, with its parts quoted.
            body: what is sent as JSON; None sends nothing.
            headers: besides the key.
        """
        rest, direct = self.rest, self._direct
        if direct is None:
            return rest.request(method, path, json=body, headers=headers)
        # Past the client: half of its time goes into redirects, cookies and the like, of which there are none here.
        timeout, sent = {"timeout": rest.timeout.as_dict()}, {**self._headers, **headers}
        request = httpx.Request(method, f"{self.where}{path}", headers=sent, json=body, extensions=timeout)
        response = direct.handle_request(request)
        try:
            response.read()
        finally:
            response.close()
        return response

    def method(self, function: Callable[..., T]) -> Callable[..., T]:
        """A method of another address's client as one of this one's; any other function as it is."""
        owner = getattr(function, "__self__", None)
        if type(owner).__name__ != "QdrantClient" or self.address is None or owner is self.client:
            return function
        same: Callable[..., T] = getattr(self.client, function.__name__)
        return same

    def close(self) -> None:
        """Close what was opened; whoever asks again opens it anew."""
        if self._client is not None:
            self._client.close()
        if self._end is not None:
            self._end()
        self._begin()

    def misfit(self, error: Exception, *, again: bool) -> str | None:
        """The line for a fault that comes from the address or its certificate, and that no further try mends.

        Args:
            error: the fault.
            again: the port was asked before, for the same request.
        """
        address, below, over_grpc = self.address, in_tls(error), grpc_code(error) is not None
        speech = hints_at_tls(error) if self.is_known else is_unknown_speech(error)
        if address is None or not (below or (speech and not again)):
            return None
        host, port = urlsplit(self.where).hostname or "", address.grpc_port if over_grpc else self._port
        if isinstance(below, ssl.SSLCertVerificationError):
            words: str | None = certificate_words(below, host, address.ca)
        else:
            context = trusting(self._authority, self.where)
            words = misfit(self.where, port, context, grpc=over_grpc, authority=address.ca)
        return words and f"{self.where}{f', gRPC port {port}' if over_grpc else ''}: {words}"

    @property
    def _port(self) -> int:
        return urlsplit(self.where).port or (443 if self.where.startswith("https:") else 80)

    def _new_client(self, address: ServerAddress) -> QdrantClient:
        from qdrant_client import QdrantClient

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
            return QdrantClient(
                url=self.where,
                api_key=address.api_key,
                prefer_grpc=address.grpc,
                grpc_port=address.grpc_port,
                grpc_options={} if self._authority is None else {"root_certificates": self._authority},
                timeout=address.timeout,
                check_compatibility=False,
                verify=trusting(self._authority, self.where),
            )

    def _new_rest(self, address: ServerAddress) -> httpx.Client:
        verify = trusting(self._authority, self.where)
        self._direct = None if getproxies() else httpx.HTTPTransport(verify=verify)
        return httpx.Client(
            base_url=self.where,
            headers=self._headers,
            timeout=httpx.Timeout(address.timeout, connect=min(address.timeout, LONGEST_CONNECT)),
            verify=verify,
            transport=self._direct,
        )

    @property
    def _headers(self) -> dict[str, str]:
        key = None if self.address is None else self.address.api_key
        return {} if key is None else {"api-key": key}

    def _forget(self) -> None:
        if self._end is not None:
            self._end.detach()  # the connections are the parent's
        self._begin()

    def _begin(self) -> None:
        if self.address is not None:
            self._client = self._rest = self._end = None
