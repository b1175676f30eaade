"""Who a program's processes are: an account that owns nothing outside, in user namespaces.

Inside it is `agent`, 1000. Outside it is the server's user, or, where the server is root, an account of the local
runtime's own that no person and no service of the machine has. Two user namespaces lie one in the other:

- the parent's (`enter`): who is in it may make the namespaces of sessions, and has no rights over anything that was
  made before: mounts keep their flags, and can't be taken away one by one.
- the session's (`confine`): entered when everything is made. No capability is left in any set, so what the first one
  still allowed is over. The kernel counts its processes apart, and makes no further user namespace in it.
"""

import contextlib
import os

from . import kernel

AGENT = 1000  # user and group inside
NAME = "agent"

PARENT_CAPABILITIES = frozenset(
    {
        kernel.CAP_SYS_ADMIN,  # to make namespaces and mounts
        kernel.CAP_DAC_OVERRIDE,  # overlayfs takes every permission from its work folder
        kernel.CAP_FOWNER,
        kernel.CAP_SETPCAP,
        kernel.CAP_SYS_PTRACE,  # see `pages`
    }
)

# What the kernel counts for a user namespace and for all of its maker's together: one session must not take it all.
# Where namespaces can't be counted, the filter of system calls must do.
_MOST = {"max_user_namespaces": 0, "max_inotify_instances": 16, "max_inotify_watches": 16_384}


def become(number: int) -> None:
    """Turn this process of root's into one of the account `number` (user and group), without any other group."""
    os.setgroups([])
    os.setresgid(number, number, number)
    os.setresuid(number, number, number)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # else /proc/self belongs to root, and no map can be written


def enter_own(kinds: int = 0) -> None:
    """Enter a user namespace in which this process has every capability, and its own numbers; and others of `kinds`."""
    _unshare(kinds, os.geteuid(), os.getegid())


def enter(kinds: int) -> None:
    """Enter the parent's user namespace, where this process is `agent`, and others of `kinds` that belong to it."""
    _unshare(kinds, AGENT, AGENT)


def confine(sysctls: int) -> None:
    """Enter the session's user namespace and give up every capability. `sysctls` is /proc/sys/user, unmasked."""
    _unshare(0, AGENT, AGENT)
    for name, most in _MOST.items():
        _limit(name, most, sysctls)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.drop_capabilities()


def _limit(name: str, most: int, sysctls: int) -> None:
    with contextlib.suppress(OSError):  # not every kernel has it, or lets it be written
        limit = os.open(name, os.O_WRONLY, dir_fd=sysctls)
        try:
            os.write(limit, str(most).encode())
        finally:
            os.close(limit)


def _unshare(kinds: int, user: int, group: int) -> None:
    outer_user, outer_group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER | kinds)
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {outer_user} 1"),
        ("gid_map", f"{group} {outer_group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(content)
