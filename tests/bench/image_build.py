"""A first ARM64 image of an agent on Strands: packages resolved here and copied in, against pip in a RUN, emulated."""

from __future__ import annotations

import io
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import docker

from agentcore_cli.builders.images import docker_image, image
from agentcore_cli.builders.images.docker_image import EngineImage
from agentcore_cli.builders.images.image import ImageProject
from tests.bench.effort import Effort
from tests.bench.figure import Figure, Missing
from tests.bench.stage import AGENTS, Stage
from tests.bench.timing import seconds
from tests.stage import engine
from tests.stage.base_image import REPOSITORY, TAG
from tests.stage.machine import machine
from tests.stage.registry import PUBLIC

_AGENT: Final = "strands_counter.py"
_REQUIREMENTS: Final = (
    "bedrock-agentcore\nstrands-agents\n"  # the tools besides take pip a quarter of an hour, emulated
)
_BASE: Final = "agentcore-bench/base:1"
_LABELS: Final = {"agentcore:project": "bench", "agentcore:agent": "bench"}
_AUTHORITIES: Final = Path("/etc/ssl/certs/ca-certificates.crt")


def measure(stage: Stage, effort: Effort) -> Iterator[Figure]:
    """Both from nothing, one after the other: no package and no layer but the base image's is there yet."""
    if missing := engine.missing():
        raise Missing(missing)
    with machine(), _base_image(), tempfile.TemporaryDirectory() as folder:
        project = _project(Path(folder, "project"))
        ours = seconds(lambda: _build(project, Path(folder, "cache")))
        theirs = seconds(lambda: _build(replace(project, install="image"), Path(folder, "cache")))
        yield Figure(
            "first ARM64 build, Strands",
            f"{ours:.1f} s",
            f"RUN pip install, emulated {theirs:.1f} s",
            theirs / ours,
            "times faster",
            "at least",
            8,
        )
        yield _after_one_line(project, Path(folder, "cache"))


def _after_one_line(project: ImageProject, cache: Path) -> Figure:
    before = _layers(_build(project, cache))
    file = project.root / _AGENT
    file.write_text(f"{file.read_text()}# one more line\n")
    took = seconds(lambda: _build(project, cache))
    after = _layers(_build(project, cache))
    changed = sum(one != other for one, other in zip(before, after, strict=True))
    words = f"{changed} of {len(after)} layers, in {took:.1f} s"
    return Figure("one line of code changed", words, "the code's layer alone", changed, "layers", "at most", 1)


def _build(project: ImageProject, cache: Path) -> EngineImage:
    return docker_image.build(image.read(project), cache, tell=lambda line: None, stopping=lambda: False)


def _layers(built: EngineImage) -> list[str]:
    client = docker.from_env()
    try:
        layers: list[str] = client.images.get(built.id).attrs["RootFS"]["Layers"]
        return layers
    finally:
        client.close()


def _project(folder: Path) -> ImageProject:
    folder.mkdir()
    shutil.copy(AGENTS / _AGENT, folder)
    (folder / "requirements.txt").write_text(_REQUIREMENTS)
    return ImageProject(
        root=folder,
        agent="bench",
        start=(_AGENT,),
        entry=Path(_AGENT),
        port=8080,
        python=TAG.partition("-")[0],
        base_image=_BASE,
        requirements="requirements.txt",
        labels=_LABELS,
    )


@contextmanager
def _base_image() -> Iterator[None]:
    """The usual base image with this machine's certificate authorities, without which pip may not reach its index."""
    docker_image.remove(_LABELS)  # of a run that was broken off
    client = docker.from_env()
    try:
        client.images.build(fileobj=_context(), custom_context=True, platform="linux/arm64", tag=_BASE, rm=True)
        yield
        docker_image.remove(_LABELS)
        client.images.remove(_BASE)
    finally:
        client.close()


def _context() -> io.BytesIO:
    """A build context, as a tar archive."""
    lines = f"FROM {PUBLIC}/{REPOSITORY}:{TAG}\nCOPY authorities /etc/ssl/certs/ca-certificates.crt\n"
    files = {
        "Dockerfile": f"{lines}ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt\n".encode(),
        "authorities": _AUTHORITIES.read_bytes(),
    }
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    stream.seek(0)
    return stream
