"""kill -9 before every AWS call of a command, and after those that change something.

After one that only looks, AWS and the state file are as before the call that follows.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence

from tests.e2e.laboratory import Laboratory
from tests.fakes.aws_calls import Call
from tests.fakes.aws_faults import kill_after, kill_before, named

_KILLS = {"before": kill_before, "after": kill_after}


def changes(calls: list[Call]) -> list[Call]:
    return [call for call in calls if _changes(call)]


def _changes(call: Call) -> bool:
    return not call.operation.startswith(("Get", "List", "Describe", "BatchGet"))


def killed_at_every_call(
    lab: Laboratory, command: Sequence[str], calls: list[Call], begin: Callable[[], None]
) -> Iterator[str]:
    """Each point, when `command` was killed there, after `begin`, and has been run again. Raises where it was not."""
    for call in calls:
        for moment, kill in _KILLS.items():
            if moment == "after" and not _changes(call):
                continue
            point = f"{moment} {call.name} {call.occurrence}"
            begin()
            lab.account.proxy.begin_anew()
            lab.account.proxy.interfere(named(call.name, call.occurrence), kill(lab.command.pid))
            killed = lab.try_to(*command)
            assert killed.returncode == -signal.SIGKILL, f"{point}: not killed\n{killed.stderr}"
            lab.account.proxy.begin_anew()
            lab.command.run(*command)
            yield point
