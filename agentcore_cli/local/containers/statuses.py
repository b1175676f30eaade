"""The exit statuses that engines tell, as both sandboxes speak of them."""

from __future__ import annotations

import signal
from typing import Final

from agentcore_cli.local.sandbox import Exit

_SIGNALLED: Final = 128  # plus the signal's number: the status of a process that a signal has ended


def exit_of(code: int) -> Exit:
    """How a process ended that left this status."""
    if code > _SIGNALLED and code - _SIGNALLED in signal.valid_signals():
        return Exit(None, code - _SIGNALLED)
    return Exit(code, None)
