"""The distributions that a project asks for by name, as the entrypoint check needs to know them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name

from agentcore_cli.builders import requirements as builders
from agentcore_cli.builders.requirement_reader import Fault
from agentcore_cli.operations.check.findings import Finding

_PINS = ("==", "===")


@dataclass
class Requirements:
    """`names` are normalised; `extended` are those with extras; `pins` are the versions that `==` demands.

    `is_open`: it asks for something without a name, a path or a URL, so that more may be installed than is known.
    """

    names: set[str] = field(default_factory=set)
    extended: set[str] = field(default_factory=set)
    pins: dict[str, str] = field(default_factory=dict)
    is_open: bool = False
    findings: list[Finding] = field(default_factory=list)


def read(root: Path, name: str | None) -> Requirements:
    """What `name`, a file below `root`, asks for; nothing for None. What is wrong with the file is in `findings`."""
    found = Requirements()
    if name is None:
        return found
    reading = builders.Requirements(root, name).reading
    found.is_open = reading.is_open
    found.findings = [Finding(fault.file, fault.line, _with_hint(fault)) for fault in reading.faults]
    for requirement in reading.named:
        distribution = canonicalize_name(requirement.name)
        found.names.add(distribution)
        if requirement.extras:
            found.extended.add(distribution)
        for specifier in requirement.specifier:
            if specifier.operator in _PINS and "*" not in specifier.version:
                found.pins[distribution] = specifier.version
    return found


def _with_hint(fault: Fault) -> str:
    return f"{fault.problem}; {fault.hint}" if fault.hint else fault.problem
