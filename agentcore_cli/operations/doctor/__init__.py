"""Check this machine and this project for what the chosen target needs; each fault comes with its fix.

Nothing is changed, and but for traces nothing is called in AWS. `machine` knows this computer, `project` the config and
the agent, `aws` what only a target in AWS needs, `traces` what its traces do, which alone asks AWS.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agentcore_cli.local.home import Home
from agentcore_cli.operations.doctor import aws, machine, project
from agentcore_cli.operations.doctor.check import Check
from agentcore_cli.operations.doctor.traces import trace_checks
from agentcore_cli.operations.selection import Options

__all__ = ["Check", "Diagnosis", "examine"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`healthy`: nothing that this config and target need has failed. `target` is None without a config."""

    healthy: bool
    target: str | None
    agent: str | None
    checks: tuple[Check, ...]


def examine(
    options: Options, home: Home, folder: Path, environ: Mapping[str, str] = os.environ, *, traces: bool = False
) -> Diagnosis:
    """Run every check; with `traces` those too that ask AWS what its traces need.

    Raises ConfigError only for an explicit config file that does not exist.
    """
    found = project.find(options, folder, environ)
    checks = [machine.tool_python(), machine.installer(), *found.checks]
    is_local = found.selected is None or found.selected.is_local
    if found.selected:
        checks += [project.entrypoint(found.selected, environ), machine.agent_python(found.selected)]
    checks += machine.local_runtime(home, needed=is_local)
    checks += aws.checks(found.selected, options, environ)
    if traces:
        checks += trace_checks(found.selected)
    return Diagnosis(
        healthy=all(check.status != "fail" for check in checks),
        target=found.selected.target_name if found.selected else None,
        agent=found.selected.agent_name if found.selected else None,
        checks=tuple(checks),
    )
