"""Whose address a request came from: the other end of the connection, or who a proxy that was named says it is.

Headers that name the client can be sent by anybody. The address in them counts only where the connection comes from a
proxy of the setting ``trusted_proxies``; read from the right, the first address that is no such proxy is the client.
``X-Forwarded-For`` and ``Forwarded`` (RFC 7239) count alike. A proxy writes one of them and passes the other on as it
came, so where both are there and differ, neither is believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_FORWARDING = frozenset(
    {
        "forwarded",
        "via",
        "x-real-ip",
        "x-client-ip",
        "client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "fastly-client-ip",
        "x-cluster-client-ip",
        "x-envoy-external-address",
        "x-original-host",
    }
)
_PORT = re.compile(r"(?P<four>[0-9.]+)(?::\d{1,5})?|\[(?P<six>[^\]]*)\](?::\d{1,5})?")
_FOR = re.compile(r'\s*for\s*=\s*("[^"]*"|[^\s";,]*)\s*', re.IGNORECASE)


class ClientAddress:
    """Pure ASGI middleware: puts the client's address, as told by proxies that were named, in place of the proxy's."""

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        """See the class; ``trusted`` are addresses and networks."""
        self.app = app
        self._trusted = [ip_network(one, strict=False) for one in trusted]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer."""
        if scope["type"] == "http" and self._trusted and (peer := scope.get("client")):
            address = address_in(str(peer[0]))
            if address is not None and self._is_proxy(address) and (told := self._told(scope)) is not None:
                scope["client"] = str(told), 0
        await self.app(scope, receive, send)

    def _told(self, scope: Scope) -> Address | None:
        headers = [(name, str(value, "latin-1")) for name, value in scope["headers"]]
        given = [
            [part for name, value in headers if name == b"x-forwarded-for" for part in value.split(",")],
            [part for name, value in headers if name == b"forwarded" for part in _forwarded_for(value)],
        ]
        told = {self._nearest_client(chain) for chain in given if chain}
        return told.pop() if len(told) == 1 else None

    def _nearest_client(self, chain: Sequence[str]) -> Address | None:
        """The last of a chain that is no proxy; None where a proxy says what is no address."""
        address = None
        for part in reversed(chain):
            address = address_in(part)
            if address is None or not self._is_proxy(address):
                break
        return address

    def _is_proxy(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def passed_on_by(scope: Scope) -> str | None:
    """The header by which a proxy, or somebody who says to be one, passed a request on; None without one."""
    for raw, _ in scope["headers"]:
        name = str(raw, "latin-1").lower().replace("_", "-")
        if name in _FORWARDING or name.startswith("x-forwarded"):
            return name
    return None


def address_in(text: str) -> Address | None:
    """The address in ``192.0.2.1``, ``192.0.2.1:80``, ``2001:db8::1`` or ``[2001:db8::1]:80``; else None."""
    text = text.strip().strip('"')
    if found := _PORT.fullmatch(text):
        text = found["four"] or found["six"]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _forwarded_for(value: str) -> Iterator[str]:
    """The ``for`` of each proxy; empty where a proxy does not say."""
    for element in value.split(","):
        found = [match[1] for pair in element.split(";") if (match := _FOR.fullmatch(pair))]
        yield found[0] if len(found) == 1 else ""
