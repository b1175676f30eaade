"""Ranges of private addresses for the links of gateways: 65,536 each, named by the first two numbers of an address."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from . import netlink

RANGES = (*(f"10.{number}" for number in range(213, 255)), *(f"172.{number}" for number in range(16, 32)))


def free_ranges(host: netlink.Netlink) -> "Iterator[str]":
    """Those to which this machine has no route. Raises OSError when there are no more of them."""
    used = [IPv4Network((network, prefix), strict=False) for network, prefix, _ in netlink.routes(host) if prefix > 1]
    for candidate in RANGES:
        if not any(IPv4Network(f"{candidate}.0.0/16").overlaps(network) for network in used):
            yield candidate
    raise OSError("this machine uses all private addresses")
