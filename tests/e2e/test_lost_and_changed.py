"""State is lost or wrong, things are deleted by hand, two people deploy at once: afterwards there is one of each."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.laboratory import Laboratory, laboratory
from tests.forked_commands import ForkedCommandLine, ForkedCommands
from tests.stage.account import Account


@pytest.fixture
def lab(aws: Account, tmp_path: Path) -> Iterator[Laboratory]:
    with laboratory(aws, tmp_path / "project") as opened:
        yield opened
        opened.destroy()
        assert opened.faults_of_destroyed() == []


def state_file(lab: Laboratory) -> Path:
    return lab.command.folder / ".agentcore" / "aws.json"


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.timeout(300)
def test_a_state_file_that_is_lost_or_broken_is_made_again_by_looking(lab: Laboratory) -> None:
    lab.deploy()
    for harm in (Path.unlink, truncate, empty):
        harm(state_file(lab))
        assert lab.command.json("deploy", "--yes")["version"] == "1", harm
        assert lab.faults_of_deployed() == [], harm
    state_file(lab).unlink()
    lab.destroy()
    assert lab.faults_of_destroyed() == []


def delete_role(lab: Laboratory) -> None:
    iam, role = lab.account.clients["iam"], one(lab.account.inventory()["roles"], lab.before["roles"])
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    iam.delete_role(RoleName=role)


def delete_policy(lab: Laboratory) -> None:
    iam, role = lab.account.clients["iam"], one(lab.account.inventory()["roles"], lab.before["roles"])
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)


def delete_repository(lab: Laboratory) -> None:
    name = one(lab.account.inventory()["repositories"], lab.before["repositories"])
    lab.account.clients["ecr"].delete_repository(repositoryName=name, force=True)
    delete_pushed(lab, name)


def delete_image(lab: Laboratory) -> None:
    name = one(lab.account.inventory()["repositories"], lab.before["repositories"])
    ecr = lab.account.clients["ecr"]
    if known := ecr.list_images(repositoryName=name)["imageIds"]:  # moto's ECR hears of a push when it is asked
        ecr.batch_delete_image(repositoryName=name, imageIds=known)
    delete_pushed(lab, name)


def delete_pushed(lab: Laboratory, repository: str) -> None:
    registry = lab.account.registry
    assert registry
    for tag in registry.tags(repository):
        registry.delete(repository, registry.manifest(repository, tag).headers["docker-content-digest"])


def delete_runtime(lab: Laboratory) -> None:
    runtime_id = one(lab.account.inventory()["runtimes"], lab.before["runtimes"])
    lab.account.clients["bedrock-agentcore-control"].delete_agent_runtime(agentRuntimeId=runtime_id)


def delete_everything(lab: Laboratory) -> None:
    for delete in (delete_role, delete_repository, delete_runtime):
        delete(lab)


DELETIONS: list[Callable[[Laboratory], None]] = [
    delete_role,
    delete_policy,
    delete_repository,
    delete_image,
    delete_runtime,
    delete_everything,
]


@pytest.mark.timeout(300)
def test_what_was_deleted_by_hand_is_made_anew(lab: Laboratory) -> None:
    for delete in DELETIONS:
        lab.deploy()
        delete(lab)
        lab.deploy()
        assert lab.faults_of_deployed() == [], delete
    for delete in DELETIONS:
        lab.deploy()
        delete(lab)
        lab.destroy()
        assert lab.faults_of_destroyed() == [], delete


@pytest.mark.timeout(300)
def test_two_deploys_at_once_from_two_folders(lab: Laboratory) -> None:
    """Two clones of one project, with no state either; whoever loses says so or finds the other's work done.

    Both push one image: of two, ECR would refuse the later, and the registry that poses as ECR lets it take the tag.
    """
    lab.command.run("build")
    other = lab.command.folder.with_name("clone")
    shutil.copytree(lab.command.folder, other, ignore=shutil.ignore_patterns(".agentcore"))
    lab.forget()
    with ForkedCommands() as commands, ThreadPoolExecutor(2) as threads:
        second = ForkedCommandLine(commands, other, lab.account.environment)
        runs = [threads.submit(command.end, "--json", "deploy", "--yes") for command in (lab.command, second)]
        done = [run.result() for run in runs]
        codes = sorted(run.returncode for run in done)
        assert codes[0] == 0, [run.stderr for run in done]
        for run in done:
            if run.returncode:
                assert json.loads(run.stdout.splitlines()[-1])["error"]["hint"], run.stdout
        for command in (lab.command, second):
            command.run("deploy", "--yes")
        assert lab.faults_of_deployed() == []
        assert second.json("plan")["pending"] == []


def one(now: dict[str, Any], before: dict[str, Any]) -> str:
    """The name of the only thing that is new."""
    (name,) = now.keys() - before.keys()
    return name
