"""Links, addresses, routes and packet filters by netlink: what `ip` and `nft` do, without needing either.

A socket belongs to the network namespace in which it was opened and works there whatever its process does later.
Messages are those of <linux/rtnetlink.h> and <linux/netfilter/nf_tables.h>. Every request raises OSError when refused.
"""

import contextlib
import os
import socket
import struct
from collections.abc import Iterator

RTM_NEWLINK, RTM_DELLINK = 16, 17
RTM_NEWADDR, RTM_GETADDR = 20, 22
RTM_NEWROUTE, RTM_GETROUTE = 24, 26
REQUEST, ACKNOWLEDGE, DUMP, EXCLUSIVE, CREATE = 1, 4, 0x300, 0x200, 0x400
GROUP_ADDRESSES, GROUP_ROUTES, GROUP_FORWARDING = 0x10, 0x40, 1 << 23

NETLINK_ROUTE, NETLINK_NETFILTER = 0, 12

IFF_UP = 1
IFLA_NAME, IFLA_LINKINFO, IFLA_NET_NS_FD = 3, 18, 28
IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER = 1, 2, 1
IFA_ADDRESS, IFA_LOCAL, IFA_FLAGS = 1, 2, 8
IFA_F_NOPREFIXROUTE = 0x200
RTA_DST, RTA_OIF, RTA_GATEWAY = 1, 4, 5
RTNH_F_ONLINK = 4
MAIN_TABLE, PROTOCOL_STATIC, SCOPE_LINK, TYPE_UNICAST = 254, 4, 253, 1

_ERROR, _DONE = 2, 3
_SIZE = 65536


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, padded to four bytes."""
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def nested(kind: int, *attributes: bytes) -> bytes:
    return attribute(kind | 0x8000, b"".join(attributes))


def text(kind: int, value: str) -> bytes:
    return attribute(kind, value.encode() + b"\0")


def message(kind: int, flags: int, sequence: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, flags, sequence, 0) + body


def attributes(data: bytes) -> "dict[int, bytes]":
    """The attributes of a message, by kind."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


class Netlink:
    """One socket; requests one after the other."""

    def __init__(self, protocol: int = NETLINK_ROUTE, groups: int = 0) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        self._socket.bind((0, groups))
        self._sequence = 0

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def ask(self, what: str, kind: int, body: bytes, flags: int = 0) -> None:
        """Have one thing done."""
        self._sequence += 1
        self._socket.send(message(kind, REQUEST | ACKNOWLEDGE | flags, self._sequence, body))
        for found, data in self._replies():
            if found == _ERROR:
                check(what, data)
                return

    def send(self, what: str, batch: bytes, answers: int) -> None:
        """Have several things done at once or not at all; `answers` of them are acknowledged."""
        self._socket.send(batch)
        while answers:
            for found, data in self._replies():
                if found == _ERROR:
                    check(what, data)
                    answers -= 1

    def dump(self, kind: int, body: bytes) -> "list[bytes]":
        """Everything of one kind, each without its header."""
        self._sequence += 1
        self._socket.send(message(kind, REQUEST | DUMP, self._sequence, body))
        told: list[bytes] = []
        while True:
            for found, data in self._replies():
                if found in (_DONE, _ERROR):
                    return told
                told.append(data)

    def drain(self) -> None:
        """Forget what was said of a group that was subscribed to."""
        with contextlib.suppress(OSError):  # no more was said, or too much to be kept: that it was counts alone
            while self._socket.recv(_SIZE, socket.MSG_DONTWAIT):
                pass

    def _replies(self) -> "Iterator[tuple[int, bytes]]":
        data = self._socket.recv(_SIZE)
        while len(data) >= 16:
            length, kind = struct.unpack_from("=IH", data)
            yield kind, data[16:length]
            data = data[(length + 3) & ~3 :]


def check(what: str, data: bytes) -> None:
    (number,) = struct.unpack_from("=i", data)
    if number:
        raise OSError(-number, f"{what}: {os.strerror(-number)}")


def add_pair(gateway: Netlink, name: str, peer: str, namespace: int) -> None:
    """A pair of virtual links: `name`, up, where `gateway` belongs to, and `peer` in the other `namespace`."""
    down = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, 0, 0, 0)
    head = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, 0, IFF_UP, IFF_UP)
    other = down + text(IFLA_NAME, peer) + attribute(IFLA_NET_NS_FD, struct.pack("=i", namespace))
    kind = nested(IFLA_LINKINFO, text(IFLA_INFO_KIND, "veth"), nested(IFLA_INFO_DATA, nested(VETH_INFO_PEER, other)))
    gateway.ask(f"link {name}", RTM_NEWLINK, head + text(IFLA_NAME, name) + kind, CREATE | EXCLUSIVE)


def set_up(netlink: Netlink, index: int) -> None:
    netlink.ask("link up", RTM_NEWLINK, struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, IFF_UP, IFF_UP))


def remove_link(netlink: Netlink, index: int) -> None:
    netlink.ask("link", RTM_DELLINK, struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, 0, 0))


def add_address(netlink: Netlink, index: int, address: str, prefix: int = 32, *, route: bool = True) -> None:
    """An address of a link, with the `route` to its network that the kernel makes of it."""
    packed = socket.inet_aton(address)
    head = struct.pack("=BBBBI", socket.AF_INET, prefix, 0, 0, index)
    flags = attribute(IFA_FLAGS, struct.pack("=I", 0 if route else IFA_F_NOPREFIXROUTE))
    body = head + attribute(IFA_LOCAL, packed) + attribute(IFA_ADDRESS, packed) + flags
    netlink.ask(f"address {address}", RTM_NEWADDR, body, CREATE | EXCLUSIVE)


def add_route(
    netlink: Netlink, index: int, address: "str | None" = None, prefix: int = 32, *, gateway: "str | None" = None
) -> None:
    """A route to one `address` (or a network), or the default one, over a link; a `gateway` is taken to be at its
    other end. Raises FileExistsError when there is one to the same, over whatever link."""
    scope = 0 if gateway else SCOPE_LINK
    body = struct.pack(
        "=BBBBBBBBI", socket.AF_INET, prefix if address else 0, 0, 0, MAIN_TABLE, PROTOCOL_STATIC, scope, TYPE_UNICAST,
        RTNH_F_ONLINK if gateway else 0,
    )  # fmt: skip
    if address:
        body += attribute(RTA_DST, socket.inet_aton(address))
    if gateway:
        body += attribute(RTA_GATEWAY, socket.inet_aton(gateway))
    netlink.ask("route", RTM_NEWROUTE, body + attribute(RTA_OIF, struct.pack("=I", index)), CREATE | EXCLUSIVE)


def routes(netlink: Netlink) -> "Iterator[tuple[str, int, int]]":
    """The IPv4 routes of the main table: network, prefix length, index of the link (0: none)."""
    for data in netlink.dump(RTM_GETROUTE, struct.pack("=BBBBBBBBI", socket.AF_INET, 0, 0, 0, 0, 0, 0, 0, 0)):
        told = attributes(data[12:])
        if data[4] == MAIN_TABLE and data[7] == TYPE_UNICAST:
            network = socket.inet_ntoa(told[RTA_DST]) if RTA_DST in told else "0.0.0.0"
            yield network, data[1], struct.unpack("=I", told[RTA_OIF])[0] if RTA_OIF in told else 0


def addresses(netlink: Netlink) -> "Iterator[tuple[str, int, int]]":
    """The IPv4 addresses: address, prefix length, index of the link."""
    for data in netlink.dump(RTM_GETADDR, struct.pack("=BBBBI", socket.AF_INET, 0, 0, 0, 0)):
        told = attributes(data[8:])
        packed = told.get(IFA_LOCAL) or told.get(IFA_ADDRESS)
        if packed and data[0] == socket.AF_INET:
            yield socket.inet_ntoa(packed), data[1], struct.unpack_from("=I", data, 4)[0]
