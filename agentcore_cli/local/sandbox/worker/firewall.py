"""Packet filters in nf_tables, as messages: a table is a list of chains, a chain a list of rules, made all at once."""

import socket
import struct
from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import NamedTuple

from .netlink import ACKNOWLEDGE, CREATE, NETLINK_NETFILTER, REQUEST, Netlink, attribute, message, nested, text

INPUT, FORWARD, POSTROUTING = 1, 2, 4
ACCEPT, DROP = 1, 0

_SUBSYSTEM = 10
_BATCH_BEGIN, _BATCH_END = 16, 17
_NEW_TABLE, _DELETE_TABLE, _NEW_CHAIN, _NEW_RULE = 0, 2, 3, 6
_APPEND = 0x800
_OWNED = 2  # the table goes with the socket that made it (Linux 5.12)
_VERDICT, _REGISTER = 0, 8  # registers: the verdict's, and one of four bytes
_NETWORK_HEADER, _TRANSPORT_HEADER = 1, 2
_EQUAL, _UNEQUAL = 0, 1
_IN_NAME, _OUT_NAME, _PROTOCOL = 6, 7, 16
_SOURCE, _DESTINATION = 12, 16  # where they stand in an IPv4 header
_ESTABLISHED_OR_RELATED = 2 | 4
_PORT_UNREACHABLE = 3


class Chain(NamedTuple):
    """A chain at one of the kernel's hooks. Each rule is its expressions; what no rule decides is accepted."""

    name: str
    kind: str
    hook: int
    priority: int
    rules: "Sequence[bytes]"


def replace(
    netlink: Netlink, table: str, chains: "Sequence[Chain]", *, owned: bool = False, fresh: bool = False
) -> None:
    """Put a table in the place of the one that has its name, unless it is `fresh`: then there is none.

    One that is `owned` is nobody else's to change and goes with `netlink`.
    """
    changes = [] if fresh else [(_DELETE_TABLE, text(1, table))]
    changes.append((_NEW_TABLE, text(1, table) + attribute(2, struct.pack(">I", _OWNED if owned else 0))))
    for chain in chains:
        hook = nested(4, _number(1, chain.hook), attribute(2, struct.pack(">i", chain.priority)))
        changes.append(
            (_NEW_CHAIN, text(1, table) + text(3, chain.name) + hook + _number(5, ACCEPT) + text(7, chain.kind))
        )
        changes += [(_NEW_RULE, text(1, table) + text(2, chain.name) + nested(4, rule)) for rule in chain.rules]
    netlink.send(f"packet filter {table}", _batch(changes), len(changes))


def from_link(name: str) -> bytes:
    return _meta(_IN_NAME) + _compare(_name(name))


def to_link(name: str, *, other: bool = False) -> bytes:
    """What goes out by the link (or by any `other`)."""
    return _meta(_OUT_NAME) + _compare(_name(name), _UNEQUAL if other else _EQUAL)


def to_links_but(prefix: str) -> bytes:
    """What goes out by links whose names do not begin so."""
    return _meta(_OUT_NAME) + _compare(prefix.encode(), _UNEQUAL)


def to_network(address: str, prefix: int) -> bytes:
    return _in_network(_DESTINATION, address, prefix)


def from_network(address: str, prefix: int) -> bytes:
    return _in_network(_SOURCE, address, prefix)


def to_port(protocol: int, port: int) -> bytes:
    here = _payload(_TRANSPORT_HEADER, 2, 2) + _compare(struct.pack(">H", port))
    return _meta(_PROTOCOL) + _compare(bytes([protocol])) + here


def of_known_connections() -> bytes:
    """What belongs to a connection that was let through."""
    state = _expression("ct", _number(1, _REGISTER), _number(2, 0))
    mask = struct.pack("=I", _ESTABLISHED_OR_RELATED)
    return state + _mask(mask) + _compare(bytes(4), _UNEQUAL)


def accept() -> bytes:
    return _decide(ACCEPT)


def drop() -> bytes:
    return _decide(DROP)


def refuse() -> bytes:
    """Answer as a machine does where nobody listens: who connects learns it at once."""
    return _expression("reject", _number(1, 0), attribute(2, bytes([_PORT_UNREACHABLE])))


def masquerade() -> bytes:
    return _expression("masq")


def _batch(changes: "Sequence[tuple[int, bytes]]") -> bytes:
    limits = struct.pack(">BBH", socket.AF_UNSPEC, 0, _SUBSYSTEM)
    messages = [message(_BATCH_BEGIN, REQUEST, 0, limits)]
    for number, (kind, body) in enumerate(changes, 1):
        flags = REQUEST | ACKNOWLEDGE | (0 if kind == _DELETE_TABLE else CREATE)
        flags |= _APPEND if kind == _NEW_RULE else 0
        messages.append(
            message(_SUBSYSTEM << 8 | kind, flags, number, struct.pack(">BBH", socket.AF_INET, 0, 0) + body)
        )
    return b"".join([*messages, message(_BATCH_END, REQUEST, len(changes) + 1, limits)])


def _expression(name: str, *attributes: bytes) -> bytes:
    return nested(1, text(1, name), nested(2, *attributes))


def _number(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack(">I", value))


def _name(name: str) -> bytes:
    return name.encode().ljust(16, b"\0")


def _meta(key: int) -> bytes:
    # A name fills all four words of the first large register, which begins where the first small one does.
    return _expression("meta", _number(1, _REGISTER if key == _PROTOCOL else 1), _number(2, key))


def _compare(value: bytes, operation: int = _EQUAL) -> bytes:
    register = 1 if len(value) > 4 else _REGISTER
    return _expression("cmp", _number(1, register), _number(2, operation), nested(3, attribute(1, value)))


def _payload(base: int, offset: int, length: int) -> bytes:
    return _expression("payload", _number(1, _REGISTER), _number(2, base), _number(3, offset), _number(4, length))


def _mask(mask: bytes) -> bytes:
    data = (nested(4, attribute(1, mask)), nested(5, attribute(1, bytes(len(mask)))))
    return _expression("bitwise", _number(1, _REGISTER), _number(2, _REGISTER), _number(3, len(mask)), *data)


def _in_network(offset: int, address: str, prefix: int) -> bytes:
    network = IPv4Network((address, prefix), strict=False)
    kept = _payload(_NETWORK_HEADER, offset, 4) + _mask(network.netmask.packed)
    return kept + _compare(network.network_address.packed)


def _decide(verdict: int) -> bytes:
    return _expression("immediate", _number(1, _VERDICT), nested(2, nested(2, _number(1, verdict))))


def open_filters() -> Netlink:
    """Packet filters of the network namespace that this process is in."""
    return Netlink(NETLINK_NETFILTER)
