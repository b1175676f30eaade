"""What a test that hangs waits for: told before its limit ends the process, and with that what pytest-timeout tells."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from typing import Any


async def within(seconds: float, test: Coroutine[Any, Any, None]) -> None:
    """Await a test. Raises TimeoutError, with every task's stack, after so many seconds, which are not the loop's."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None, "a coroutine runs in a task"
    stacks: list[str] = []

    def give_up() -> None:
        stacks.extend("\n  ".join((each.get_name(), *_stack(each.get_coro()))) for each in asyncio.all_tasks(loop))
        task.cancel()

    timer = threading.Timer(seconds, loop.call_soon_threadsafe, [give_up])
    timer.daemon = True
    timer.start()
    try:
        await test
    except asyncio.CancelledError as cancelled:
        if not stacks:
            raise
        raise TimeoutError("it waits for what does not happen:\n" + "\n".join(stacks)) from cancelled
    finally:
        timer.cancel()


def _stack(awaited: Any) -> Iterator[str]:
    """Where a coroutine waits, from the outermost call inwards; `Task.get_stack` knows the outermost alone."""
    while (frame := getattr(awaited, "cr_frame", None)) is not None:
        yield f"{frame.f_code.co_qualname} ({frame.f_code.co_filename}:{frame.f_lineno})"
        awaited = awaited.cr_await
