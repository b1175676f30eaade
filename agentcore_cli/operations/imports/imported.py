"""An agent as it was kept elsewhere, in this house's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agentcore_cli.operations.configure.settings import Settings


@dataclass(frozen=True, slots=True)
class Imported:
    """`entrypoint` is relative to the project; `runtime_arn` is what runs of it, None when nothing was deployed.

    `policies` are those of the runtime and its DEFAULT, as the file of `resource_policy` has them; None without any.
    `left_out` says, a line each, what can't be carried over and what to do instead.
    """

    name: str
    entrypoint: str
    settings: Settings
    region: str | None = None
    account: str | None = None
    runtime_arn: str | None = None
    left_out: tuple[str, ...] = ()
    policies: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def policy_file(self) -> str:
        """The name of the file that they are written to."""
        return f"{self.name}-callers.json"
