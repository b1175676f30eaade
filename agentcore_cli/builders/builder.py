"""What every way of building has in common: `Builder.build() -> artifact`, `Publisher.publish(artifact) -> reference`.

A builder belongs to one agent and is made from all that its artifact depends on. It has looked at the project once:
what was planned is what is built. Each publisher knows the artifacts of one builder and one place to bring them to.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

Name = Literal["docker", "oci", "codebuild", "zip"]


class BuildWork(Protocol):
    """The step that somebody waits for (the engine's own `Work` is one)."""

    def tell(self, message: str) -> None:
        """One line of progress."""

    def show(self, line: str) -> None:
        """One line that a program wrote elsewhere."""

    def stopping(self) -> bool:
        """Whether it was interrupted; then raise AgentcoreError soon."""

    def pause(self, seconds: float) -> None:
        """Wait, but not past an interruption, which is raised."""


class Artifact(Protocol):
    """What was built and is on this machine, or in its engine."""

    @property
    def digest(self) -> str:
        """`sha256:…` of what it is: the same for equal contents."""

    @property
    def size(self) -> int:
        """Bytes as AgentCore counts them against its limit: unpacked."""


class PackedArtifact(Artifact, Protocol):
    """One that is a file."""

    @property
    def path(self) -> Path: ...

    @property
    def zipped(self) -> int:
        """The file's bytes."""


A_co = TypeVar("A_co", bound=Artifact, covariant=True)
A_contra = TypeVar("A_contra", bound=Artifact, contravariant=True)


class Builder(Protocol[A_co]):
    """Makes one agent's artifact. Everything raises InputError for a fault of the project, with the ways out."""

    @property
    def name(self) -> Name: ...

    @property
    def tag(self) -> str:
        """The hash of the inputs, at most 32 characters: equal inputs make equal artifacts."""

    def describe(self) -> dict[str, Any]:
        """The inputs, for comparing and showing; no secret values."""

    def check(self) -> None:
        """Raise what `build` would raise before it starts."""

    def build(self, work: BuildWork) -> A_co:
        """The artifact; made now unless it is there. Raises AgentcoreError when a step fails, with its last lines."""

    def largest(self, count: int) -> list[tuple[str, int]]:
        """The names and sizes (bytes) of the largest files of ours in what was built, largest first."""

    def save(self, work: BuildWork, file: Path) -> A_co:
        """Build it and write it to `file` as other programs read it, whole or not at all."""


class Publisher(Protocol[A_contra]):
    """Brings artifacts to where AgentCore fetches them."""

    def publish(self, artifact: A_contra, name: str, work: BuildWork) -> str:
        """Publish under `name` (a repository's URI with a tag, a key of a bucket); gives what a runtime is told.

        What is there already is not sent again, and until all of it is there nothing can be found under `name`.
        Raises ConflictError for a name that is taken by something else, AgentcoreError when it can't be sent.
        """
