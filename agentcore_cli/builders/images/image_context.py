"""The build context of an image: what the COPY lines of its Dockerfile find, and by what names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agentcore_cli.builders.images import context, launcher
from agentcore_cli.builders.images.context import Item
from agentcore_cli.builders.images.image import CODE, PACKAGES, ImageInputs


def items(inputs: ImageInputs, installed: Path | None) -> dict[str, Item]:
    """The files by their names: a person's own Dockerfile finds the project as it lies there."""
    is_laid_out = inputs.own_dockerfile is None and inputs.project.install == "host"
    prefix = f"{CODE}/" if is_laid_out else ""
    found = context.of_source(inputs.source, prefix, instead=inputs.instead)
    if installed:  # the folder itself too: a requirements file may name nothing
        found |= {PACKAGES: Item(None)} | context.of_folder(installed, f"{PACKAGES}/")
    if inputs.project.launches:
        found |= {f"{launcher.FOLDER}/{name}": Item(content) for name, content in launcher.contents().items()}
    return found | ({CODE: Item(None)} if is_laid_out else {})


def largest(files: Mapping[str, Item], count: int) -> list[tuple[str, int]]:
    """The names and sizes (bytes) of the largest, largest first."""
    sizes = sorted(((context.size_of(item), name) for name, item in files.items()), reverse=True)
    return [(name, size) for size, name in sizes[:count]]
