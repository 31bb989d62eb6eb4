"""Which addresses are on the public internet, and not machines of ours or our hosting provider."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
_CLOSED = tuple(
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's host of a virtual machine, in a public range
        "192.0.0.0/24",  # protocol assignments, including Oracle's host of a virtual machine
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "2001::/23",  # protocol assignments, including Teredo, which contains an IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which contains an IPv4 address
        "3fff::/20",  # documentation, RFC 9637
    )
)


def plain(text: str) -> Address:
    """Return the address in ``text``, or the IPv4 address that is mapped or embedded in it."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    """Return whether an address returned by :func:`plain` is on the public internet."""
    if any(address in network for network in _CLOSED) or address.is_multicast:
        return False
    if isinstance(address, IPv6Address):
        return address in _UNICAST and address.is_global
    return address.is_global and not address.is_reserved
