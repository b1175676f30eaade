"""The agent's code and packages, made ready for the local runtime: a zip and the environment that it runs in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from agentcore_cli import keys
from agentcore_cli.builders.bundles import bundle, mounts
from agentcore_cli.builders.bundles.bundle import BundleInputs
from agentcore_cli.builders.bundles.mounts import StorageMount
from agentcore_cli.builders.bundles.store import BundleStore
from agentcore_cli.builders.packages import credentials, environment, interpreters
from agentcore_cli.builders.packages.environment import Environment
from agentcore_cli.builders.packages.interpreters import Interpreter
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.builders.packages.vetting import Vet, accept
from agentcore_cli.builders.source import source
from agentcore_cli.builders.source.source import Source
from agentcore_cli.contract import LOCAL_BUCKET
from agentcore_cli.engine import Desired, Found, JournalRecord, Outputs, Work
from agentcore_cli.errors import InputError
from agentcore_cli.events import Listener, Note
from agentcore_cli.exclusions import IGNORE_FILE
from agentcore_cli.resources import runtime_facts


@dataclass(frozen=True, slots=True)
class BundleProject:
    """Where the code is and what it wants: `requirements` is a path relative to `root`, `python` like "3.13".

    `start` is what follows the interpreter on the command line, `entry` the file that it starts, relative to `root`.
    `path` are the folders that imports start from, `resolved` is what the requirements were resolved to by
    `deploy --upgrade`; `extra` are requirements besides.
    """

    root: Path
    requirements: str | None
    python: str
    start: tuple[str, ...]
    entry: Path
    path: tuple[str, ...] = ()
    resolved: str = ""
    mounts: tuple[StorageMount, ...] = ()
    extra: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceBundle:
    project: BundleProject
    store: BundleStore
    listener: Listener
    vet: Vet = accept
    key: str = keys.SOURCE
    depends_on: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        return self._planned

    @cached_property
    def _planned(self) -> Desired:
        """What a plan is made of, which may ask more than once; what is there then is read again."""
        files = source.read(self.project.root)
        source.require_entry(files, self.project.entry)
        mounts.check(self.project.mounts)
        inputs = self._inputs(files, self._interpreter)
        return Desired(inputs.describe(), _outputs(inputs))

    def read(self, recorded: JournalRecord | None) -> Found | None:
        digest = recorded.outputs.get("digest") if recorded else None
        there = bundle.find(self.store.artifacts, digest) if digest else None
        return Found(there.inputs, recorded.outputs, str(there.path)) if there and recorded else None

    def apply(self, work: Work) -> Found:
        """Install what is required and pack the code; each only if it was not done before."""
        interpreter, files = self._interpreter, source.read(self.project.root)
        self._tell(interpreter, files)
        installed = environment.build(
            self.store.environments,
            self._requirements,
            interpreter,
            self.project.extra,
            tell=work.tell,
            stopping=work.stopping,
        )
        self._check_server(installed)
        self.vet(installed.packages)
        inputs = self._inputs(files, interpreter)
        artifacts = self.store.artifacts
        made = bundle.find(artifacts, inputs.digest) or bundle.build(artifacts, inputs, installed)
        return Found(made.inputs, _outputs(inputs), str(made.path))

    def destroy(self, found: Found, work: Work) -> None:
        """Nothing: others may run the same bundle. Who destroys sweeps the store in the end."""

    @property
    def _requirements(self) -> Requirements | None:
        project = self.project
        return Requirements(project.root, project.requirements, project.resolved) if project.requirements else None

    @cached_property
    def _interpreter(self) -> Interpreter:
        return interpreters.find(self.project.python)

    def _inputs(self, files: Source, interpreter: Interpreter) -> BundleInputs:
        packages = environment.key_of(self._requirements, interpreter, self.project.extra)
        project, version = self.project, interpreter.version
        instead = credentials.withheld(self._requirements, files)
        return BundleInputs(
            files, packages, version, project.start, project.mounts, project.path, project.resolved, instead
        )

    def _tell(self, interpreter: Interpreter, files: Source) -> None:
        if interpreter.minor != self.project.python:
            message = f"no Python {self.project.python} on this machine: the agent runs on {interpreter.version} here"
            self.listener(Note(message, "warning"))
        if files.secrets:
            names = ", ".join(files.secrets)
            hint = f"a line !NAME in {IGNORE_FILE} takes one in"
            self.listener(Note(f"left out, since they look like secrets: {names} ({hint})"))

    def artifact(self, entry_point: Sequence[str]) -> Callable[[Outputs], Mapping[str, Any]]:
        """What makes the runtime's `artifact` fact from this bundle's outputs."""

        def made(outputs: Outputs) -> Mapping[str, Any]:
            built = outputs[self.key]
            return runtime_facts.code_artifact(LOCAL_BUCKET, f"{built['digest']}.zip", built["python"], entry_point)

        return made

    def _check_server(self, installed: Environment) -> None:
        """What `module:app` is started with must be among the packages."""
        if self.project.start[:2] == ("-m", "uvicorn") and not installed.has("uvicorn"):
            asked = self.project.requirements or "no requirements"
            raise InputError(
                f"the entrypoint {self.project.start[2]} is served by uvicorn, which {asked} does not install",
                hint=f"add uvicorn to {self.project.requirements or 'a requirements.txt'}",
            )


def _outputs(inputs: BundleInputs) -> dict[str, str]:
    return {"digest": inputs.digest, "python": inputs.python.rpartition(".")[0]}
