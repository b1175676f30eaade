"""How far the layers of an image are on their way to or from a registry, by what the engine says of each."""

from __future__ import annotations

import time
from typing import Final

from agentcore_cli.builders.images.docker_engine import Event

_TELL_SECONDS: Final = 1.0  # between two lines


class Layers:
    """`status` is the engine's word for bytes that move, `doing` ours."""

    def __init__(self, status: str, doing: str) -> None:
        self._status = status
        self._doing = doing
        self._layers: dict[str, tuple[int, int]] = {}
        self._told = 0.0

    def take(self, event: Event) -> str | None:
        """A line, at most once a second."""
        detail = event.get("progressDetail") or {}
        if event.get("status") == self._status and "total" in detail:
            self._layers[event["id"]] = (min(detail["current"], detail["total"]), detail["total"])
        if not self._layers or time.monotonic() - self._told < _TELL_SECONDS:
            return None
        self._told = time.monotonic()
        done, total = (sum(layer[index] for layer in self._layers.values()) / 1024**2 for index in (0, 1))
        return f"{self._doing} {done:.0f} of {total:.0f} MB"
