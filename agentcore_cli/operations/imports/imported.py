"""An agent as it was kept elsewhere, in this house's words."""

from __future__ import annotations

from dataclasses import dataclass

from agentcore_cli.operations.settings import Settings


@dataclass(frozen=True, slots=True)
class Imported:
    """`entrypoint` is relative to the project; `runtime_arn` is what runs of it, None when nothing was deployed.

    `left_out` says, a line each, what can't be carried over and what to do instead.
    """

    name: str
    entrypoint: str
    settings: Settings
    region: str | None = None
    account: str | None = None
    runtime_arn: str | None = None
    left_out: tuple[str, ...] = ()
