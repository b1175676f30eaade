"""An image, built by a Docker Engine for linux/arm64. No registry is involved: it stays in the engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agentcore_cli.builders.image import Inputs
from agentcore_cli.builders.installer import Stopping, Tell


@dataclass(frozen=True, slots=True)
class LocalImage:
    """An image in the engine. `id` is the `sha256:...` of its configuration, `reference` the name and tag it has there.

    `architecture` is as the engine names it (`arm64`), `size` is in bytes, uncompressed.
    """

    id: str
    reference: str
    architecture: str
    size: int


def find(inputs: Inputs) -> LocalImage | None:
    """The image with these inputs, if the engine has it. Raises AgentcoreError when there is no engine."""
    raise NotImplementedError


def build(inputs: Inputs, packages: Path, *, tell: Tell, stopping: Stopping) -> LocalImage:
    """Build the image unless the engine has it; `packages` is the folder where dependencies are cached.

    Raises InputError for a fault of the project and AgentcoreError when a step of the build fails, with its last
    lines, when there is no engine or emulation, or when the image is not arm64 or above 2 GB.
    """
    raise NotImplementedError


def remove(labels: dict[str, str]) -> None:
    """Remove the images that carry all these labels, but for those that a container uses."""
    raise NotImplementedError
