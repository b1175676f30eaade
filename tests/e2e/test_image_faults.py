"""Images that fail to build, or that AgentCore does not run: what is said, and that AWS is as it was before."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.command_line import AGENTCORE, SECONDS
from tests.e2e.agents import PLAIN_AGENT, change_one_line, write_agent
from tests.e2e.pushed_image import PushedImage
from tests.fakes.wheel import make_wheel
from tests.forked_commands import ForkedCommandLine, ForkedCommands
from tests.stage.account import WORKER, Account
from tests.stage.base_image import MANIFEST_TYPE, REPOSITORY, TAG
from tests.stage.registry import ECR, PUBLIC, TOKEN, Registry

AGENT = f"faulty_{WORKER}"
BASE = f"FROM {PUBLIC}/{REPOSITORY}:{TAG}\nCOPY agent.py /app/\n"
THEIRS = f"theirs_{WORKER}-images"
IN_ANOTHER_MACHINE = 'mount --bind "$1" /proc/sys/fs/binfmt_misc && shift && exec "$@"'


@pytest.fixture
def command(aws: Account, tmp_path: Path) -> Iterator[ForkedCommandLine]:
    """A configured project; whatever it deployed is destroyed at the end."""
    folder = tmp_path / "project"
    write_agent(folder, PLAIN_AGENT)
    with ForkedCommands() as commands:
        opened = ForkedCommandLine(commands, folder, aws.environment)
        opened.run("configure", "--entrypoint", "agent.py", "--name", AGENT)
        yield opened
        opened.run("destroy", "--yes")


@pytest.fixture
def engine(command: ForkedCommandLine) -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


def write_dockerfile(command: ForkedCommandLine, *lines: str) -> None:
    """A Dockerfile of the user's own."""
    (command.folder / "Dockerfile").write_text(BASE + "".join(f"{line}\n" for line in lines))


def images(engine: docker.DockerClient) -> list[str]:
    """The names of what the agent's builds have left."""
    found = engine.images.list(filters={"label": f"agentcore:agent={AGENT}"})
    return sorted(tag for image in found for tag in image.tags)


def refused(command: ForkedCommandLine, aws: Account, *options: str, code: int) -> str:
    """What a deploy says that changes nothing in the account."""
    before = aws.inventory()
    done = command.run("deploy", "--yes", *options, code=code)
    assert aws.inventory() == before
    return done.stderr


def test_a_step_that_fails_is_shown_with_its_last_lines(command: ForkedCommandLine, aws: Account) -> None:
    write_dockerfile(command, "RUN echo first words && echo last words >&2 && exit 7", "CMD python agent.py")
    said = refused(command, aws, code=1)
    assert "step 3 of" in said
    assert "last words" in said
    assert "code: 7" in said


def test_an_import_that_the_packages_lack_is_told_before_an_image_is_built(
    command: ForkedCommandLine, aws: Account, engine: docker.DockerClient
) -> None:
    wheel = make_wheel(command.folder, "kit")
    (command.folder / "requirements.txt").write_text(f"./{wheel.name}\n")
    command.run("configure", "--entrypoint", "agent.py", "--name", AGENT, "--requirements", "requirements.txt")
    agent = command.folder / "agent.py"
    agent.write_text(f"import nowhere_to_be_found\n{agent.read_text()}")
    told = refused(command, aws, code=2)
    assert "agent.py:1: " in told
    assert "nowhere_to_be_found" in told
    assert "--no-smoke" in told
    assert images(engine) == []


def test_an_image_for_another_processor_is_refused(
    command: ForkedCommandLine, aws: Account, engine: docker.DockerClient
) -> None:
    """One that lies in the engine already, where nobody asks a registry for what it is for."""
    name = f"another-processor:{WORKER}"
    (command.folder / "amd64").mkdir()
    engine.images.build(
        path=str(command.folder / "amd64"), dockerfile=str(scratch(command)), platform="linux/amd64", tag=name, rm=True
    )
    (command.folder / "Dockerfile").write_text(f"FROM {name}\nCOPY agent.py /app/\n")
    assert "the image is for amd64, and AgentCore runs arm64 only" in refused(command, aws, code=2)
    engine.images.remove(name)


def scratch(command: ForkedCommandLine) -> Path:
    path = command.folder / "amd64" / "Dockerfile"
    path.write_text("FROM scratch\nCOPY Dockerfile /\n")
    return path


def test_without_an_engine_nothing_is_made(command: ForkedCommandLine, aws: Account, tmp_path: Path) -> None:
    elsewhere = ForkedCommandLine(
        command.commands, command.folder, {**aws.environment, "DOCKER_HOST": f"unix://{tmp_path}/no.sock"}
    )
    said = refused(elsewhere, aws, "--build", "docker", code=1)
    assert "no Docker Engine: nothing answers at" in said
    assert "start Docker" in said


@pytest.mark.skipif(os.uname().machine == "aarch64", reason="nothing is emulated on arm64")
def test_without_emulation_only_a_dockerfile_with_a_run_is_refused(
    command: ForkedCommandLine, aws: Account, tmp_path: Path
) -> None:
    (tmp_path / "binfmt").mkdir()
    (tmp_path / "binfmt" / "status").write_text("enabled\n")
    write_dockerfile(command, "RUN true")
    before = aws.inventory()
    done = run_where_binfmt_is(tmp_path / "binfmt", command, "deploy", "--yes")
    assert (done.returncode, aws.inventory()) == (1, before)
    assert "Dockerfile runs a command (RUN), and this machine can't run arm64 programs" in done.stderr
    assert "qemu-user-static" in done.stderr
    write_dockerfile(command, 'CMD ["python", "/app/agent.py"]')
    assert run_where_binfmt_is(tmp_path / "binfmt", command, "deploy", "--yes").returncode == 0


def run_where_binfmt_is(folder: Path, command: ForkedCommandLine, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, where the kernel's list of handlers is this folder."""
    shell: Sequence[str | Path] = ("sh", "-c", IN_ANOTHER_MACHINE, "sh", folder, AGENTCORE, *arguments)
    return subprocess.run(
        ["unshare", "--mount", *shell],
        cwd=command.folder,
        env=command.whole_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_what_looks_like_a_secret_stops_the_build_with_its_name(command: ForkedCommandLine, aws: Account) -> None:
    (command.folder / ".dockerignore").write_text("")
    (command.folder / "id_rsa").write_text("not really a key\n")
    said = refused(command, aws, code=2)
    assert "what looks like a secret would be in the image: id_rsa" in said
    (command.folder / ".dockerignore").write_text("!id_rsa\n")
    assert command.json("plan")["pending"] != []


def test_an_image_of_others_is_looked_up_in_the_registry(
    command: ForkedCommandLine, aws: Account, engine: docker.DockerClient
) -> None:
    """One image of one's own build, its config changed for one that says amd64: only the first may be deployed."""
    assert aws.registry
    pushed = PushedImage.at(command.json("deploy")["ecr_uri"], aws.registry)
    command.run("destroy", "--yes", "--keep-repository")
    aws.clients["ecr"].create_repository(repositoryName=THEIRS)
    give(pushed, "good", "arm64")
    give(pushed, "bad", "amd64")
    said = refused(command, aws, "--image", f"{ECR}/{THEIRS}:bad", code=2)
    assert f"image {ECR}/{THEIRS}:bad is for amd64, and AgentCore runs arm64 only" in said
    engine.images.pull(f"{ECR}/{THEIRS}", "good", auth_config={"username": "AWS", "password": TOKEN})
    deployed = command.json("deploy", "--image", f"{ECR}/{THEIRS}:good")
    assert deployed["ecr_uri"].startswith(f"{ECR}/{THEIRS}@sha256:")
    assert command.json("invoke", "hello")["response"] == {"edition": "first"}
    command.run("destroy", "--yes")
    assert aws.registry.tags(THEIRS) == ["bad", "good"]
    aws.clients["ecr"].delete_repository(repositoryName=THEIRS, force=True)


def give(image: PushedImage, tag: str, architecture: str) -> None:
    """Push the same layers once more, to somebody else's repository, with a config that says what it is for."""
    registry = image.source
    assert isinstance(registry, Registry)
    config = json.dumps({**image.config, "architecture": architecture}).encode()
    digest = f"sha256:{sha256(config).hexdigest()}"
    described: dict[str, Any] = {**image.manifest["config"], "digest": digest, "size": len(config)}
    registry.put_blob(THEIRS, digest, config)
    for layer in image.layers:
        registry.put_blob(THEIRS, layer, image.source.blob(image.repository, layer))
    manifest = json.dumps({**image.manifest, "config": described}).encode()
    registry.put_manifest(THEIRS, tag, MANIFEST_TYPE, manifest)


def test_a_destroy_takes_away_what_builds_have_left_in_the_engine(
    command: ForkedCommandLine, engine: docker.DockerClient
) -> None:
    before = images(engine)  # those of a run that was killed stay
    # a session of this engine, which plays AWS, would leave names of its own
    command.run("deploy", "--yes", "--no-smoke")
    change_one_line(command.folder)
    command.run("deploy", "--yes", "--no-smoke")
    built = set(images(engine)) - set(before)
    assert len(built) == 4  # two images, each by the name of its build and that of its push
    command.run("destroy", "--dry-run")
    assert built <= set(images(engine))
    assert "gone from the Docker Engine, too: " in command.run("destroy", "--yes").stderr
    assert images(engine) == before
