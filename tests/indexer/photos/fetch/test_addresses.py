"""Which addresses count as the public internet, in all the disguises that IPv6 knows."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.photos.fetch.addresses import all_permitted, all_public, is_never_asked, is_public, resolve

PUBLIC = ["8.8.8.8", "93.184.216.34", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1", "223.255.255.254"]

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.8.9.10",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "168.63.129.16",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "4000::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@given(st.ip_addresses(v=4))
@example(IPv4Address("127.0.0.1"))
@example(IPv4Address("169.254.169.254"))
@example(IPv4Address("8.8.8.8"))
def test_ipv6_that_carries_ipv4_counts_as_that(inner: IPv4Address) -> None:
    number = int(inner)
    carried = [
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address((0x2002 << 112) | (number << 80) | 1),
        IPv6Address(int(IPv6Address("64:ff9b::")) | number),
    ]
    assert [is_public(outer) for outer in carried] == [is_public(inner)] * 3


@given(st.ip_addresses(v=6))
def test_nothing_outside_the_ipv6_internet_is_public(address: IPv6Address) -> None:
    carrying = any(address in ip_network(net) for net in ("::ffff:0:0/96", "64:ff9b::/96"))
    if address not in ip_network("2000::/3") and not carrying:
        assert not is_public(address)


def test_one_private_address_spoils_the_answer() -> None:
    assert all_public(["8.8.8.8", "2606:4700::1111"])
    assert not all_public(["8.8.8.8", "10.0.0.1"])
    with pytest.raises(ValueError, match="nonsense"):
        all_public(["nonsense"])


@pytest.mark.parametrize("spelling", ["127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1"])
def test_the_system_understands_every_spelling(spelling: str) -> None:
    assert resolve(spelling) == ["127.0.0.1"]


NEVER = [
    "0.0.0.0",
    "169.254.169.254",
    "169.254.170.2",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "::",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fe80::1",
    "fe80::1%lo",
    "ff02::1",
    "fd00:ec2::254",
    "fd20:ce::254",
]
OWN = ["10.0.0.1", "127.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "::1", "fc00::1", "fd12::1"]


@pytest.mark.parametrize("address", NEVER)
def test_never_asked_whatever_is_allowed(address: str) -> None:
    assert is_never_asked(ip_address(address))
    assert not is_public(ip_address(address))
    assert not all_permitted([PUBLIC[0], address], allow_private=True)
    assert not all_permitted([address])


@pytest.mark.parametrize("address", OWN)
def test_the_own_network_has_to_be_allowed(address: str) -> None:
    assert all_permitted([address, PUBLIC[0]], allow_private=True)
    assert not all_permitted([address, PUBLIC[0]])


@given(st.ip_addresses())
def test_what_is_public_is_permitted_and_what_is_never_asked_is_not_public(address: IPv4Address | IPv6Address) -> None:
    if is_public(address):
        assert all_permitted([str(address)])
        assert not is_never_asked(address)
