"""What processes of a session may ask of the kernel, and what its parent may besides.

The list is what Docker's default profile (moby/profiles, 2026) leaves to a container without any capability, less what
no agent needs and an attacker does:

- addresses of sockets: Unix, IPv4, IPv6 and the routing table of netlink. Docker allows all but three of some forty,
  and most of them are code of the kernel that hardly anybody looks at;
- raw sockets, which need a capability that a session does not have, are refused here already;
- typing into a terminal (TIOCSTI, TIOCLINUX);
- the first process of the session's pid namespace, its init, which may have the same user: its limits, its
  scheduling, signals to it, its memory.

A session that has storage gets what AgentCore's session storage has (runtime-filesystem-configurations): no hard links,
extended attributes and fallocate; and no renaming that leaves a device (whiteout), which Landlock does not see. A
filter sees no paths, so that holds for all folders of such a session; programs know the answers, which are those of a
file system without them, and do with less. A container with storage gets Docker's list less that (`profile`).

A refusal is what Docker gives: EPERM for what the list knows, ENOSYS for what is newer than all of it, so that programs
fall back to older calls; ENOSYS for clone3, whose flags no filter can see, and for calls of other architectures.
"""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ALLOW: Final = 0x7FFF0000  # SECCOMP_RET_ALLOW
ERRNO: Final = 0x00050000  # SECCOMP_RET_ERRNO; the number is in the lower half
REFUSED: Final = ERRNO | errno.EPERM
UNKNOWN: Final = ERRNO | errno.ENOSYS
UNSUPPORTED: Final = ERRNO | errno.EOPNOTSUPP
INVALID: Final = ERRNO | errno.EINVAL

ROLES: Final = ("session", "storing", "parent")


@dataclass(frozen=True, slots=True)
class Argument:
    """`argument number` has one of `values` in its lower half, after `mask`; in its upper half too if `whole`.

    The kernel itself looks at no more than the lower half where an argument is an int.
    """

    number: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """What is answered if all of `arguments` are so."""

    arguments: tuple[Argument, ...]
    action: int


@dataclass(frozen=True, slots=True)
class Rule:
    """The first case that holds decides, else `otherwise`."""

    cases: tuple[Case, ...]
    otherwise: int


Action = int | Rule

_ALLOWED: Final = tuple(
    name
    for line in Path(__file__).with_name("allowed.txt").read_text().splitlines()
    if not line.startswith("#")
    for name in line.split()
)

# Where a call names a process by its number, which argument that is.
_NAMING_A_PROCESS: Final = {
    "kill": 0,
    "pidfd_open": 0,
    "prlimit64": 0,
    "process_vm_readv": 0,
    "process_vm_writev": 0,
    "ptrace": 1,
    "rt_sigqueueinfo": 0,
    "rt_tgsigqueueinfo": 0,
    "sched_setaffinity": 0,
    "sched_setattr": 0,
    "sched_setparam": 0,
    "sched_setscheduler": 0,
    "tgkill": 0,
    "tkill": 0,
}
# ... or, by their first argument, all processes of a user, init among them.
_NAMING_A_USER: Final = {"setpriority": 2, "ioprio_set": 3}
_INIT: Final = 1

# unshare, setns and clone by name: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
_NEW_NAMESPACES: Final = 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000
_PERSONALITIES: Final = (0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)  # Linux, with 32 bits in uname, as 2.6; or only asking
_TYPING: Final = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_NETLINK, _NETLINK_ROUTE = 16, 0
_SOCKET_TYPE: Final = 0xF
_SOCKET_TYPES: Final = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET)
_JOIN_SESSION_KEYRING: Final = 1

_RENAME_WHITEOUT: Final = 4

# What session storage does not have, as link(2), setxattr(2), fallocate(2) and rename(2) say it.
_NOT_IN_STORAGE: Final[dict[str, Action]] = {
    **dict.fromkeys(("link", "linkat"), REFUSED),
    **dict.fromkeys(("setxattr", "lsetxattr", "fsetxattr", "setxattrat", "fallocate"), UNSUPPORTED),
    "renameat2": Rule((Case((Argument(4, (_RENAME_WHITEOUT,), mask=_RENAME_WHITEOUT),), INVALID),), ALLOW),
}

# What the parent needs besides, to make what its sessions live in.
_ALLOWED_TO_PARENT: Final = (
    "chroot",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "mount",
    "mount_setattr",
    "move_mount",
    "open_tree",
    "pivot_root",
    "setdomainname",
    "sethostname",
    "setns",
    "umount2",
    "unshare",
)


def policy(role: str) -> dict[str, Action]:
    """What is answered to each call that is known by name and not simply refused."""
    actions: dict[str, Action] = dict.fromkeys(_ALLOWED, ALLOW)
    actions |= _conditions()
    if role == "storing":
        actions |= _NOT_IN_STORAGE
    if role == "parent":
        actions |= dict.fromkeys([*_ALLOWED_TO_PARENT, *_NAMING_A_PROCESS, *_NAMING_A_USER, "clone"], ALLOW)
        actions["keyctl"] = _only(Argument(0, (_JOIN_SESSION_KEYRING,)))
    return actions


def profile() -> dict[str, Any]:
    """The same for a container with storage, as engines take it: what Docker's own has, less what storage lacks."""
    plain = {*_ALLOWED, *_NAMING_A_PROCESS, *_NAMING_A_USER, "ioctl", "socketpair"} - _NOT_IN_STORAGE.keys()
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": errno.EPERM,
        "syscalls": [
            {"names": sorted(plain - {"clone", "clone3", "personality", "socket"}), "action": "SCMP_ACT_ALLOW"},
            _allowed("clone", 0, "MASKED_EQ", _NEW_NAMESPACES),
            *(_allowed("personality", 0, "EQ", value) for value in _PERSONALITIES),
            _allowed("socket", 0, "LT", socket.AF_ALG),
            _allowed("socket", 0, "EQ", socket.AF_ALG + 1),
            _allowed("socket", 0, "GT", socket.AF_VSOCK),
            _allowed("renameat2", 4, "MASKED_EQ", _RENAME_WHITEOUT),
            {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.ENOSYS},
            {
                "names": sorted(name for name, action in _NOT_IN_STORAGE.items() if action == UNSUPPORTED),
                "action": "SCMP_ACT_ERRNO",
                "errnoRet": errno.EOPNOTSUPP,
            },
        ],
    }


def _allowed(name: str, argument: int, comparison: str, value: int) -> dict[str, Any]:
    condition = {"index": argument, "value": value, "op": f"SCMP_CMP_{comparison}"}
    return {"names": [name], "action": "SCMP_ACT_ALLOW", "args": [condition]}


def _conditions() -> dict[str, Action]:
    return {
        **{name: _but(Argument(number, (_INIT,))) for name, number in _NAMING_A_PROCESS.items()},
        **{name: _but(Argument(1, (_INIT,)), Argument(0, (user,))) for name, user in _NAMING_A_USER.items()},
        "clone": _only(Argument(0, (0,), mask=_NEW_NAMESPACES)),
        "clone3": UNKNOWN,
        "ioctl": _but(Argument(1, _TYPING)),
        "personality": _only(Argument(0, _PERSONALITIES, whole=True)),
        "socket": Rule(
            (
                Case((Argument(0, (socket.AF_UNIX,)),), ALLOW),
                Case(
                    (Argument(0, (socket.AF_INET, socket.AF_INET6)), Argument(1, _SOCKET_TYPES, mask=_SOCKET_TYPE)),
                    ALLOW,
                ),
                Case((Argument(0, (_NETLINK,)), Argument(2, (_NETLINK_ROUTE,))), ALLOW),
            ),
            REFUSED,
        ),
        "socketpair": _only(Argument(0, (socket.AF_UNIX,))),
    }


def _only(argument: Argument) -> Rule:
    return Rule((Case((argument,), ALLOW),), REFUSED)


def _but(*arguments: Argument) -> Rule:
    return Rule(tuple(Case((argument,), REFUSED) for argument in arguments), ALLOW)
