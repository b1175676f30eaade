"""`agentcore local`: the local runtime itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli import wiring
from agentcore_cli.commands.globals import Globals
from agentcore_cli.commands.groups import command_group

if TYPE_CHECKING:
    from agentcore_cli.local.protocol import ProtectionRecord
    from agentcore_cli.operations.local_runtime import RuntimeStatus

app = command_group("Start, stop and steer the local runtime. It starts by itself when it is needed.")
clock = command_group("The clock that idle times are measured on.")
app.add_typer(clock, name="clock")


def _human(status: RuntimeStatus) -> str:
    from agentcore_cli.ui.tables import fields

    if not status.running:
        return "the local runtime is not running"
    isolation = f"{status.sandbox} ({status.sandbox_reason})" if status.sandbox_reason else status.sandbox
    told = fields(
        [
            ("url", status.url),
            ("process", status.pid),
            ("version", status.version),
            ("sandbox", isolation),
            ("runtimes", status.runtimes),
            ("sessions alive", status.sessions),
            ("state", status.home),
            *(
                ("mount", f"{mount['path']} ({'writable' if mount['writable'] else 'read-only'})")
                for mount in status.mounts
            ),
        ]
    )
    walls = [(f"  {wall['name']}", _standing(wall)) for wall in status.protections]
    return f"{told}\nprotections of a session:\n{fields(walls)}" if walls else told


def _standing(wall: ProtectionRecord) -> str:
    return ("yes" if wall["active"] else "no") + (f" ({wall['reason']})" if wall["reason"] else "")


@app.command()
def start(ctx: typer.Context) -> None:
    """Start the local runtime in the background."""
    from agentcore_cli.operations import local_runtime

    status = local_runtime.start(wiring.home())
    Globals.of(ctx).output().result(status, _human(status))


@app.command()
def stop(ctx: typer.Context) -> None:
    """Stop the local runtime and all its sessions. What is deployed stays known."""
    from agentcore_cli.operations import local_runtime

    status = local_runtime.stop(wiring.home())
    Globals.of(ctx).output().result(status, "the local runtime is stopped; what is deployed stays known")


@app.command()
def status(ctx: typer.Context) -> None:
    """Say whether the local runtime runs, where, and how strictly it separates sessions."""
    from agentcore_cli.operations import local_runtime

    current = local_runtime.status(wiring.home())
    Globals.of(ctx).output().result(current, _human(current))


@app.command()
def env(ctx: typer.Context) -> None:
    """Print the lines that point boto3, the AWS CLI and SDKs here: eval "$(agentcore local env)"."""
    import shlex

    from agentcore_cli.operations import local_runtime

    said = Globals.of(ctx)
    result = local_runtime.environment(wiring.home(), said.region)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in result.environment.items()]
    said.output().result(result, "\n".join(lines))


@app.command()
def logs(ctx: typer.Context) -> None:
    """Print what the local runtime itself wrote; an agent's lines are in `agentcore logs --local`."""
    from agentcore_cli.operations import local_runtime

    text = local_runtime.read_server_log(wiring.home())
    out = Globals.of(ctx).output()
    if out.json:
        out.result({"log": text})
    else:
        out.piece(text)


@app.command(context_settings={"ignore_unknown_options": True})
def run(
    ctx: typer.Context, command: Annotated[list[str], typer.Argument(metavar="-- CMD", help="The command.")]
) -> None:
    """Run a command with a fresh local runtime that ends with it; exits with the command's code."""
    from agentcore_cli.operations import local_runtime

    said = Globals.of(ctx)
    out = said.output()

    def show(line: str) -> None:
        out.event("output", {"line": line})

    ended = local_runtime.run_command(command, said.region, show if out.json else None)
    if out.json:
        out.result(ended, last_of_stream=True)
    raise typer.Exit(ended.exit_code)


@app.command()
def fault(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="create-failed, not-ready, throttle, slow-start, ...")],
    count: Annotated[int, typer.Option(min=0, metavar="N", help="How many times it strikes.")] = 1,
) -> None:
    """Make the local runtime fail on purpose, for tests."""
    from agentcore_cli.operations import local_runtime

    local_runtime.arm_fault(wiring.home(), name, count)
    Globals.of(ctx).output().result({"fault": name, "count": count}, f"{name} strikes the next {count} time(s)")


@clock.command()
def advance(ctx: typer.Context, span: Annotated[str, typer.Argument(help="How far: 90s, 16m, 8h.")]) -> None:
    """Move the local runtime's clock forward: sessions that are idle for too long end."""
    from agentcore_cli.operations import local_runtime
    from agentcore_cli.operations.logs import durations
    from agentcore_cli.ui.tables import moment

    now = local_runtime.advance_clock(wiring.home(), durations.seconds(span, option="advance"))
    Globals.of(ctx).output().result({"now": now}, f"the local runtime's clock says {moment(now)}")
