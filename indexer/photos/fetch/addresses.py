"""Which network addresses belong to the public internet: the rule that keeps a fetch out of the own network."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Resolver = Callable[[str], Sequence[str]]
"""From a host name (or a literal address, in any spelling) to all its IP addresses as text; raises OSError."""

_UNICAST = ip_network("2000::/3")
"""The only part of IPv6 that is given out for the internet; the rest is local, multicast, mapped or reserved."""

_NAT64 = ip_network("64:ff9b::/96")

# Refused although some Python version calls them global, or although they are: the list that `is_global` follows grew
# in patch releases, and the answer should not depend on which one runs.
_REFUSED = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocol assignments; a cloud keeps instance metadata at 192.0.0.192
        "192.88.99.0/24",  # the former 6to4 relays
        "168.63.129.16/32",  # a public number that answers inside a cloud only, with the machine's settings
        "2001::/23",  # protocol assignments, with Teredo, which carries an IPv4 address in disguise
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)


_NEVER = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # "this network": the machine itself, where a system connects to it at all
        "169.254.0.0/16",  # link-local, with the metadata of most clouds at 169.254.169.254
        "224.0.0.0/4",  # multicast
        "255.255.255.255/32",  # broadcast
        "100.100.100.200/32",  # metadata of a cloud, in the space that providers share
        "168.63.129.16/32",
        "192.0.0.192/32",
        "::/128",
        "fe80::/10",  # link-local
        "ff00::/8",  # multicast
        "fd00:ec2::/32",  # metadata of clouds, in the private space
        "fd20:ce::/32",
    )
)
"""Refused even where the own network may be fetched from: a machine's secrets, and what is no single host."""


def is_never_asked(address: IPv4Address | IPv6Address) -> bool:
    """Whether no photo is fetched from an address, whatever is allowed: link-local, multicast, metadata of a cloud.

    An IPv6 address that carries an IPv4 address counts as that one, too.
    """
    if isinstance(address, IPv6Address) and (inner := _carried(address)) is not None and is_never_asked(inner):
        return True
    return any(address in network for network in _NEVER)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to a single host of the public internet.

    An IPv6 address that carries an IPv4 address (IPv4-mapped, 6to4, the NAT64 prefix of RFC 6052) counts as that
    one. Not public: private, shared, loopback, link-local, multicast, unspecified, reserved, documentation.
    """
    if isinstance(address, IPv6Address):
        inner = _carried(address)
        if inner is not None:
            return is_public(inner)
        if address not in _UNICAST:
            return False
    if any(address in network for network in _REFUSED):
        return False
    return address.is_global and not address.is_multicast


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a packet to this IPv6 address may end at."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def all_public(addresses: Sequence[str]) -> bool:
    """Whether every one of these addresses is public: one that is not makes the whole answer suspect.

    Raises:
        ValueError: one is not an IP address.
    """
    return all(is_public(ip_address(address)) for address in addresses)


def all_permitted(addresses: Sequence[str], *, allow_private: bool = False) -> bool:
    """Whether a photo may be fetched from a host with these addresses.

    Raises:
        ValueError: one is not an IP address.
    """
    if not allow_private:
        return all_public(addresses)
    return not any(is_never_asked(ip_address(address)) for address in addresses)


def resolve(host: str) -> list[str]:
    """All addresses that the system knows for a host, in its order of preference, each once.

    Raises:
        OSError: the name has no address, or the name server did not answer.
        UnicodeError: a part of the name is empty or longer than 63 characters.
    """
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))
