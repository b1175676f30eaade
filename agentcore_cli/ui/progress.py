"""Steps as they happen: redrawn on a terminal, a line per change elsewhere, JSON lines for scripts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol, TextIO

from agentcore_cli.events import Event, Note, Step
from agentcore_cli.ui.json_lines import line
from agentcore_cli.ui.terminal import printable, tell

if TYPE_CHECKING:
    from rich.progress import TaskID

_MARKS = {"done": "✓", "failed": "✗", "skipped": "-"}
_COLOURS = {"done": "green", "failed": "red", "skipped": "dim"}


def _ended(step: Step) -> str:
    """One line: what follows the first of a failure's is in the error that ends the command."""
    seconds = f" ({step.seconds:.1f}s)" if step.seconds is not None and step.seconds >= 0.05 else ""
    message = step.message.split("\n")[0] if step.status == "failed" else step.message
    return f"{_MARKS[step.status]} {step.name}: {printable(message) or step.status}{seconds}"


class Progress(Protocol):
    """A listener that may have to tidy up."""

    def __call__(self, event: Event) -> None: ...

    def close(self) -> None: ...


class PlainProgress:
    """One plain line per change, and what programs write elsewhere; the progress inside a step is left out."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        if isinstance(event, Note):
            prefix = "warning: " if event.level == "warning" else ""
            tell(f"{prefix}{printable(event.message)}", self._stream)
        elif event.status == "started":
            tell(f"  {event.name}: {printable(event.message) or 'started'}", self._stream)
        elif event.status == "output":
            tell(f"    {printable(event.message)}", self._stream)
        elif event.status in _MARKS:
            tell(_ended(event), self._stream)

    def close(self) -> None:
        """Nothing to tidy up."""


class JsonProgress:
    """Each event is an object on stdout; the result comes last."""

    def __call__(self, event: Event) -> None:
        tell(line(event, event="note" if isinstance(event, Note) else "step"), sys.stdout)

    def close(self) -> None:
        """Nothing to tidy up."""


class QuietProgress(PlainProgress):
    """Warnings only."""

    def __call__(self, event: Event) -> None:
        if isinstance(event, Note) and event.level == "warning":
            super().__call__(event)


class LiveProgress:
    """Finished steps stay as lines; the running ones are redrawn below them with their elapsed time."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=Console(stderr=True, highlight=False),
            transient=True,
        )
        self._running: dict[str, TaskID] = {}

    def __call__(self, event: Event) -> None:
        self._progress.start()
        if isinstance(event, Note):
            self._print(("warning: " if event.level == "warning" else "") + printable(event.message), "yellow")
        elif event.status in _MARKS:
            if (task := self._running.pop(event.name, None)) is not None:
                self._progress.remove_task(task)
            self._print(_ended(event), _COLOURS[event.status])
        elif event.status == "output":
            self._print(f"    {printable(event.message)}", "default")
        else:
            self._describe(event)

    def close(self) -> None:
        """Erase what is still drawn and leave the cursor at the start of a line; the next event draws again."""
        self._progress.stop()

    def _describe(self, step: Step) -> None:
        text = f"{step.name}: {printable(step.message).strip()}".replace("\n", " ")
        task = self._running.get(step.name)
        if task is None:
            self._running[step.name] = self._progress.add_task(text, total=None)
        else:
            self._progress.update(task, description=text)

    def _print(self, text: str, colour: str) -> None:
        from rich.text import Text

        head, _, rest = text.partition(" ")
        self._progress.console.print(Text.assemble((head, colour), " ", rest), soft_wrap=True)
