"""The images that builds have left in the Docker Engine of this machine: looked for by a destroy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from agentcore_cli.builders import docker_image
from agentcore_cli.contract import TAG_TARGET
from agentcore_cli.engine import Desired, FieldChange, Found, Outputs, Record, Work
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.resources import image

KEY: Final = "built_images"


@dataclass(frozen=True, slots=True)
class BuiltImages:
    """`labels` say whose they are. All targets in AWS share them; the local target's, which are labelled so, stay."""

    labels: Mapping[str, str]
    key: str = KEY
    depends_on: tuple[str, ...] = (image.KEY,)
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        return Desired({})

    def read(self, recorded: Record | None) -> Found | None:
        """An engine that does not answer has none: nothing in AWS depends on it."""
        try:
            names = docker_image.unused(self.labels, without=TAG_TARGET)
        except AgentcoreError:
            return None
        return Found({}, name=", ".join(names)) if names else None

    def replaces(self, change: FieldChange) -> bool:
        return False

    def apply(self, work: Work) -> Found:
        raise AssertionError("a destroy makes nothing")

    def destroy(self, found: Found, work: Work) -> None:
        docker_image.remove(self.labels, without=TAG_TARGET)
