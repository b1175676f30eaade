"""What is written while a prompt waits goes above it."""

from __future__ import annotations

import asyncio
import contextvars

from prompt_toolkit.patch_stdout import StdoutProxy


class AbovePrompt(StdoutProxy):
    """The library's stream, whose own thread knows of the prompt: else it writes over one that is not on stdout.

    (It finds the prompt by a context variable, and a thread begins with none.)
    """

    def __init__(self) -> None:
        self._context = contextvars.copy_context()
        super().__init__(raw=True)

    def _write_and_flush(self, loop: asyncio.AbstractEventLoop | None, text: str) -> None:
        self._context.copy().run(super()._write_and_flush, loop, text)
