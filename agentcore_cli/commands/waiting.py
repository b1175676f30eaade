"""What verbs that change something and wait for it have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.errors import Interrupted

if TYPE_CHECKING:
    from agentcore_cli.events import Listener
    from agentcore_cli.operations.selection import Selected

NoWait = Annotated[bool, typer.Option("--no-wait", help="Don't wait until it is done.")]
Timeout = Annotated[float, typer.Option(metavar="S", min=1, help="Seconds to wait at most.")]
Result = TypeVar("Result")


@contextmanager
def interruptible(hint: str) -> Iterator[None]:
    """Ctrl-C ends the work with what to do then."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted("interrupted", hint=hint) from None


def perform(
    ctx: typer.Context, operation: Callable[[Selected, Listener], Result], *, look: str, again: str | None = None
) -> Result:
    """Do it with its progress shown. What to do after Ctrl-C is `again`, else our own verb `look`."""
    said = Globals.of(ctx)
    selected = said.select()
    with interruptible(again or selected.command(look)), said.output().progress() as listener:
        return operation(selected, listener)
