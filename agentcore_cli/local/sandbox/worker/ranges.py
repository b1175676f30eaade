"""Ranges of private addresses for the links of gateways: 65,536 each, named by the first two numbers of an address."""

import socket
import struct
from collections.abc import Iterator

from . import netlink

RANGES = (*(f"10.{number}" for number in range(213, 255)), *(f"172.{number}" for number in range(16, 32)))


def free_ranges(host: netlink.Netlink) -> "Iterator[str]":
    """Those to which this machine has no route. Raises OSError when there are no more of them."""
    used = [(_number(network), prefix) for network, prefix, _ in netlink.routes(host) if prefix > 1]
    for candidate in RANGES:
        if not any(_overlap(_number(f"{candidate}.0.0"), 16, network, prefix) for network, prefix in used):
            yield candidate
    raise OSError("this machine uses all private addresses")


def _number(address: str) -> int:
    (number,) = struct.unpack(">I", socket.inet_aton(address))
    return int(number)


def _overlap(first: int, first_prefix: int, second: int, second_prefix: int) -> bool:
    shift = 32 - min(first_prefix, second_prefix)
    return first >> shift == second >> shift
