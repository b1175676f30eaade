"""The gateway's way out of its network namespace, called NAME inside.

As root (`Pair`): a pair of links to the machine's own network, where one address is translated and forwarded. Nothing
else is forwarded that was not before: a link that leads out must forward for the answers to come back, so what else
it would forward by that is dropped. The filters belong to a socket of ours and go with this process, however it ends;
what would outlive it (switches of links, two rules of `iptables` where that is in use) is undone at the end or, when
that did not come to pass, by the next gateway, from a record in the home.

As an ordinary user (`Pasta`): the program `pasta` makes of each connection one of its own, as the user.
"""

import contextlib
import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from typing import IO, Any, Union

from . import firewall, kernel, netlink
from .outside import Record, forwarding, forwarding_rules, iptables, process_began, switch_forwarding
from .ranges import free_ranges

NAME = "up0"
PREFIX = "agc"  # what the outer links of all servers of this machine begin with
PASTA = "pasta"
PASTA_SECONDS = 5.0

_PREFIX_LENGTH = 30  # of the network of a pair's two addresses

Settings = dict[str, Any]


def choose(settings: Settings, host: netlink.Netlink, outside: int) -> "Union[Pair, Pasta]":
    """The way out that this user may have; its `range` is the gateway's once it is open. Call it before any namespace
    is entered; `outside` is the machine's network."""
    record = Record(settings["record"])
    record.undo()
    if settings["namespaces"] == "root":
        return Pair(settings["link"], host, outside, record)
    return Pasta(settings["pasta"], next(free_ranges(host)), record)


class Pair:
    """Two links, `link` out there and NAME in here."""

    name = "veth"

    def __init__(self, link: str, host: netlink.Netlink, outside: int, record: Record) -> None:
        self.range = ""
        self._link = link
        self._host = host
        self._outside = outside
        self._own = -1
        self._record = record
        self._filters = firewall.open_filters()
        self._forwarding: list[str] = []
        self._has_rules = False
        self._made = False

    def open(self, inner: netlink.Netlink, own: int) -> None:
        self._own = own
        with self._out_there(), contextlib.suppress(OSError):  # of a gateway whose end is not complete
            netlink.remove_link(self._host, socket.if_nametoindex(self._link))
        netlink.add_pair(self._host, self._link, NAME, own)
        with self._out_there():
            switch_forwarding(self._link, "1")
            self.range = self._claim_range(socket.if_nametoindex(self._link))
        index = socket.if_nametoindex(NAME)
        netlink.set_up(inner, index)
        netlink.add_address(inner, index, f"{self.range}.255.254", _PREFIX_LENGTH)
        netlink.add_route(inner, index, gateway=f"{self.range}.255.253")
        self.learn()

    def learn(self) -> None:
        """The machine's links or routes are not what they were."""
        with self._out_there():
            self._allow_answers()
            firewall.replace(self._filters, self._link, self._policy(), owned=True, fresh=not self._made)
            self._made = True
            if not self._has_rules and iptables("-S", ("FORWARD",), quiet=False).strip() not in (
                "",
                "-P FORWARD ACCEPT",
            ):
                self._record.add("iptables", self._link)
                self._has_rules = True
                for rule in forwarding_rules(self._link):
                    iptables("-I", rule)

    def sources(self) -> "tuple[int, ...]":
        return ()

    def has_ended(self, ready: "set[int]") -> bool:
        return False

    def close(self) -> None:
        self._filters.close()
        with self._out_there():
            self._record.undo()

    def _claim_range(self, link: int) -> str:
        """The first free range that no other gateway, which may start just now, has taken: its route is there once."""
        for candidate in free_ranges(self._host):
            with contextlib.suppress(FileExistsError):
                netlink.add_route(self._host, link, f"{candidate}.255.252", _PREFIX_LENGTH)
                netlink.add_address(self._host, link, f"{candidate}.255.253", _PREFIX_LENGTH, route=False)
                return candidate
        raise AssertionError("free_ranges ends with an OSError")

    def _policy(self) -> "list[firewall.Chain]":
        """Out there: nothing to this machine itself, only answers back, and nothing that we made possible besides.

        A machine that forwards as a whole (since Docker was started, say) forwards for others, too.
        """
        to_us, from_us = firewall.to_link(self._link), firewall.from_link(self._link)
        others = firewall.to_link(self._link, other=True)
        forward = [to_us + firewall.of_known_connections() + firewall.accept(), to_us + firewall.drop()]
        elsewhere = firewall.to_links_but(PREFIX)
        if forwarding("all") == "0":
            forward += [firewall.from_link(name) + elsewhere + firewall.drop() for name in self._forwarding]
        translated = firewall.from_network(f"{self.range}.255.252", _PREFIX_LENGTH) + others + firewall.masquerade()
        return [
            firewall.Chain("input", "filter", firewall.INPUT, -10, [from_us + firewall.refuse()]),
            firewall.Chain("forward", "filter", firewall.FORWARD, -10, forward),
            firewall.Chain("out", "nat", firewall.POSTROUTING, 90, [translated]),
        ]

    def _allow_answers(self) -> None:
        """Answers come in by the links that lead anywhere, but not by those of other gateways: they are theirs."""
        for link in {index for _, _, index in netlink.routes(self._host) if index}:
            with contextlib.suppress(OSError):  # it is just going
                name = socket.if_indextoname(link)
                if name == "lo" or name.startswith(PREFIX) or forwarding(name) == "1":
                    continue
                if name not in self._forwarding:  # a link of that name may have come again
                    self._record.add("forwarding", name)
                    self._forwarding.append(name)
                switch_forwarding(name, "1")

    @contextlib.contextmanager
    def _out_there(self) -> "Iterator[None]":
        kernel.setns(self._outside, kernel.CLONE_NEWNET)
        try:
            yield
        finally:
            if self._own != -1:
                kernel.setns(self._own, kernel.CLONE_NEWNET)


class Pasta:
    """A process that has waited outside until the namespaces are there, and becomes `pasta` then."""

    name = PASTA

    def __init__(self, program: "str | None", numbers: str, record: Record) -> None:
        self.range = numbers
        self._program = program
        self._record = record
        self._words: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the program)
        self._pid = -1
        self._watched = -1
        if program is None:
            return
        read, self._go = os.pipe()
        own = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._go)
            self._wait_and_become(program, own, read)
        os.close(read)

    def open(self, inner: netlink.Netlink, own: int) -> None:
        if self._program is None:
            raise OSError(f"an ordinary user needs {PASTA} for it (Debian's package passt)")
        self._record.add("pasta", [self._pid, process_began(self._pid)])
        os.write(self._go, b"go")
        os.close(self._go)
        deadline = time.monotonic() + PASTA_SECONDS
        while not _is_up(NAME):
            if os.waitpid(self._pid, os.WNOHANG) != (0, 0) or time.monotonic() > deadline:
                raise OSError(f"{PASTA}: {self._last_words()}")
            time.sleep(0.005)
        self._watched = os.pidfd_open(self._pid)  # from now on its end is a loss

    def learn(self) -> None:
        """It looks where to send what when it sends it."""

    def sources(self) -> "tuple[int, ...]":
        return (self._watched,) if self._watched != -1 else ()

    def has_ended(self, ready: "set[int]") -> bool:
        return self._watched in ready

    def close(self) -> None:
        if self._pid != -1:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._pid, 0)
        self._record.undo()

    def _wait_and_become(self, program: str, gateway: int, read: int) -> None:
        """In the other process. It translates addresses, and forwards no port in either direction."""
        if os.read(read, 2) != b"go":
            os._exit(0)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and pasta takes that for a failure
        for number in (1, 2):
            os.dup2(self._words.fileno(), number)
        spaces = f"/proc/{gateway}/ns"
        addresses = ("-a", f"{self.range}.255.254", "-n", "30", "-g", f"{self.range}.255.253")
        nothing = ("-t", "none", "-u", "none", "-T", "none", "-U", "none", "--no-dhcp", "--no-map-gw")
        command = [program, "-f", "-4", "--config-net", "-I", NAME, *addresses, *nothing]
        with contextlib.suppress(OSError):
            os.execv(program, [*command, "--userns", f"{spaces}/user", "--netns", f"{spaces}/net"])
        os._exit(127)

    def _last_words(self) -> str:
        self._words.seek(0)
        lines = [line for line in self._words.read().decode(errors="replace").splitlines() if "syslog" not in line]
        return lines[-1].strip() if lines else "it did not connect"


def _is_up(name: str) -> bool:
    """Whether there is a link of that name with an address, in the namespace that this process is in."""
    with contextlib.suppress(OSError), contextlib.closing(netlink.Netlink()) as here:
        index = socket.if_nametoindex(name)
        return any(link == index for _, _, link in netlink.addresses(here)) and any(
            prefix == 0 for _, prefix, _ in netlink.routes(here)
        )
    return False
