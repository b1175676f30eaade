"""An image's way from the engine to a registry, through the Docker SDK."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from agentcore_cli.builders import docker_engine
from agentcore_cli.builders.docker_engine import Event
from agentcore_cli.builders.installer import Stopping, Tell
from agentcore_cli.errors import AgentcoreError

_TOLD_SECONDS: Final = 1.0


def push(image_id: str, uri: str, tag: str, credentials: Mapping[str, str], *, tell: Tell, stopping: Stopping) -> str:
    """Push an image of the engine as `uri:tag`; gives the digest that the registry knows it by.

    `credentials` are `username` and `password`. Raises AgentcoreError with what the engine or the registry says.
    """
    with docker_engine.connected() as client:
        client.tag(image_id, uri, tag)
        progress = _Progress(tell)
        stream = client.push(uri, tag=tag, auth_config=dict(credentials), stream=True, decode=True)
        for event in docker_engine.events(stream, stopping):
            if "error" in event:
                raise AgentcoreError(
                    f"the image can't be pushed to {uri}: {event['error']}", hint="run the same command again"
                )
            progress.take(event)
    if progress.digest is None:
        raise AgentcoreError(f"the push to {uri} ended without a digest", hint="run the same command again")
    return progress.digest


class _Progress:
    """What was said so far; told at most once a second."""

    def __init__(self, tell: Tell) -> None:
        self.digest: str | None = None
        self._tell = tell
        self._layers: dict[str, tuple[int, int]] = {}
        self._told = 0.0

    def take(self, event: Event) -> None:
        if "aux" in event and "Digest" in event["aux"]:
            self.digest = event["aux"]["Digest"]
        detail = event.get("progressDetail") or {}
        if event.get("status") != "Pushing" or "total" not in detail:
            return
        self._layers[event["id"]] = (detail["current"], detail["total"])
        if time.monotonic() - self._told >= _TOLD_SECONDS:
            self._told = time.monotonic()
            done, total = (sum(layer[index] for layer in self._layers.values()) / 1024**2 for index in (0, 1))
            self._tell(f"pushing: {done:.0f} of {total:.0f} MB")
