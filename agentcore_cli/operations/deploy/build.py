"""Make an agent's artifact for AWS and stop there: nothing is pushed, made or asked in AWS."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from agentcore_cli import wiring
from agentcore_cli.builders.builder import Artifact
from agentcore_cli.builders.source import source
from agentcore_cli.config import Build
from agentcore_cli.errors import AgentcoreError, InputError
from agentcore_cli.events import Listener, Step
from agentcore_cli.operations.deploy.plan import LargeFile, check_artifact
from agentcore_cli.operations.selection import Selected
from agentcore_cli.resources.deployment import Overrides

_STEP = "build"
_WAKE_SECONDS = 0.5  # a signal that arrives just before Python blocks on a lock is not seen until it wakes up
_LARGEST = 5

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """`output` is the file to write the artifact to; None: it stays where builders keep theirs. `sbom`: with what is in
    it and how it came to be; None: as the config says.
    """

    build: Build | None = None
    output: Path | None = None
    sbom: bool | None = None


@dataclass(frozen=True, slots=True)
class BuildResult:
    """`builder` and `reason` are which one it was and why; `size` is in bytes, unpacked; `seconds` is what it took.

    `largest` are the largest files of the project and its packages in it, `output` the file that was written.
    """

    agent: str
    builder: str
    reason: str
    digest: str
    size: int
    largest: tuple[LargeFile, ...]
    output: str | None
    seconds: float


def build(request: BuildRequest, selected: Selected, listener: Listener) -> BuildResult:
    """Raises InputError (2) for what is wrong with the project or can't be built so, AgentcoreError (1) for a step
    that fails."""
    overrides = Overrides(build=request.build, sbom=request.sbom)
    check_artifact(overrides, selected, listener)
    output = _usable(request.output, selected.loaded.root)
    choice = overrides.choice_for(selected.agent)
    builder = wiring.builder(selected, choice, attests=overrides.wants_sbom(selected.agent))
    started = time.monotonic()

    def make(work: _Step) -> Artifact:
        built: Artifact = builder.save(work, output) if output else builder.build(work)
        return built

    made = _run(make, listener)
    return BuildResult(
        agent=selected.agent_name,
        builder=choice.builder,
        reason=choice.reason,
        digest=made.digest,
        size=made.size,
        largest=tuple(LargeFile(name, size) for name, size in builder.largest(_LARGEST)),
        output=str(output) if output else None,
        seconds=round(time.monotonic() - started, 3),
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """The `BuildWork` of the one step that there is."""

    listener: Listener
    stop: threading.Event

    def tell(self, message: str) -> None:
        self.listener(Step(_STEP, "progress", message))

    def show(self, line: str) -> None:
        self.listener(Step(_STEP, "output", line))

    def stopping(self) -> bool:
        return self.stop.is_set()

    def pause(self, seconds: float) -> None:
        if self.stop.wait(seconds):
            raise AgentcoreError("interrupted")


def _run(make: Callable[[_Step], T], listener: Listener) -> T:
    """In a thread of its own, so that a Ctrl-C stops what builders have under way before it goes on."""
    step, future = _Step(listener, threading.Event()), Future[T]()

    def work() -> None:
        try:
            future.set_result(make(step))
        except BaseException as error:
            future.set_exception(error)

    started = time.monotonic()
    listener(Step(_STEP, "started"))
    thread = threading.Thread(target=work, name=_STEP, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_WAKE_SECONDS)
        made = future.result()
    except BaseException:
        step.stop.set()
        thread.join()
        listener(Step(_STEP, "failed", seconds=time.monotonic() - started))
        raise
    listener(Step(_STEP, "done", seconds=time.monotonic() - started))
    return made


def _usable(output: Path | None, root: Path) -> Path | None:
    """The file by its whole path. Raises InputError for a place where no file can be, and for one among the agent's
    files: the next build would have it in it."""
    if output is None:
        return None
    whole = output.absolute()
    if whole.is_dir() or not whole.parent.is_dir():
        what = "a folder" if whole.is_dir() else f"there is no folder {whole.parent}"
        raise InputError(f"--output {output}: {what}", hint="--output FILE, in a folder that is there")
    if whole.resolve().is_relative_to(root.resolve()):
        name = whole.resolve().relative_to(root.resolve()).as_posix()
        if source.goes_along(root, name):
            raise InputError(
                f"--output {output}: it would be one of the agent's files, and in the next image",
                hint=f"--output {Path('..', whole.name)}, or a line {name} in .dockerignore",
            )
    return whole
