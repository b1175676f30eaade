"""What may happen to a call on its way through the proxy: which calls, and what."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from tests.fakes.aws_answers import Answer
from tests.fakes.aws_calls import Call, Request
from tests.fakes.aws_proxy import Forward, Harm, Matches


def named(name: str, occurrence: int | None = None) -> Matches:
    """The calls of this name, or only the n-th of them."""
    return lambda call: call.name == name and occurrence in (None, call.occurrence)


def after_number(number: int) -> Matches:
    """All calls behind the n-th of the record."""
    return lambda call: call.number > number


def instead(answer: Callable[[Call], Answer]) -> Harm:
    """Answer this; the service never hears of the call."""
    return lambda call, request, forward: answer(call)


def reset_before(call: Call, request: Request, forward: Forward) -> Answer | None:
    """The connection breaks before the service has seen the call."""
    return None


def reset_after(call: Call, request: Request, forward: Forward) -> Answer | None:
    """The service does it, and its answer is lost."""
    forward(request)
    return None


def silent_for(seconds: float) -> Harm:
    """The service does it, and for so long nothing comes back."""

    def hang(call: Call, request: Request, forward: Forward) -> Answer | None:
        answer = forward(request)
        time.sleep(seconds)
        return answer

    return hang


def times(count: int, handler: Harm) -> Harm:
    """Only for the first so many calls that come here; the others pass."""
    left = iter(range(count))

    def some(call: Call, request: Request, forward: Forward) -> Answer | None:
        return handler(call, request, forward) if next(left, None) is not None else forward(request)

    return some


def kill_before(pid: Callable[[], int]) -> Harm:
    """kill -9 the caller; the service never hears of the call."""

    def kill(call: Call, request: Request, forward: Forward) -> Answer | None:
        os.kill(pid(), signal.SIGKILL)
        return None

    return kill


def kill_after(pid: Callable[[], int]) -> Harm:
    """The service does it, and the caller dies before it hears so."""

    def kill(call: Call, request: Request, forward: Forward) -> Answer | None:
        forward(request)
        os.kill(pid(), signal.SIGKILL)
        return None

    return kill


def interrupt(pid: Callable[[], int]) -> Harm:
    """Ctrl-C while the call is under way; it is answered all the same."""

    def press(call: Call, request: Request, forward: Forward) -> Answer | None:
        os.kill(pid(), signal.SIGINT)
        return forward(request)

    return press
