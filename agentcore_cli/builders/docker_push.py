"""From the engine to a registry, with credentials that go with this one request and are written down nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentcore_cli.builders import docker_engine
from agentcore_cli.builders.docker_engine import Event
from agentcore_cli.builders.docker_image import LocalImage
from agentcore_cli.builders.installer import Stopping, Tell
from agentcore_cli.errors import AgentcoreError


@dataclass(frozen=True, slots=True)
class Login:
    """Who signs in to the registry."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pushed:
    """`digest` is that of the manifest, `layers` how many went over the wire; the registry had the others."""

    digest: str
    layers: int


def push(image: LocalImage, repository: str, tag: str, login: Login, *, tell: Tell, stopping: Stopping) -> Pushed:
    """Push the image to `repository` (host and name).

    Raises AgentcoreError with what the registry or the engine said when it fails.
    """
    credentials = {"username": login.user, "password": login.password}
    log = PushLog(repository, tell)
    with docker_engine.connected() as client:
        client.tag(image.id, repository, tag)
        stream = client.push(repository, tag=tag, stream=True, decode=True, auth_config=credentials)
        for event in docker_engine.events(stream, stopping):
            log.take(event)
    return log.result()


class PushLog:
    """Takes the events of one push."""

    def __init__(self, repository: str, tell: Tell) -> None:
        self._repository = repository
        self._tell = tell
        self._layers: dict[str, str] = {}
        self._digest = ""

    def take(self, event: Event) -> None:
        """Raises AgentcoreError when the event is an error."""
        if "error" in event:
            raise AgentcoreError(
                f"the image can't be pushed to {self._repository}: {event['error']}",
                hint="the built image stays in the engine: the same command goes on from there",
            )
        if digest := event.get("aux", {}).get("Digest"):
            self._digest = digest
        status, layer = event.get("status", ""), event.get("id", "")
        if status in ("Pushed", "Layer already exists") or status.startswith("Mounted from"):
            self._layers[layer] = status
            if status == "Pushed":
                self._tell(f"pushed layer {layer}: {len(self._layers)} there")

    def result(self) -> Pushed:
        """Raises AgentcoreError when the engine ended without saying what was pushed."""
        if not self._digest:
            raise AgentcoreError(
                f"the image can't be pushed to {self._repository}: the engine ended without a digest",
                hint="run the same command again",
            )
        return Pushed(self._digest, sum(status == "Pushed" for status in self._layers.values()))
