"""What a Docker Engine says while it builds, as short lines for a person and as an error when it fails."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from typing import Final

from agentcore_cli.builders.images.docker_engine import Event
from agentcore_cli.builders.images.layers import Layers
from agentcore_cli.builders.packages.installer import Tell
from agentcore_cli.builders.packages.redaction import conceal
from agentcore_cli.errors import AgentcoreError

_STEP: Final = re.compile(r"Step (\d+)/(\d+) : (.*)")
_SHOWN_LINES: Final = 12
_SHOWN_WIDTH: Final = 100


class BuildLog:
    """Takes the events of one build; `image_id` is there at the end."""

    def __init__(self, tell: Tell, concealed: Iterable[str] = ()) -> None:
        self.image_id = ""
        self._tell = tell
        self._concealed = list(concealed)
        self._step = "before the first step"
        self._lines: deque[str] = deque(maxlen=_SHOWN_LINES)
        self._pull = Layers("Downloading", "pulling the base image:")

    def take(self, event: Event) -> None:
        """Raises AgentcoreError, with the failing step and its last lines, when the event is an error."""
        if "error" in event:
            raise self._failure(str(event["error"]))
        if "aux" in event and "ID" in event["aux"]:
            self.image_id = event["aux"]["ID"]
        elif "stream" in event:
            for line in event["stream"].splitlines():
                self._take_line(line.rstrip())
        elif "status" in event and (line := self._pull.take(event)):
            self._tell(line)

    def _take_line(self, line: str) -> None:
        if step := _STEP.fullmatch(line):
            self._step = self._clean(f"step {step[1]} of {step[2]}: {step[3]}")
            self._lines.clear()
            self._tell(self._step[:_SHOWN_WIDTH])
        elif line and not line.startswith(" --->"):
            self._lines.append(self._clean(line))

    def _failure(self, error: str) -> AgentcoreError:
        text = "\n".join([*self._lines, self._clean(error.strip())])
        return AgentcoreError(f"the image can't be built: {self._step}:\n{text}", hint=_hint(text))

    def _clean(self, line: str) -> str:
        return conceal(line, self._concealed)


def _hint(text: str) -> str:
    if "exec format error" in text:
        return "the engine can't run arm64 programs: install qemu-user-static and binfmt-support"
    if "requires BuildKit" in text:
        return "the Docker SDK builds without BuildKit: write the step without --mount and heredocs"
    if "pull access denied" in text or "manifest" in text or "dial tcp" in text or "no such host" in text:
        return "see that the base image exists for linux/arm64 and that the engine reaches its registry"
    return "mend that step, then run this again"
