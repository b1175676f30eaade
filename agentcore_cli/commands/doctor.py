"""`agentcore doctor`: the checks, one line each, and exit 1 if one that is needed fails."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli.commands.globals import Globals

if TYPE_CHECKING:
    from agentcore_cli.operations.doctor import Check

_MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}


def doctor(
    ctx: typer.Context,
    traces: Annotated[bool, typer.Option("--traces", help="What traces on AWS need, too: this asks AWS.")] = False,
) -> None:
    """Check this machine and this project, with a fix for each fault.

    Exit 1 if something fails that the chosen config and target need. Nothing is changed, and AWS is not called but
    with --traces.
    """
    from agentcore_cli.errors import FAILED
    from agentcore_cli.local.home import Home
    from agentcore_cli.operations.doctor import examine

    said = Globals.of(ctx)
    diagnosis = examine(said.options(), Home.default(), Path.cwd(), traces=traces)
    said.output().result(diagnosis, "\n".join(map(_lines, diagnosis.checks)))
    if not diagnosis.healthy:
        raise typer.Exit(FAILED)


def _lines(check: Check) -> str:
    from agentcore_cli.ui.terminal import printable

    detail = printable(check.detail).replace("\n", "\n    ")
    text = f"{_MARKS[check.status]} {check.name}: {detail}"
    return text if check.fix is None or check.status == "ok" else f"{text}\n    fix: {check.fix}"
