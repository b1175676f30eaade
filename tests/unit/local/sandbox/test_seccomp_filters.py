"""The filters of system calls: the programs that are checked in do what the policy says, call by call."""

from __future__ import annotations

import errno
import itertools
import re
import socket
from pathlib import Path

import pytest

from agentcore_cli.local.sandbox.worker.filters import PROGRAMS
from tests.unit.local.sandbox.bpf import run
from tools.seccomp.__main__ import ARCHITECTURES, PROFILE, TARGET, numbers, render, render_profile
from tools.seccomp.policy import ALLOW, REFUSED, UNKNOWN, Argument, Rule, policy

HEADER = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
EVERY = sorted(PROGRAMS)
# Values of arguments that some rule looks at, and their neighbours; the upper half must not hide or make a match.
TELLING = (0, 1, 2, 3, 5, 8, 10, 16, 17, 0x5412, 0x5413, 0x541C, 0x20000, 0x20008, 0x10000000, 0x7E020000, 2**32)
ARGUMENTS = [(*first, 0, flags) for *first, flags in itertools.product(TELLING, TELLING, (0, 4), (0, 4, 6))]
REFUSED_CALLS = """
bpf io_uring_setup io_uring_enter io_uring_register keyctl add_key request_key userfaultfd unshare setns mount
umount2 pivot_root mount_setattr move_mount open_tree fsopen fsconfig fsmount fspick perf_event_open kexec_load
kexec_file_load init_module finit_module delete_module open_by_handle_at chroot reboot swapon swapoff acct syslog
quotactl fanotify_init kcmp pidfd_getfd process_madvise settimeofday clock_settime sethostname vhangup
"""
TYPES = (1, 2, 3, 5, 10, 1 | 0o2000000, 3 | 0o2000000)


def answer(machine: str, role: str, name: str, *arguments: int) -> int:
    return run(PROGRAMS[machine, role], ARCHITECTURES[machine], numbers(machine)[name], arguments)


def test_the_filters_are_those_of_the_policy() -> None:
    assert TARGET.read_text() == render(), "python -m tools.seccomp writes them"
    assert PROFILE.read_text() == render_profile(), "and this one"


@pytest.mark.skipif(not HEADER.exists(), reason="the headers of Linux for x86_64 are not installed")
def test_the_numbers_are_those_of_the_kernel() -> None:
    theirs = dict(re.findall(r"#define __NR_(\w+) (\d+)", HEADER.read_text()))
    assert theirs
    assert {name: int(number) for name, number in theirs.items()}.items() <= numbers("x86_64").items()


@pytest.mark.parametrize(("machine", "role"), EVERY)
def test_every_number_is_answered_as_the_policy_has_it(machine: str, role: str) -> None:
    actions = policy(role)
    names = {number: name for name, number in numbers(machine).items()}
    last = max(number for number, name in names.items() if actions.get(name, REFUSED) == ALLOW)
    for number in range(last + 200):
        action = actions.get(names.get(number, ""), REFUSED) if number <= last else UNKNOWN
        for arguments in ARGUMENTS if isinstance(action, Rule) else ((),):
            given = run(PROGRAMS[machine, role], ARCHITECTURES[machine], number, arguments)
            assert given == expected(action, arguments), (names.get(number), arguments)


def expected(action: int | Rule, arguments: tuple[int, ...]) -> int:
    if isinstance(action, int):
        return action
    for case in action.cases:
        if all(holds(argument, arguments[argument.number]) for argument in case.arguments):
            return case.action
    return action.otherwise


def holds(argument: Argument, value: int) -> bool:
    if argument.whole and value >> 32:
        return False
    return value & argument.mask in argument.values


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize(
    "name",
    REFUSED_CALLS.split(),
)
def test_what_reaches_beyond_a_session_is_refused_as_docker_does(machine: str, name: str) -> None:
    assert answer(machine, "session", name) == REFUSED == 0x00050000 | errno.EPERM


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_calls_newer_than_the_list_and_clone3_seem_not_to_exist(machine: str) -> None:
    assert answer(machine, "session", "clone3") == UNKNOWN == 0x00050000 | errno.ENOSYS
    assert answer(machine, "session", "file_setattr") == UNKNOWN
    assert run(PROGRAMS[machine, "session"], ARCHITECTURES[machine], 100_000) == UNKNOWN


@pytest.mark.parametrize(("machine", "role"), EVERY)
@pytest.mark.parametrize("other", [0x40000003, 0x40000028, 0xC00000B7, 0xC000003E, 0])  # i386, arm, and each other
def test_other_architectures_have_no_calls_at_all(machine: str, role: str, other: int) -> None:
    if other != ARCHITECTURES[machine]:
        assert all(run(PROGRAMS[machine, role], other, number) == UNKNOWN for number in range(500))


def test_the_32_bit_calls_of_x86_64_do_not_exist() -> None:
    x32 = 0x40000000
    assert all(run(PROGRAMS["x86_64", "session"], ARCHITECTURES["x86_64"], x32 | n) == UNKNOWN for n in range(600))


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_sockets_are_those_of_programs(machine: str) -> None:
    allowed = {
        (family, kind)
        for family, kind, protocol in itertools.product(range(60), TYPES, (0, 4))
        if answer(machine, "session", "socket", family, kind, protocol) == ALLOW and family != socket.AF_NETLINK
    }
    internet = {(family, kind) for family in (socket.AF_INET, socket.AF_INET6) for kind in (1, 2, 5, 1 | 0o2000000)}
    assert allowed == internet | {(socket.AF_UNIX, kind) for kind in TYPES}
    netlink = [answer(machine, "session", "socket", 16, socket.SOCK_RAW, protocol) for protocol in (0, 4, 9, 12, 15)]
    assert netlink == [ALLOW, *[REFUSED] * 4]
    assert answer(machine, "session", "socketpair", 30, 1) == REFUSED  # AF_TIPC has pairs, too


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_a_session_does_not_touch_its_init(machine: str) -> None:
    for name in ("kill", "tgkill", "tkill", "rt_sigqueueinfo", "prlimit64", "pidfd_open", "sched_setaffinity"):
        assert answer(machine, "session", name, 1, 9) == REFUSED
        assert answer(machine, "session", name, 2**32 + 1, 9) == REFUSED  # a pid is an int
        assert answer(machine, "session", name, 2, 9) == answer(machine, "session", name, 0, 9) == ALLOW
        assert answer(machine, "session", name, -1, 9) == ALLOW
        assert answer(machine, "parent", name, 1, 9) == ALLOW
    assert answer(machine, "session", "ptrace", 16, 1) == REFUSED
    assert answer(machine, "session", "ptrace", 1, 16) == ALLOW
    assert answer(machine, "session", "setpriority", 0, 1) == answer(machine, "session", "setpriority", 2, 0) == REFUSED


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_forks_are_allowed_and_new_namespaces_are_not(machine: str) -> None:
    sigchld, thread = 17, 0x3D0F00
    assert [answer(machine, "session", "clone", flags) for flags in (sigchld, thread)] == [ALLOW, ALLOW]
    for namespace in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert answer(machine, "session", "clone", sigchld | namespace) == REFUSED
        assert answer(machine, "parent", "clone", sigchld | namespace) == ALLOW


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_a_session_with_storage_lacks_what_agentcore_s_storage_lacks(machine: str) -> None:
    for name in ("link", "linkat"):
        if name in numbers(machine):
            assert answer(machine, "storing", name) == 0x00050000 | errno.EPERM
    for name in ("setxattr", "lsetxattr", "fsetxattr", "setxattrat", "fallocate"):
        assert answer(machine, "storing", name) == 0x00050000 | errno.EOPNOTSUPP
    for flags, given in ((0, ALLOW), (2, ALLOW), (4, 0x00050000 | errno.EINVAL), (5, 0x00050000 | errno.EINVAL)):
        assert answer(machine, "storing", "renameat2", 0, 0, 0, 0, flags) == given
    differing = {name for name, action in policy("storing").items() if policy("session")[name] != action}
    assert differing == {"link", "linkat", "setxattr", "lsetxattr", "fsetxattr", "setxattrat", "fallocate", "renameat2"}
    assert answer(machine, "storing", "symlinkat") == answer(machine, "storing", "getxattr") == ALLOW
