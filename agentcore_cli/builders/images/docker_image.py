"""An image, built by a Docker Engine for linux/arm64. No registry is involved: it stays in the engine."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from agentcore_cli import files
from agentcore_cli.builders.images import build_log, context, docker_engine, emulation, image_context
from agentcore_cli.builders.images import image_limits as runnable
from agentcore_cli.builders.images.context import Item
from agentcore_cli.builders.images.image import ImageInputs, reference
from agentcore_cli.builders.images.image_limits import ARM64, PLATFORM
from agentcore_cli.builders.packages import packages
from agentcore_cli.builders.packages.installer import Stopping, Tell
from agentcore_cli.builders.packages.vetting import Vet, accept, require_server
from agentcore_cli.errors import AgentcoreError, InputError

if TYPE_CHECKING:
    from docker import APIClient

_HIDDEN: Final = ".dockerfile.agentcore"  # with a line in .dockerignore the engine takes it out before the first COPY
_IGNORE: Final = ".dockerignore"
_UNTAGGED: Final = "<none>:<none>"
# What an engine says when a layer goes, with another image that had it, while a step is built on it: the image store
# (moby/image), the layer store (moby/layer, overlay2), or containerd's. Which one depends on the step's moment.
_LAYER_REMOVED: Final = re.compile(
    r"unknown parent image ID|No such image: sha256:|failed to get digest sha256:|failed to set parent sha256:"
    r"|layer does not exist|cannot create layer with missing parent|/(overlay2|imagedb)/\S*: no such file or directory"
    r"|(content digest|snapshot) \S+: not found|parent snapshot \S+ does not exist"
)
_BUILDS: Final = 4  # how often a build that loses a layer is begun
_NO_EMULATION: Final = (
    "install it once (Debian: `sudo apt install qemu-user-static binfmt-support`; elsewhere "
    "`docker run --privileged --rm tonistiigi/binfmt --install arm64`), or build on an arm64 machine"
)


@dataclass(frozen=True, slots=True)
class EngineImage:
    """An image in the engine. `id` is the `sha256:...` of its configuration, `reference` the name and tag it has there.

    `architecture` is as the engine names it (`arm64`), `size` is in bytes, uncompressed.
    """

    id: str
    reference: str
    architecture: str
    size: int

    @property
    def digest(self) -> str:
        return self.id


def inspect(reference: str) -> EngineImage | None:
    """The image of a name in the engine, if there is one. Raises AgentcoreError when there is not a Docker Engine."""
    with docker_engine.connected() as client:
        return _inspect(client, reference)


def tag(image: EngineImage, reference: str) -> None:
    """Give an image another name, `repository:tag`."""
    repository, _, name = reference.rpartition(":")
    with docker_engine.connected() as client:
        client.tag(image.id, repository, name)


def labelled(labels: Mapping[str, str]) -> list[str]:
    """The names (or, without one, ids) of the images that carry all these labels."""
    with docker_engine.connected() as client:
        return _names(_labelled(client, labels, None))


def check(inputs: ImageInputs) -> None:
    """Raise what `build` would raise before it starts: no engine, or no emulation where the Dockerfile needs it."""
    with docker_engine.connected() as client:
        _check_emulation(client, inputs)


def build(inputs: ImageInputs, cache: Path, *, tell: Tell, stopping: Stopping, vet: Vet = accept) -> EngineImage:
    """Build the image unless the engine has it; `cache` is the folder where packages are kept.

    `vet` may refuse the packages, when they are there and before the engine is given them.
    Raises InputError for a fault of the project and AgentcoreError when a step of the build fails, with its last
    lines, when there is not a Docker Engine or emulation, or when the image is not arm64 or above 2 GB.
    """
    with docker_engine.connected() as client:
        name = reference(inputs.project.agent, inputs.tag)
        if there := _inspect(client, name):
            return there
        _check_emulation(client, inputs)
        installed = packages.build(cache, inputs.wanted, tell=tell, stopping=stopping) if inputs.wanted else None
        if installed:
            require_server(inputs.project.start, inputs.project.requirements, installed)
            vet(installed)
        image_id = _run(client, inputs, _items(inputs, installed), tell, stopping)
        built = _inspect(client, image_id)
        if built is None:
            raise AgentcoreError(
                f"{image_id}: built, and not in the engine any more", hint="run the same command again"
            )
        _check(client, built)
        client.tag(built.id, *name.split(":"))
        return EngineImage(built.id, name, built.architecture, built.size)


def save(image: EngineImage, file: Path, *, tell: Tell, stopping: Stopping) -> None:
    """Write an image of the engine to `file`, whole or not at all."""
    tell(f"writing {file}")
    with docker_engine.connected() as client, files.replaced(file) as out:
        for piece in client.get_image(image.reference or image.id):
            if stopping():
                raise AgentcoreError("interrupted")
            out.write(piece)


def remove(labels: Mapping[str, str], *, without: str | None = None) -> list[str]:
    """Remove the images that carry all these labels and not `without`, but for those that a container uses.

    Gives what is gone, by name or id. Raises AgentcoreError when there is not a Docker Engine.
    """
    from docker.errors import APIError

    gone = []
    with docker_engine.connected() as client:
        for name in _names(_labelled(client, labels, without)):
            try:
                client.remove_image(name)
            except APIError:
                continue  # in use, or the base of another
            gone.append(name)
    return gone


def remove_names(repository: str) -> None:
    """Take the names away that images have in `repository` and below it; an image that has others stays."""
    from docker.errors import APIError

    with docker_engine.connected() as client:
        for name in _names(client.images()):
            place = name.rpartition(":")[0]
            if place == repository or place.startswith(f"{repository}/"):
                with contextlib.suppress(APIError):  # in use
                    client.remove_image(name)


def _labelled(client: APIClient, labels: Mapping[str, str], without: str | None) -> list[Mapping[str, Any]]:
    wanted = [f"{name}={value}" for name, value in labels.items()]
    found = client.images(filters={"label": wanted})
    return [image for image in found if without not in (image.get("Labels") or {})]


def _names(images: Iterable[Mapping[str, Any]]) -> list[str]:
    return [name for image in images for name in _tags(image) or [image["Id"]]]


def _tags(image: Mapping[str, Any]) -> list[str]:
    return [tag for tag in image.get("RepoTags") or () if tag != _UNTAGGED]


def _run(client: APIClient, inputs: ImageInputs, items: Mapping[str, Item], tell: Tell, stopping: Stopping) -> str:
    """The image's id. A build that lost a layer to the removal of another image, which had it too, is begun anew."""
    for _ in range(_BUILDS - 1):
        try:
            return _run_once(client, inputs, items, tell, stopping)
        except AgentcoreError as error:
            if not _LAYER_REMOVED.search(error.message):
                raise
        tell("begun anew: a layer was removed meanwhile")
    return _run_once(client, inputs, items, tell, stopping)


def _run_once(client: APIClient, inputs: ImageInputs, items: Mapping[str, Item], tell: Tell, stopping: Stopping) -> str:
    project = inputs.project
    log = build_log.BuildLog(tell, project.build_args.values())
    stream = client.build(
        fileobj=context.stream(items),
        custom_context=True,
        dockerfile=_HIDDEN,
        platform=PLATFORM,
        buildargs=dict(project.build_args),
        labels=dict(project.labels),
        rm=True,
        forcerm=True,
        decode=True,
    )
    for event in docker_engine.events(stream, stopping):
        log.take(event)
    return log.image_id


def _items(inputs: ImageInputs, installed: Path | None) -> dict[str, Item]:
    """The context, with the Dockerfile in it."""
    hidden = {_HIDDEN: Item(inputs.dockerfile.encode()), _IGNORE: Item(f"{_HIDDEN}\n{_IGNORE}\n".encode())}
    return image_context.items(inputs, installed) | hidden


def _inspect(client: APIClient, reference: str) -> EngineImage | None:
    from docker.errors import ImageNotFound

    try:
        answer: Mapping[str, Any] = client.inspect_image(reference)
    except ImageNotFound:
        return None
    return EngineImage(answer["Id"], reference, answer["Architecture"], answer["Size"])


def _check_emulation(client: APIClient, inputs: ImageInputs) -> None:
    if not inputs.has_run or docker_engine.architecture(client) == ARM64:
        return
    if docker_engine.is_on_this_machine() and emulation.runs_arm64() is False:
        name = inputs.own_dockerfile or "the Dockerfile of `install: image`"
        raise AgentcoreError(
            f"{name} runs a command (RUN), and this machine can't run arm64 programs", hint=_NO_EMULATION
        )


def _check(client: APIClient, built: EngineImage) -> None:
    """An image that AgentCore does not run is of no use to anybody."""
    try:
        runnable.require_arm64("the image", built.architecture)
        runnable.require_small("the image", built.size)
    except InputError:
        client.remove_image(built.id)
        raise
