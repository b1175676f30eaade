"""The gateway: one process per server, in a network namespace of its own to which all sessions' networks lead.

A session makes an empty network namespace; the server hands it here, and it gets a loopback, a link to the gateway if
it is to have a way out, and listening sockets on its loopback that go back to the server. (A socket belongs to the
network in which it was opened: the server accepts from it out there.) Between sessions nothing is passed on, and
nothing to this machine itself (`Policy`); the rest goes out by the one `uplink`. What a session looks up by name comes
to a socket of the gateway that the server answers.

Namespaces, links, addresses, routes and filters end with this process, which ends with the server.

From the server: settings, answered by `{"ready": …}`; then `{"furnish": ports, "link": bool}` with the namespace,
answered by `{"furnished": true}` with the sockets; `{"listen": ports}` with the namespace, answered in the same way.
"""

import contextlib
import os
import select
import socket
from collections.abc import Iterator
from typing import Any

from . import account, firewall, kernel, loopback, netlink, uplink
from .channel import Channel, Message

INSIDE = "eth0"  # a session's link
NAMES_PORT = 53
BACKLOG = 128
TABLE = "agentcore"

# Of no use outside of one link or one machine: this network, loopback, link-local (cloud machines have their
# credentials there), groups, reserved and broadcast.
NOWHERE = (("0.0.0.0", 8), ("127.0.0.0", 8), ("169.254.0.0", 16), ("224.0.0.0", 4), ("240.0.0.0", 4))

_SETTINGS = {"ipv6/conf/default/disable_ipv6": "1", "ipv4/ip_unprivileged_port_start": "0"}
_LINKS = 250 * 256  # a session's address ends in its number, below those of the uplink
_LOOPBACK_INDEX = 1


def serve(channel: Channel) -> None:
    """Be the gateway until the server ends."""
    settings = channel.receive()
    if settings is None:
        return
    try:
        with contextlib.closing(Gateway(settings, channel)) as gateway:
            channel.send(gateway.describe(), gateway.names)
            gateway.run()
    except OSError as error:
        channel.send({"failed": str(error)})


class Gateway:
    """Made outside; its namespaces are entered while it is made. `names` are where sessions look up names."""

    def __init__(self, settings: "dict[str, Any]", channel: Channel) -> None:
        self._channel = channel
        self._host = netlink.Netlink()
        self._watch = netlink.Netlink(groups=netlink.GROUP_ADDRESSES | netlink.GROUP_ROUTES | netlink.GROUP_FORWARDING)
        self._numbers = 0
        self.names: list[int] = []
        outside = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self._uplink = uplink.choose(settings, self._host, outside)
        enter(settings["namespaces"])
        self._own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self._inner = netlink.Netlink()
        self._filters = firewall.open_filters()
        self.reason = ""
        try:
            self._open()
        except OSError as refused:
            self.reason = str(refused)

    @property
    def address(self) -> str:
        """Where sessions ask for names: the gateway's own; empty where there is no way out."""
        return "" if self.reason else f"{self._uplink.range}.255.250"

    def describe(self) -> Message:
        """`reason` says why there is no way out, or is empty; `address` is where sessions ask for names."""
        return {"ready": not self.reason, "reason": self.reason, "address": self.address}

    def run(self) -> None:
        poll = select.poll()
        for source in (self._channel.fileno(), self._watch.fileno(), *self._uplink.sources()):
            poll.register(source, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._watch.fileno() in ready:
                self._watch.drain()
                self._learn()
            if self._uplink.has_ended(ready):
                for source in self._uplink.sources():
                    poll.unregister(source)
                self._channel.send({"lost": f"{self._uplink.name} has ended"})
            if self._channel.fileno() in ready:
                messages = self._channel.read()
                if messages is None:
                    return
                for message in messages:
                    self._obey(message)

    def close(self) -> None:
        """Undo what was done outside of our namespaces."""
        self._uplink.close()

    def _open(self) -> None:
        """Have a way out, with its filters before it."""
        configure({**_SETTINGS, "ipv4/ip_forward": "1"})
        netlink.set_up(self._inner, _LOOPBACK_INDEX)
        firewall.replace(self._filters, TABLE, policy(self._host), fresh=True)
        self._uplink.open(self._inner, self._own)
        netlink.add_address(self._inner, _LOOPBACK_INDEX, self.address)
        self.names = [*_name_sockets(self.address)]

    def _learn(self) -> None:
        """The machine has other addresses or routes than before."""
        if self.reason:
            return
        try:
            firewall.replace(self._filters, TABLE, policy(self._host))
            self._uplink.learn()
        except OSError as error:  # what held before holds
            self._channel.send({"trouble": str(error)})

    def _obey(self, message: Message) -> None:
        (namespace,) = self._channel.take_descriptors(1)
        ports: list[int] = message["furnish"] if "furnish" in message else message["listen"]
        sockets: list[socket.socket] = []
        try:
            if "furnish" in message:
                self._furnish(namespace, message["link"])
            with entered(namespace, self._own):
                sockets += [loopback.listen(port, BACKLOG) for port in ports]
            self._channel.send({"furnished": True}, [listener.fileno() for listener in sockets])
        except OSError as error:
            self._channel.send({"failed": str(error)})
        finally:
            for listener in sockets:
                listener.close()
            os.close(namespace)

    def _furnish(self, namespace: int, link: bool) -> None:
        """Give a new network its loopback and, if it is to have a `link`, its address and the route to us."""
        with entered(namespace, self._own):
            configure(_SETTINGS)
            inside = netlink.Netlink()
        with contextlib.closing(inside):
            netlink.set_up(inside, _LOOPBACK_INDEX)
            if link:
                self._link(namespace, inside)

    def _link(self, namespace: int, inside: netlink.Netlink) -> None:
        name, address = self._add_pair(namespace)
        with entered(namespace, self._own):
            index = socket.if_nametoindex(INSIDE)
        netlink.set_up(inside, index)
        netlink.add_address(inside, index, address)
        netlink.add_route(inside, index, gateway=self.address)
        netlink.add_route(self._inner, socket.if_nametoindex(name), address)

    def _add_pair(self, namespace: int) -> "tuple[str, str]":
        """The pair of links with the next number that is free."""
        for _ in range(_LINKS):
            self._numbers = (self._numbers + 1) % _LINKS
            name, address = f"s{self._numbers}", f"{self._uplink.range}.{self._numbers // 256}.{self._numbers % 256}"
            try:
                netlink.add_pair(self._inner, name, INSIDE, namespace)
            except FileExistsError:
                continue
            return name, address
        raise OSError("no address is left")


def enter(namespaces: str) -> None:
    """Enter a network namespace of our own, as an ordinary user also the user namespace that it belongs to."""
    if namespaces == "root":
        kernel.unshare(kernel.CLONE_NEWNET)
    else:
        account.enter_own(kernel.CLONE_NEWNET)


def policy(host: netlink.Netlink) -> "list[firewall.Chain]":
    """What the gateway passes on: from sessions to the uplink, and answers; nothing to this machine, its containers."""
    kept_in = [firewall.to_network(*network) + firewall.refuse() for network in (*NOWHERE, *own_networks(host))]
    forward = [
        firewall.of_known_connections() + firewall.accept(),
        firewall.from_link(uplink.NAME) + firewall.drop(),
        firewall.to_link(uplink.NAME, other=True) + firewall.refuse(),
        *kept_in,
    ]
    here = [
        firewall.of_known_connections() + firewall.accept(),
        firewall.from_link("lo") + firewall.accept(),
        *(firewall.to_port(kind, NAMES_PORT) + firewall.accept() for kind in (socket.IPPROTO_UDP, socket.IPPROTO_TCP)),
        firewall.refuse(),
    ]
    return [
        firewall.Chain("forward", "filter", firewall.FORWARD, 0, forward),
        firewall.Chain("input", "filter", firewall.INPUT, 0, here),
        firewall.Chain(
            "out", "nat", firewall.POSTROUTING, 100, [firewall.to_link(uplink.NAME) + firewall.masquerade()]
        ),
    ]


def own_networks(host: netlink.Netlink) -> "list[tuple[str, int]]":
    """This machine's addresses, and the networks of its bridges (containers, virtual machines) but for its way out."""
    routes = list(netlink.routes(host))
    ways_out = {link for _, prefix, link in routes if prefix <= 1}
    inner = bridges() - ways_out
    own = {(address, 32) for address, _, _ in netlink.addresses(host)}
    return sorted(own | {(network, prefix) for network, prefix, link in routes if link in inner})


def bridges() -> "set[int]":
    found = set()
    for name in os.listdir("/sys/class/net"):
        if os.path.isdir(f"/sys/class/net/{name}/bridge"):
            with open(f"/sys/class/net/{name}/ifindex") as file:
                found.add(int(file.read()))
    return found


def configure(settings: "dict[str, str]") -> None:
    """Settings of the network namespace that this process is in; what this kernel does not have needs none."""
    for name, value in settings.items():
        with contextlib.suppress(FileNotFoundError), open(f"/proc/sys/net/{name}", "w") as file:
            file.write(value)


@contextlib.contextmanager
def entered(namespace: int, back: int) -> "Iterator[None]":
    """Be in another network namespace for a while."""
    kernel.setns(namespace, kernel.CLONE_NEWNET)
    try:
        yield
    finally:
        kernel.setns(back, kernel.CLONE_NEWNET)


def _name_sockets(address: str) -> "Iterator[int]":
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        opened = socket.socket(socket.AF_INET, kind)
        opened.bind((address, NAMES_PORT))
        if kind == socket.SOCK_STREAM:
            opened.listen(BACKLOG)
        yield opened.detach()
