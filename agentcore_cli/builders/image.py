"""What an image is made from: one value with a hash, known before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class ImageProject:
    """An agent and how its image is wanted.

    `start` is what follows the interpreter on the command line, `entry` the file that it starts, relative to `root`;
    `requirements` is relative to `root`, too. `python` is like "3.13", `labels` say whose the image is.
    """

    root: Path
    agent: str
    start: tuple[str, ...]
    entry: Path
    port: int
    python: str
    base_image: str
    requirements: str | None = None
    install: Literal["host", "image"] = "host"
    build_args: Mapping[str, str] = field(default_factory=dict)
    otel: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that an image depends on. `tag` is its hash: equal inputs make equal images."""

    project: ImageProject

    @property
    def tag(self) -> str:
        raise NotImplementedError

    def describe(self) -> dict[str, Any]:
        """The inputs for comparing and showing; values of build arguments as hashes."""
        raise NotImplementedError


def read(project: ImageProject) -> Inputs:
    """Look at the project. Raises InputError that names what is wrong with it: a secret, a link, a missing entrypoint."""
    raise NotImplementedError
