"""What makes an image of an agent on Strands, side by side: oci, the Docker Engine, and pip in a RUN, emulated.

Builds and pushes are processes of their own, to a registry on loopback, from a base image in it.
"""

from __future__ import annotations

import json
import resource
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import docker

from agentcore_cli.builders.images import docker_image, image
from agentcore_cli.builders.zip.builder import ZipBuilder
from agentcore_cli.builders.zip.inputs import CodeProject
from agentcore_cli.errors import AgentcoreError
from tests import registry_server
from tests.bench import build_and_push, builders_stage
from tests.bench.build_and_push import LABELS, project_in
from tests.bench.effort import Effort
from tests.bench.figure import Figure, Missing, milliseconds
from tests.bench.stage import AGENTS, Stage
from tests.bench.timing import Timed, medians, seconds
from tests.command_line import CommandLine
from tests.fakes.registry_proxy import RegistryProxy
from tests.stage import engine
from tests.stage.machine import machine

_AGENT: Final = "strands_counter.py"
_REQUIREMENTS: Final = (
    "bedrock-agentcore\nstrands-agents\n"  # the tools besides take pip a quarter of an hour, emulated
)
_PROGRAM: Final = Path(build_and_push.__file__)
_MEGABYTE: Final = 1024**2


def measure(stage: Stage, effort: Effort) -> Iterator[Figure]:
    """Raises Missing without a registry, and, when all that needs none is measured, without an engine."""
    if not registry_server.is_installed():
        raise Missing("docker-registry is not installed: apt-get install docker-registry")
    without = engine.missing()
    with ExitStack() as parts:
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="ac-")))
        if not without:
            parts.enter_context(machine())
        host = parts.enter_context(registry_server.running(folder / "registry")).host
        builders_stage.publish_base(folder, host)
        oci = _Yard(_project(folder / "oci"), "oci", host)
        yield from _first(oci, None if without else _Yard(_project(folder / "docker"), "docker", host), effort)
        yield from _nothing_changed(oci, effort)
        yield _bytes_of_one_line(oci)
        yield _memory(folder / "large", host, effort)
        yield from _zip(oci, effort)
    if without:
        raise Missing(f"beside Docker: {without}")


@dataclass(frozen=True, slots=True)
class _Yard:
    """One way of building: its project, its caches, and the registry."""

    folder: Path
    kind: str
    host: str

    def run(self, host: str | None = None) -> dict[str, Any]:
        """Build and push in a process of its own."""
        command = [sys.executable, _PROGRAM, self.folder, self.kind, host or self.host]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=_PROGRAM.parents[2])
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def change_one_line(self) -> None:
        _append(self.folder / "project" / _AGENT)


def _project(folder: Path) -> Path:
    (folder / "project").mkdir(parents=True)
    shutil.copy(AGENTS / _AGENT, folder / "project")
    (folder / "project" / "requirements.txt").write_text(_REQUIREMENTS)
    return folder


def _append(file: Path) -> None:
    file.write_text(f"{file.read_text()}# {secrets.token_hex(8)}\n")


def _first(oci: _Yard, docker_yard: _Yard | None, effort: Effort) -> Iterator[Figure]:
    """From nothing, one after the other: no package and no layer of ours is there yet; then one line more."""
    ours = seconds(oci.run)
    if docker_yard is None:
        return
    try:
        _engine_has_base(docker_yard.host)
        theirs = seconds(docker_yard.run)
        words = f"oci {ours:.1f} s"
        yield Figure("first build and push", words, f"docker {theirs:.1f} s", ours / theirs, "x", "at most", 1)
        emulated, ended = _emulated(docker_yard, effort)
        other = f"RUN pip install, emulated {emulated:.0f} s" + ("" if ended else " and not at its end")
        yield Figure("first build on x86", words, other, emulated / ours, "times faster", "at least", 8)
        yield from _one_line(oci, docker_yard, effort)
    finally:
        docker_image.remove(LABELS)


def _engine_has_base(host: str) -> None:
    """Both begin with the base image at hand: ours looked through it when it was made."""
    client = docker.from_env()
    try:
        client.images.pull(f"{host}/{build_and_push.BASE}", platform="linux/arm64")
    finally:
        client.close()


def _emulated(yard: _Yard, effort: Effort) -> tuple[float, bool]:
    """How long it took, and whether it came to an end in the time that it has."""
    project = replace(project_in(yard.folder, yard.host), install="image")
    start = time.perf_counter()

    def is_late() -> bool:
        return time.perf_counter() - start > effort.emulated_seconds

    try:
        docker_image.build(image.read(project), yard.folder / "cache", tell=lambda line: None, stopping=is_late)
    except AgentcoreError:
        if not is_late():
            raise
    return time.perf_counter() - start, not is_late()


def _one_line(oci: _Yard, docker_yard: _Yard, effort: Effort) -> Iterator[Figure]:
    def changed(yard: _Yard) -> float:
        yard.change_one_line()
        return seconds(yard.run)

    took = {yard.kind: 0.0 for yard in (oci, docker_yard)}
    for yard in (oci, docker_yard):
        took[yard.kind] = sorted(changed(yard) for _ in range(effort.rounds))[effort.rounds // 2]
    ours, theirs = took["oci"], took["docker"]
    words, other = f"oci {milliseconds(ours)}", f"docker {milliseconds(theirs)}"
    yield Figure("one line changed: build and push", words, other, theirs / ours, "times faster", "at least", 4)


def _nothing_changed(oci: _Yard, effort: Effort) -> Iterator[Figure]:
    """The push, through a proxy that counts; and the command itself."""
    with RegistryProxy(oci.host) as proxy:
        oci.run(proxy.host)
        proxy.received = 0
        oci.run(proxy.host)
        words = f"{len(proxy.seen)} requests"
        yield Figure("nothing changed: bytes pushed", words, "", proxy.received, "bytes", "at most", 0)
    yield _whole_process("nothing changed: build and push", oci.run, effort)
    command = CommandLine(oci.folder / "project", {"AGENTCORE_HOME": str(oci.folder / "home")})
    command.run("configure", "--entrypoint", _AGENT, "--name", "bench", "--build", "oci")
    builders_stage.set_base(command.folder, f"{oci.host}/{build_and_push.BASE}")
    command.run("build")
    yield _whole_process("nothing changed: agentcore build", partial(command.run, "build"), effort)


def _whole_process(name: str, run: Timed, effort: Effort) -> Figure:
    """With the processor's time, which other processes of a busy machine take no part of."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = medians({"it": run}, effort.rounds)["it"]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / (effort.rounds + 1)
    words = f"processor {milliseconds(busy)} of it"
    return Figure(name, milliseconds(took), words, took, "s", "at most", 0.6)


def _bytes_of_one_line(oci: _Yard) -> Figure:
    """Beside the layer of the code, which is packed anew."""
    with RegistryProxy(oci.host) as proxy:
        oci.run(proxy.host)
        oci.change_one_line()
        proxy.received = 0
        oci.run(proxy.host)
        builder, _ = build_and_push.parts(oci.folder, oci.kind, proxy.host)
        code = builder.build(build_and_push.Quiet()).added[-1].size
        words, other = f"{proxy.received:,} bytes", f"the code's layer {code:,} bytes"
        return Figure(
            "one line changed: more than its layer", words, other, proxy.received - code, "bytes", "at most", 20_000
        )


def _memory(folder: Path, host: str, effort: Effort) -> Figure:
    """A file that does not compress."""
    (folder / "project").mkdir(parents=True)
    (folder / "project" / "main.py").write_text("answer = 1\n")
    with (folder / "project" / "model.bin").open("wb") as file:
        for _ in range(effort.image_megabytes):
            file.write(secrets.token_bytes(_MEGABYTE))
    peak = _Yard(folder, "oci", host).run()["peak"] / _MEGABYTE
    what = f"an image of {effort.image_megabytes} MB"
    return Figure("memory of the oci builder", f"{peak:.0f} MB", what, peak, "MB", "at most", 150)


def _zip(oci: _Yard, effort: Effort) -> Iterator[Figure]:
    """The service takes one object: the packages in it are not packed again, and S3 copies them from the one before."""
    folder = oci.folder / "project"
    home = {"AGENTCORE_HOME": str(oci.folder / "zips")}
    command = CommandLine(folder, home)
    first = seconds(partial(command.run, "build", "--build", "zip"))
    _append(folder / _AGENT)
    again = seconds(partial(command.run, "build", "--build", "zip"))
    words = f"{again:.2f} s, packages not packed again"
    yield Figure("zip, one line changed", words, f"first {first:.1f} s", first / again, "times faster", "at least", 4)
    project = CodeProject(folder, (_AGENT,), Path(_AGENT), "3.13", "requirements.txt")
    builder = ZipBuilder(project, oci.folder / "zips" / "packages", oci.folder / "zips" / "archives")
    built = builder.build(build_and_push.Quiet())
    sent = built.zipped - builder.packages_end(built)
    words, other = f"{sent:,} bytes", f"the zip {built.zipped:,} bytes"
    yield Figure("zip, one line changed: sent", words, other, built.zipped / sent, "times less", "at least", 10)
