"""What a gateway changes in the machine's own network, and the record by which it is undone."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from typing import Any

_SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_ANSWERS = ("-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED")


class Record:
    """What was done outside of our namespaces, written down before it is done."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._done: dict[str, list[Any]] = {}

    def add(self, kind: str, what: Any) -> None:
        self._done.setdefault(kind, []).append(what)
        with open(self._path + ".new", "w") as file:
            json.dump(self._done, file)
        os.replace(self._path + ".new", self._path)

    def undo(self) -> None:
        """Undo what is written there, whoever did it; this process is in the machine's network."""
        try:
            with open(self._path) as file:
                done = json.load(file)
        except (FileNotFoundError, ValueError):
            return
        for link in () if forwarding("all") == "1" else done.get("forwarding", ()):
            with contextlib.suppress(OSError):  # the link is gone
                switch_forwarding(link, "0")
        for link in done.get("iptables", ()):
            for rule in forwarding_rules(link):
                iptables("-D", rule)
        for pid, began in done.get("pasta", ()):
            if process_began(pid) == began:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        os.unlink(self._path)
        self._done = {}


def process_began(pid: int) -> "str | None":
    """When a process began, in the kernel's ticks; None when there is none."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[19]
    except OSError:
        return None


def forwarding(link: str) -> str:
    with open(f"/proc/sys/net/ipv4/conf/{link}/forwarding") as file:
        return file.read().strip()


def switch_forwarding(link: str, value: str) -> None:
    with open(f"/proc/sys/net/ipv4/conf/{link}/forwarding", "w") as file:
        file.write(value)


def forwarding_rules(link: str) -> "tuple[tuple[str, ...], ...]":
    """What `iptables` must let through besides, where somebody's rules (Docker's) let nothing through."""
    return ("FORWARD", "-i", link, "-j", "ACCEPT"), ("FORWARD", "-o", link, *_ANSWERS, "-j", "ACCEPT")


def iptables(action: str, rule: "tuple[str, ...]", *, quiet: bool = True) -> str:
    program = shutil.which("iptables", path=_SYSTEM_PATH)
    if program is None:
        return ""
    output = subprocess.DEVNULL if quiet else subprocess.PIPE
    command = [program, "-w", "5", action, *rule]
    told = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL, check=False)
    return "" if told.stdout is None else told.stdout.decode(errors="replace")
