"""Which builder it is, and why: as it was said, or by what this machine has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agentcore_cli.builders.builder import Name
from agentcore_cli.builders.images import docker_engine


@dataclass(frozen=True, slots=True)
class Choice:
    """`reason` is for a person: `as the config says`, `a Docker Engine answers at …`."""

    builder: Name
    reason: str


def choose(wanted: Literal["auto"] | Name, said_by: str) -> Choice:
    """`auto` is docker where an engine answers, else oci, which needs none. `said_by` is who wants it."""
    if wanted != "auto":
        return Choice(wanted, f"as {said_by} says")
    if missing := docker_engine.absence():
        return Choice("oci", missing)
    return Choice("docker", f"a Docker Engine answers at {docker_engine.address()}")
