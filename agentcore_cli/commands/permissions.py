"""`agentcore permissions`: policies to be given, on stdout as IAM takes them."""

from __future__ import annotations

from typing import Annotated

import typer

from agentcore_cli.commands.globals import Globals


def permissions(
    ctx: typer.Context,
    role: Annotated[bool, typer.Option("--role", help="The execution role's trust and policy instead.")] = False,
) -> None:
    """Print the least IAM policy that the caller of deploy, invoke and destroy needs for this config, as JSON.

    The policy goes to stdout alone, as IAM takes it: agentcore permissions > policy.json
    """
    import json

    from agentcore_cli.operations.deploy.permissions import caller_permissions, role_permissions

    said = Globals.of(ctx)
    out = said.output()
    selected = said.select()
    with out.progress() as listener:
        if role:
            found = role_permissions(selected, listener)
            out.result(found, json.dumps({"trust": found.trust, "policy": found.policy}, indent=2))
        else:
            needed = caller_permissions(selected, listener)
            out.result(needed, json.dumps(needed.policy, indent=2))
