"""What the kernel refuses a session is the same, whoever started the local runtime."""

from __future__ import annotations

import errno

from tests.attacks import attempts
from tests.attacks.theatre import Theatre

PACKETS = """
import socket
result = []
for kind in ((17, 3, 0x0300), (17, 2, 0x0300), (2, 3, 1), (10, 3, 58)):
    try:
        socket.socket(*kind).close()
        result.append(kind)
    except OSError:
        pass
"""


def test_calls_that_reach_beyond_a_session_are_refused(stage_of: Theatre) -> None:
    ((refused,),) = stage_of.play([attempts.REFUSED], needs=["filter of system calls"])
    assert {name: number for name, number in refused.items() if number != errno.EPERM} == {}


def test_its_init_is_not_for_a_session_to_touch(stage_of: Theatre) -> None:
    ((_, tried),) = stage_of.play([attempts.REFUSED, attempts.INIT], needs=["filter of system calls"])
    assert {name: number for name, number in tried.items() if number not in {errno.EPERM, errno.EACCES}} == {}


def test_a_session_has_no_capability(stage_of: Theatre) -> None:
    ((rights,),) = stage_of.play([attempts.RIGHTS], needs=["no capabilities", "filter of system calls"])
    assert rights.items() >= attempts.RIGHTS_OF_NOBODY.items()


def test_nobody_listens_to_the_packets_of_others(stage_of: Theatre) -> None:
    ((opened,),) = stage_of.play([PACKETS], needs=["filter of system calls"])
    assert opened == []
