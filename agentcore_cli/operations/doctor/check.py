"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agentcore_cli.config import Agent, Target

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Check:
    """`fail`: what was chosen can't work without it. `fix` says what to do, None where all is well."""

    name: str
    status: Status
    detail: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The agent and the target that are examined; `usual_profile` is the project's way to AWS."""

    root: Path
    agent_name: str
    agent: Agent
    target_name: str
    target: Target
    usual_profile: str | None = None

    @property
    def is_local(self) -> bool:
        return self.target_name == "local"

    @property
    def profile(self) -> str | None:
        """Whose credentials count: local sessions get those by which the project is deployed to AWS."""
        return self.target.profile or (self.usual_profile if self.is_local else None)


def missing(name: str, detail: str, fix: str, *, needed: bool) -> Check:
    """Something that is not there: a failure where it is needed, else worth a word."""
    return Check(name, "fail" if needed else "warn", detail, fix)
