"""Images that no engine built: the same files as Docker's, taken by Docker, deployed and run."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.command_line import CommandLine
from tests.e2e.agents import PLAIN_AGENT, change_one_line, write_agent
from tests.e2e.pushed_image import PushedImage
from tests.stage.account import WORKER, Account
from tests.stage.registry import ECR, TOKEN

AGENT = f"daemonless_{WORKER}"
OWN = """\
FROM --platform=linux/arm64 public.ecr.aws/docker/library/python:3.13-slim
ARG PLACE=/srv/agent
ENV PLACE=$PLACE GREETING="hello there"
WORKDIR $PLACE
COPY --chown=10001:10001 . ./
COPY agent.py data/*.txt /tmp/given/
COPY --chown=10001:10001 agent.py /made/for/it/agent
COPY data nested/data
LABEL kind=own
EXPOSE 8080
USER 10001
CMD ["python", "agent.py"]
"""
ODD = """\
\ufeff# escape=`
ARG TAG=3.13-slim
ARG UNUSED
FROM\tpublic.ecr.aws/docker/library/python:${TAG}
# a comment, then names from before FROM: one that is named again here has its value
ARG TAG OTHER=${TAG:-none} UNUSED
LABEL tag=$TAG other=$OTHER unnamed="$TARGETARCH$UNUSED" 'with blanks'="a b" last=`
"on the next line" `
  # a comment in the middle

  more=1
ENV OLD the old  form with "quotes" and back\\slash
ENV\tTABBED=a`
b EMPTY= JOINED=${EMPTY:-default}-${NOT_SET:+x}-$OLD
WORKDIR /srv//agent/
WORKDIR relative/../place
COPY agent.py ./
COPY [ "data/a.txt", "data/b.txt", "in the list/" ]
COPY data/[ab].tx? data/c* globbed/
COPY --chown=nobody:daemon data nested/deep/
COPY nested /srv/agent/nested
COPY ["nested/deep er", "/srv/${TABBED}/"]
EXPOSE 8080 9000-9002 53/UDP
USER 10001:10001
ENTRYPOINT ["python"]
CMD python agent.py $TABBED
"""
OF_THE_CONFIG = ("Env", "Cmd", "Entrypoint", "WorkingDir", "User", "ExposedPorts", "Labels")
OF_THE_ENGINE = {"dev/console", "dev", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf", ".dockerenv", "etc"}


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture
def command(aws: Account, tmp_path: Path) -> CommandLine:
    folder = tmp_path / "project"
    write_agent(folder, PLAIN_AGENT, "six==1.17.0")
    assert aws.registry
    trusted = {"AWS_CA_BUNDLE": str(aws.registry.authority)}
    command = CommandLine(folder, {**aws.environment, **trusted})
    command.run("configure", "--entrypoint", "agent.py", "--name", AGENT)
    return command


def files_of(engine: docker.DockerClient, name: str) -> dict[str, tuple[Any, ...]]:
    """Every file of an image: kind, mode, owner, what it leads to, content."""
    container = engine.containers.create(name, platform="linux/arm64")
    try:
        exported = io.BytesIO(b"".join(container.export()))
    finally:
        container.remove()
    found = {}
    with tarfile.open(fileobj=exported) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            content = hashlib.sha256(file.read()).hexdigest() if file else ""
            found[member.name] = (member.type, member.mode, member.uid, member.gid, member.linkname, content)
    return {name: value for name, value in found.items() if name not in OF_THE_ENGINE}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("dockerfile", [None, OWN, ODD], ids=["generated", "own", "odd"])
def test_it_has_the_files_that_docker_s_has(
    command: CommandLine, engine: docker.DockerClient, dockerfile: str | None
) -> None:
    (command.folder / "data").mkdir()
    for name in ("a.txt", "b.txt", "c.bin"):
        (command.folder / "data" / name).write_text(name)
    (command.folder / "data" / "c.bin").chmod(0o700)
    (command.folder / "empty").mkdir()
    (command.folder / "nested" / "deep er").mkdir(parents=True)
    (command.folder / "nested" / "deep er" / "na\u00efve name").write_text("x")
    if dockerfile:
        (command.folder / "Dockerfile").write_text(dockerfile)
    theirs = json.loads(command.run("build", "--build", "docker", "--json").stdout)
    command.run("build", "--build", "oci", "--output", "../image.tar", "--json")
    with (command.folder.parent / "image.tar").open("rb") as archive:
        (ours,) = engine.images.load(archive)
    try:
        assert files_of(engine, ours.id) == files_of(engine, theirs["digest"])
        configs = [engine.api.inspect_image(name)["Config"] for name in (ours.id, theirs["digest"])]
        for name in OF_THE_CONFIG:
            first, second = (config.get(name) or None for config in configs)
            assert first == second or sorted(first) == sorted(second), name
        assert ours.attrs["Architecture"] == "arm64"
    finally:
        engine.images.remove(ours.id, force=True)
        engine.images.remove(theirs["digest"], force=True)


@pytest.mark.timeout(300)
def test_it_is_deployed_and_run(command: CommandLine, aws: Account, engine: docker.DockerClient) -> None:
    assert aws.registry
    before = aws.inventory()
    deploy(command, aws, engine)
    assert "first" in command.run("invoke", "{}").stdout
    first = PushedImage.at(image_of(aws), aws.registry)
    assert {processor for _, processor in first.programs()} <= {183}

    plan = json.loads(command.run("deploy", "--build", "oci", "--dry-run", "--json").stdout.splitlines()[-1])
    assert (plan["pending"], plan["builder"]) == ([], {"builder": "oci", "reason": "as --build says"})

    change_one_line(command.folder)
    deploy(command, aws, engine)
    second = PushedImage.at(image_of(aws), aws.registry)
    assert [a == b for a, b in zip(first.layers, second.layers, strict=True)].count(False) == 1

    moved = command.run("deploy", "--build", "docker", "--yes")
    assert "image: update" in moved.stderr
    command.run("rollback")
    command.run("destroy", "--yes")
    assert aws.inventory() == before


def deploy(command: CommandLine, aws: Account, engine: docker.DockerClient) -> None:
    """The engine that plays AgentCore's machines has no way into ECR: what was pushed is brought there by hand."""
    command.run("build", "--build", "oci")
    command.run("deploy", "--build", "oci", "--yes", "--no-smoke", code=1)
    (repository,) = [name for name in aws.registry.repositories() if AGENT in name]  # type: ignore[union-attr]
    for tag in aws.registry.tags(repository):  # type: ignore[union-attr]
        auth = {"username": "AWS", "password": TOKEN}
        engine.api.pull(f"{ECR}/{repository}", tag, auth_config=auth, platform="linux/arm64")
    command.run("deploy", "--build", "oci", "--yes")


def image_of(aws: Account) -> str:
    control = aws.clients["bedrock-agentcore-control"]
    (runtime,) = [each for each in control.list_agent_runtimes()["agentRuntimes"] if each["agentRuntimeName"] == AGENT]
    whole = control.get_agent_runtime(agentRuntimeId=runtime["agentRuntimeId"])
    uri: str = whole["agentRuntimeArtifact"]["containerConfiguration"]["containerUri"]
    return uri
