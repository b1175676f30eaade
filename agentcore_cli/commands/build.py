"""`agentcore build`: the artifact alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.commands.waiting import interruptible

if TYPE_CHECKING:
    from agentcore_cli.operations.deploy.build import BuildResult

How = Literal["auto", "docker", "oci", "codebuild", "zip"]


def build(
    ctx: typer.Context,
    how: Annotated[
        How | None,
        typer.Option("--build", help="auto: docker where an engine answers, else oci, which needs none."),
    ] = None,
    sbom: Annotated[
        bool | None,
        typer.Option("--sbom/--no-sbom", help="With what is in the image (SPDX) and how it came to be. For oci."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it there: an image as an archive, code as a zip."),
    ] = None,
) -> None:
    """Make the artifact that deploy would push, and stop there. Asks nothing of AWS."""
    from agentcore_cli.operations.deploy.build import BuildRequest
    from agentcore_cli.operations.deploy.build import build as run

    said = Globals.of(ctx)
    out = said.output()
    selected = said.select()
    with interruptible("agentcore build goes on with what is there by now"), out.progress() as listener:
        result = run(BuildRequest(how, output, sbom), selected, listener)
    out.result(result, _human(result))


def _human(result: BuildResult) -> str:
    from agentcore_cli.ui.tables import fields, size, table

    told = fields(
        [
            ("agent", result.agent),
            ("builder", f"{result.builder} ({result.reason})"),
            ("digest", result.digest),
            ("size", f"{size(result.size)} unpacked"),
            ("output", result.output),
            ("seconds", f"{result.seconds:.1f}"),
        ]
    )
    files = [(file.name, size(file.size)) for file in result.largest]
    return "\n".join([told, *([table(("largest files", "size"), files)] if files else [])])
