"""A built image on its way to a registry, through the Docker Engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from agentcore_cli.builders.images import docker_engine
from agentcore_cli.builders.images.layers import Layers
from agentcore_cli.builders.packages.installer import Stopping, Tell
from agentcore_cli.builders.registry.access import SignIn
from agentcore_cli.errors import AgentcoreError, ConflictError

if TYPE_CHECKING:
    from docker import APIClient

_HINT: Final = (
    "see that the engine reaches the registry, then run the same command again: what is there is not sent twice"
)


def push(image_id: str, repository: str, tag: str, sign_in: SignIn, *, tell: Tell, stopping: Stopping) -> str:
    """Push an image of the engine to `repository`, a URI; gives the digest of its manifest, `sha256:...`.

    The engine keeps nothing of `sign_in`.

    Raises ConflictError for a tag that is there already and can't be moved, AgentcoreError for every other failure.
    """
    with docker_engine.connected() as client:
        client.tag(image_id, repository, tag)
        return _push(client, repository, tag, sign_in, tell, stopping)


def _push(client: APIClient, repository: str, tag: str, sign_in: SignIn, tell: Tell, stopping: Stopping) -> str:
    auth = {"username": sign_in.user, "password": sign_in.password}
    stream = client.push(repository, tag=tag, auth_config=auth, stream=True, decode=True)
    progress, digest = Layers("Pushing", "pushing"), ""
    for event in docker_engine.events(stream, stopping):
        if "error" in event:
            raise _failure(repository, tag, str(event["error"]))
        if aux := event.get("aux"):
            digest = aux.get("Digest", digest)
        if line := progress.take(event):
            tell(line)
    if not digest:
        raise AgentcoreError(f"{repository}:{tag}: the engine gave no digest for what it pushed", hint=_HINT)
    return digest


def _failure(repository: str, tag: str, error: str) -> AgentcoreError:
    if "immutable" in error or "already exists" in error:
        return ConflictError(f"{repository}:{tag}: there already: {error}")
    return AgentcoreError(f"{repository}:{tag}: can't be pushed: {error}", hint=_HINT)
