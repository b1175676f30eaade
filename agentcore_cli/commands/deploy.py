"""`agentcore deploy`: plan, apply, wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.commands.waiting import Timeout, interruptible

if TYPE_CHECKING:
    from agentcore_cli.engine import Change
    from agentcore_cli.operations.deploy.deploy import DeployResult
    from agentcore_cli.operations.selection import Selected
    from agentcore_cli.resources.deployment import Overrides
    from agentcore_cli.ui import Output

Build = Literal["auto", "docker", "oci", "codebuild", "zip"]


def deploy(
    ctx: typer.Context,
    env: Annotated[list[str] | None, typer.Option(metavar="K=V", help="A variable for the agent; kept.")] = None,
    build: Annotated[
        Build | None,
        typer.Option(help="How the artifact is built: auto, docker, oci, zip or codebuild; locally docker or zip."),
    ] = None,
    sbom: Annotated[
        bool | None,
        typer.Option("--sbom/--no-sbom", help="Push what is in the image, and how it came to be, along. For oci."),
    ] = None,
    image: Annotated[
        str | None,
        typer.Option(metavar="IMAGE", help="An image that is there already: URI in ECR, or NAME:TAG in Docker."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Answer yes to every question.")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Don't wait until it is ready.")] = False,
    timeout: Timeout = 900,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Resolve the requirements anew: newer versions, moved branches.")
    ] = False,
    no_smoke: Annotated[bool, typer.Option("--no-smoke", help="Don't see whether the new version starts.")] = False,
    rollback_on_failure: Annotated[
        bool, typer.Option("--rollback-on-failure", help="On AWS: leave a version again that does not start.")
    ] = False,
    no_refresh: Annotated[bool, typer.Option("--no-refresh", help="Believe the records; look at the runtime.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="The same as agentcore plan.")] = False,
) -> None:
    """Make what the agent needs and run it; the next deploy changes only what differs."""
    from agentcore_cli.commands.assignments import assignments
    from agentcore_cli.commands.changes import describe_plan
    from agentcore_cli.operations.deploy.plan import plan
    from agentcore_cli.resources.deployment import Overrides

    said = Globals.of(ctx)
    out = said.output()
    overrides = Overrides(assignments(env, "--env"), build, image, refresh=not no_refresh, upgrade=upgrade, sbom=sbom)
    selected = said.select()
    if dry_run:
        with out.progress(json_events=True) as listener:
            planned = plan(overrides, selected, listener)
        out.result(planned, describe_plan(planned), last_of_stream=True)
        return
    wanted = {"wait": not no_wait, "timeout": timeout, "smoke": not no_smoke, "rolls_back": rollback_on_failure}
    result = _deploy(out, overrides, selected, yes=yes, **wanted)
    out.result(result, _human(result), last_of_stream=True)
    if not out.json:
        out.note(_next(selected))


def _deploy(out: Output, overrides: Overrides, selected: Selected, *, yes: bool, **wanted: Any) -> DeployResult:
    """`wanted` are fields of the DeployRequest."""
    from agentcore_cli.commands.changes import ask_about
    from agentcore_cli.operations.deploy.deploy import DeployRequest
    from agentcore_cli.operations.deploy.deploy import deploy as run
    from agentcore_cli.operations.invoke.bearer import read_bearer

    def consent(changes: tuple[Change, ...]) -> bool:
        return yes or out.confirm(ask_about(changes), "Go on?")

    request = DeployRequest(overrides=overrides, consent=consent, bearer=read_bearer(None), **wanted)
    with interruptible(f"{selected.command('deploy')} goes on from here"), out.progress(json_events=True) as listener:
        return run(request, selected, listener)


def _human(result: DeployResult) -> str:
    from agentcore_cli.ui.tables import fields

    return fields(
        [
            ("agent", result.agent),
            ("runtime", result.arn),
            ("version", result.version if result.changed else f"{result.version} (nothing changed)"),
            ("endpoint", result.endpoint),
            ("artifact", result.artifact[:19]),
            ("changed", ", ".join(f"{c.key} ({c.action})" for c in result.changes if c.action != "keep") or None),
            ("seconds", ", ".join(f"{key} {spent:.1f}" for key, spent in result.seconds.items()) or None),
        ]
    )


def _next(selected: Selected) -> str:
    from agentcore_cli.operations.configure.wording import example

    return f"next: {selected.command('invoke')} --session-id conv1 {example(selected.agent.protocol)}"
