"""What is known of one agent on one target before anything of it is made: what every target needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from agentcore_cli.builders.choice import Choice, choose
from agentcore_cli.builders.oci.blobs import Blobs
from agentcore_cli.builders.packages.vetting import Vet, accept
from agentcore_cli.config import AgentConfig, Build
from agentcore_cli.events import Listener
from agentcore_cli.resources.ownership import Owner
from agentcore_cli.resources.runtime_spec import Foresees, not_foreseen
from agentcore_cli.resources.wait_options import WaitOptions


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says for this deploy; None is "not said".

    Variables of `environment` are kept on later deploys; an empty value forgets one that was given before. Without
    `refresh` only the runtime itself is looked at, where the records say that the rest is as it should be. `upgrade`:
    the requirements are resolved anew, and what comes of it, `resolved`, is kept on later deploys. `choice` is who
    builds for AWS, once that is known. `debug` is the port where sessions of the local runtime wait for an editor.
    `foresees` hears what a local version will be made of, just before it is.
    """

    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    build: Build | None = None
    image: str | None = None
    refresh: bool = True
    upgrade: bool = False
    resolved: str | None = None
    choice: Choice | None = None
    sbom: bool | None = None
    debug: int | None = None
    foresees: Foresees = not_foreseen

    def wants_sbom(self, agent: AgentConfig) -> bool:
        """Whether what is in the image goes along with it."""
        return agent.sbom if self.sbom is None else self.sbom

    def choice_for(self, agent: AgentConfig) -> Choice:
        """Who builds for AWS, and why."""
        if self.choice:
            return self.choice
        wanted, said_by = (self.build, "--build") if self.build else (agent.build, "the config")
        if wanted == "auto" and self.wants_sbom(agent):
            return Choice("oci", "an SBOM goes along with its images alone")
        return choose(wanted, said_by)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One agent on one target. `root` is the project's folder, `packages` where images' dependencies are kept,
    `blobs` the layers of those that no engine builds.

    `environment` is the config's; `given_before` are the names of the variables that earlier deploys were given by
    `--env` (see `RuntimeSpec`). `artifact` is what runs now by the records, `resolved` what the requirements were
    resolved to, now or by an earlier deploy. `memory_name` is that of the memory that deploys make, by the config or
    the records. `vet` looks at packages when they are installed.
    """

    root: Path
    agent: AgentConfig
    owner: Owner
    region: str
    overrides: Overrides
    environment: Mapping[str, str]
    given_before: frozenset[str] | None
    artifact: str | None
    resolved: str
    packages: Path
    blobs: Blobs
    wait_options: WaitOptions
    listener: Listener = field(repr=False)
    memory_name: str | None = None
    vet: Vet = accept

    @cached_property
    def choice(self) -> Choice:
        """Who builds the artifact, and why; not asked for where there is an image already."""
        return self.overrides.choice_for(self.agent)
