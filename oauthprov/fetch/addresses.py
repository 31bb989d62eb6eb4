"""Which addresses are the public internet, and none of our own or our provider's machines."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
_CLOSED = tuple(
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # the host of a machine at Azure: public by its number only
        "192.0.0.0/24",  # protocol assignments; the host of a machine at Oracle is in there
        "192.88.99.0/24",  # relays to 6to4, RFC 7526
        "2001::/23",  # protocol assignments, Teredo among them, which hides an IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which hides an IPv4 address
        "3fff::/20",  # documentation, RFC 9637
    )
)


def plain(text: str) -> Address:
    """Return the address that is reached by ``text``: the IPv4 one that an IPv6 one stands for."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    """Tell whether an address that :func:`plain` gave belongs to the public internet."""
    if any(address in network for network in _CLOSED) or address.is_multicast:
        return False
    if isinstance(address, IPv6Address):
        return address in _UNICAST and address.is_global
    return address.is_global and not address.is_reserved
