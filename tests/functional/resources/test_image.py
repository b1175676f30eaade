"""An image whose deploy did not finish: what was pushed or built before it is never taken for what is wanted now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentcore_cli.aws.repositories import Repositories
from agentcore_cli.builders.images.docker_builder import DockerBuilder, DockerPublisher, FinishedImage
from agentcore_cli.builders.images.image import ImageProject
from agentcore_cli.builders.registry.access import SignIn
from agentcore_cli.contract import EcrRepository
from agentcore_cli.engine import Action, Resource
from agentcore_cli.errors import AgentcoreError, InputError
from agentcore_cli.resources.image import Image, ImageSpec
from agentcore_cli.resources.local_image import LocalImage
from tests.fakes.push_engine import IMAGE_ID, Event, PushEngine
from tests.fakes.things import Killed, MemoryStore
from tests.functional.resources.deployment import Deployment
from tests.stand_ins import ACCOUNT, REGION

REPOSITORY = EcrRepository(ACCOUNT, REGION, "bot")
PUSHED: Event = {"aux": {"Digest": "sha256:" + "d" * 64}}
BROKEN_OFF: Event = {"error": "unexpected status: 500"}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushEngine]:
    address = tmp_path / "engine.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{address}")
    with PushEngine(address, [PUSHED]) as engine:
        yield engine


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "main.py").write_text("answer = 1\n")
    return folder


def project(root: Path) -> ImageProject:
    entry = Path("main.py")
    return ImageProject(root, "bot", ("main.py",), entry, 8080, "3.13", "python:3.13-slim")


def sign_in() -> SignIn:
    return SignIn("AWS", "stand-in")


def pushed(root: Path, deployment: Deployment) -> Image:
    """A fresh one: it looks at the project once."""
    spec = ImageSpec(DockerBuilder(project(root), root.parent / "cache"), DockerPublisher(sign_in), REPOSITORY)
    return Image(spec, Repositories(deployment.session()))


def built_here(root: Path, deployment: Deployment) -> LocalImage:
    return LocalImage(DockerBuilder(project(root), root.parent / "cache"), REPOSITORY)


def test_a_push_that_was_broken_off_is_made_up_for(engine: PushEngine, root: Path, deployment: Deployment) -> None:
    deployment.deploy(pushed(root, deployment))
    (root / "main.py").write_text("answer = 2\n")
    engine.events = [BROKEN_OFF]
    with pytest.raises(AgentcoreError, match="unexpected status: 500"):
        deployment.deploy(pushed(root, deployment))

    change = deployment.change(pushed(root, deployment))
    assert (change.action, change.reason) == (Action.UPDATE, "an earlier deploy did not finish")
    engine.events = [PUSHED]
    image = pushed(root, deployment)
    outcome = deployment.deploy(image)
    assert outcome.outputs["image"]["tag"] == image.desired({}, None).promises["tag"]
    assert len(engine.pushed) == 3


@pytest.mark.parametrize("image", [pushed, built_here])
def test_a_deploy_that_was_killed_before_its_image_was_there_goes_on(
    engine: PushEngine, root: Path, deployment: Deployment, image: Callable[[Path, Deployment], Resource]
) -> None:
    deployment.deploy(image(root, deployment))
    (root / "main.py").write_text("answer = 2\n")
    records, deployment.store = deployment.store.records, MemoryStore(dies_after=1)
    deployment.store.records = records
    with pytest.raises(Killed):
        deployment.deploy(image(root, deployment))

    deployment.store = MemoryStore()
    deployment.store.records = records
    change = deployment.change(image(root, deployment))
    assert (change.action, change.reason) == (Action.UPDATE, "an earlier deploy did not finish")
    assert {field.field for field in change.fields} == {"tag"}


@pytest.mark.parametrize("image", [pushed, built_here])
def test_the_plan_names_the_file_that_changed(
    engine: PushEngine, root: Path, deployment: Deployment, image: Callable[[Path, Deployment], Resource]
) -> None:
    deployment.deploy(image(root, deployment))
    (root / "main.py").write_text("answer = 2\n")
    assert deployment.fields(image(root, deployment)) == {"files.main.py", "tag"}


def named_pushed(deployment: Deployment, name: str = "bot:dev") -> Image:
    return Image(
        ImageSpec(FinishedImage(name), DockerPublisher(sign_in), REPOSITORY), Repositories(deployment.session())
    )


def named_here(deployment: Deployment, name: str = "bot:dev") -> LocalImage:
    return LocalImage(FinishedImage(name), REPOSITORY)


def test_an_image_of_the_engine_is_pushed_under_its_own_id_and_deployed_by_its_digest(
    engine: PushEngine, deployment: Deployment
) -> None:
    outcome = deployment.deploy(named_pushed(deployment))
    assert outcome.outputs["image"]["uri"] == f"{REPOSITORY.uri}@{PUSHED['aux']['Digest']}"
    [(path, _)] = engine.pushed
    assert path.endswith(f"/images/{REPOSITORY.uri}/push?tag={IMAGE_ID.removeprefix('sha256:')[:32]}")


def test_an_image_of_the_engine_gets_a_name_for_the_local_runtime(engine: PushEngine, deployment: Deployment) -> None:
    outcome = deployment.deploy(named_here(deployment))
    assert outcome.outputs["image"]["uri"] == f"{REPOSITORY.uri}@{IMAGE_ID}"
    assert any(REPOSITORY.uri in query for query in engine.tagged)
    assert deployment.change(named_here(deployment)).action is Action.KEEP


@pytest.mark.parametrize("image", [named_pushed, named_here])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"missing": {"bot:dev"}}, "image bot:dev: the Docker Engine of this machine has none of that name"),
        ({"architecture": "amd64"}, "image bot:dev is for amd64, and AgentCore runs arm64 only"),
        ({"size": 5 * 1024**3 // 2}, "image bot:dev has 2.5 GB, and AgentCore takes 2 GB"),
    ],
    ids=["missing", "processor", "size"],
)
def test_an_image_of_the_engine_that_can_not_run_is_refused_before_anything_is_made(
    engine: PushEngine,
    deployment: Deployment,
    image: Callable[[Deployment], Resource],
    wrong: dict[str, object],
    said: str,
) -> None:
    for name, value in wrong.items():
        setattr(engine, name, value)
    with pytest.raises(InputError, match=said):
        deployment.change(image(deployment))
    assert (engine.pushed, engine.tagged) == ([], [])
