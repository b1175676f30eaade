"""What an agent leans on, from deploy to deploy: a package beside it, a branch that moves, versions that appear."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agentcore_cli.errors import EntrypointError
from agentcore_cli.events import Note
from agentcore_cli.local.home import Home
from agentcore_cli.operations.deploy.deploy import DeployRequest, DeployResult, deploy
from agentcore_cli.resources.deployment import Overrides
from tests.fakes.wheel import make_wheel
from tests.functional.builders.test_local_packages import edit, make_package, tree
from tests.functional.operations.deploy.workshop import Workshop

IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@example.com")


def upgrade(workshop: Workshop) -> DeployResult:
    return deploy(DeployRequest(Overrides(upgrade=True), caller={}), workshop.selected, workshop.heard)


def installed(home: Home, module: str) -> list[str]:
    """What the module says in every environment that is kept."""
    files = home.environments.glob(f"*/lib/*/site-packages/{module}.py")
    return sorted(file.read_text().strip() for file in files)


def commit(repository: Path, message: str) -> None:
    for arguments in (["add", "."], ["commit", "--quiet", "--message", message]):
        subprocess.run(["git", *IDENTITY, *arguments], cwd=repository, check=True)


def test_a_changed_package_is_a_new_version_with_its_new_code_and_a_plan_is_empty(
    workshop: Workshop, home: Home
) -> None:
    kit = make_package(workshop.root / "libs/kit", "kit")
    (workshop.root / "requirements.txt").write_text("./libs/kit\n")
    workshop.configure(requirements="requirements.txt")
    workshop.deploy()
    before = tree(kit)
    assert workshop.plan().pending == ()
    edit(kit, "kit")
    changed = [field.field for change in workshop.plan().pending for field in change.fields]
    assert "dependencies" in changed
    assert workshop.deploy().version == "2"
    assert "answer = 'later'" in installed(home, "kit")
    assert workshop.plan().pending == ()
    assert tree(kit) == before


@pytest.mark.long
def test_a_branch_that_moved_is_followed_when_an_upgrade_is_asked_for(workshop: Workshop, home: Home) -> None:
    repository = make_package(workshop.root.parent / "repository", "kit")
    subprocess.run(["git", "init", "--quiet", "--initial-branch", "main"], cwd=repository, check=True)
    commit(repository, "first")
    (workshop.root / "requirements.txt").write_text(f"kit @ git+file://{repository}@main\n")
    workshop.configure(requirements="requirements.txt")
    workshop.deploy()
    assert upgrade(workshop).version == "1"  # nothing is newer
    edit(repository, "kit")
    commit(repository, "second")
    assert workshop.plan().pending == ()
    assert workshop.deploy().version == "1"
    assert upgrade(workshop).version == "2"
    assert "answer = 'later'" in installed(home, "kit")
    assert workshop.plan().pending == ()  # what came of it is kept
    assert workshop.deploy().version == "2"
    assert upgrade(workshop).version == "2"


def test_an_upgrade_without_requirements_says_so(workshop: Workshop) -> None:
    assert upgrade(workshop).version == "1"
    told = [event.message for event in workshop.heard.events if isinstance(event, Note)]
    assert "--upgrade: no requirements" in told


def test_an_upgrade_leaves_wheels_as_they_are_when_there_is_no_other(workshop: Workshop) -> None:
    make_wheel(workshop.root, "kit")
    (workshop.root / "requirements.txt").write_text("--no-index\n--find-links ./\nkit\n")
    workshop.configure(requirements="requirements.txt")
    assert workshop.deploy().version == "1"
    assert upgrade(workshop).version == "1"


def test_an_import_that_the_new_environment_lacks_is_told_before_a_version_is_made(workshop: Workshop) -> None:
    """The distribution's name says nothing of its modules: only what was installed does."""
    wheel = make_wheel(workshop.root, "kit")
    (workshop.root / "requirements.txt").write_text(f"./{wheel.name}\n")
    workshop.configure(requirements="requirements.txt")
    handler = workshop.root / "handler.py"
    working = handler.read_text()
    handler.write_text(f"import kits\n{working}")
    with pytest.raises(EntrypointError, match=r"handler\.py:1: no requirement provides kits") as refused:
        workshop.deploy()
    assert refused.value.exit_code == 2
    assert "--no-smoke" in (refused.value.hint or "")
    assert workshop.selected.state.record("bot", "runtime") is None
    handler.write_text(f"import kit\n{working}")
    assert workshop.deploy().version == "1"
    handler.write_text(f"import kits\n{working}")
    with pytest.raises(EntrypointError):
        workshop.deploy()
    request = DeployRequest(Overrides(), caller={}, smoke=False)
    assert deploy(request, workshop.selected, workshop.heard).version == "2"
