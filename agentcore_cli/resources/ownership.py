"""Whose a resource is: ours only if project, agent and target all agree with its tags."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from agentcore_cli.contract import TAG_AGENT, TAG_PROJECT, TAG_TARGET
from agentcore_cli.errors import ConflictError

if TYPE_CHECKING:  # who only asks whose it is does without the engine
    from agentcore_cli.engine import Found

_OF_AWS: Final = "aws:"  # what begins so only AWS puts on and takes off, CloudFormation for one (Tagging AWS resources)


@dataclass(frozen=True, slots=True)
class Owner:
    project: str
    agent: str
    target: str

    @property
    def tags(self) -> dict[str, str]:
        return {TAG_PROJECT: self.project, TAG_AGENT: self.agent, TAG_TARGET: self.target}

    def refusal(self, what: str, tags: Mapping[str, str], *, recorded: bool) -> ConflictError | None:
        """Why `what` must not be touched, or None when it is ours.

        A thing that our records name by its id stays ours when somebody took an owner tag away, but not when the tag
        names another owner.
        """
        others = {key: tags[key] for key, value in self.tags.items() if key in tags and tags[key] != value}
        missing = self.tags.keys() - tags.keys()
        if not others and (recorded or not missing):
            return None
        whose = ", ".join(f"{key.partition(':')[2]} {value}" for key, value in others.items())
        return ConflictError(
            f"{what} exists and is not ours: "
            + (f"it belongs to {whose}" if others else "it has no tags of this project"),
            hint=_ways_out(others),
        )


def _ways_out(others: Mapping[str, str]) -> str:
    """What to do about a thing of our name whose owner tags are `others` where they differ from ours."""
    apart = "give the agent another name, or remove that one first if nobody needs it"
    if others.keys() != {TAG_PROJECT}:
        return apart
    project = f"`project: {others[TAG_PROJECT]}`"
    return f"if an earlier config of yours made it, {project} in the config reaches it; else {apart}"


def tags_of_people(tags: Mapping[str, str]) -> dict[str, str]:
    """Those that a caller can change."""
    return {key: value for key, value in tags.items() if not key.startswith(_OF_AWS)}


class TagClient(Protocol):
    """Puts tags on what has this name, or ARN, and takes them off."""

    def tag(self, name: str, tags: Mapping[str, str], /) -> None: ...

    def untag(self, name: str, keys: Collection[str], /) -> None: ...


def change_tags(client: TagClient, name: str, there: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Make `there` what is wanted; a call with nothing to do is not made."""
    if new := {key: value for key, value in wanted.items() if there.get(key) != value}:
        client.tag(name, new)
    if surplus := there.keys() - wanted.keys():
        client.untag(name, surplus)


def made(what: str, create: Callable[[], object], read: Callable[[], Found | None]) -> Found:
    """What is there once it is made, as `read` has it. Raises ConflictError for what is not ours.

    One that was there already is a call of ours whose answer was lost, or somebody else was faster.
    """
    lost: ConflictError | None = None
    try:
        create()
    except ConflictError as error:
        lost = error
    there = read()
    if there is None:
        raise lost or ConflictError(f"{what}: made, and gone again", hint="deploy again")
    if there.refusal:
        raise there.refusal
    return there


def taken(kind: str, name: str, there: Found | None, error: ConflictError) -> ConflictError:
    """What a taken name means: a deploy of ours elsewhere, somebody else's thing, or one that the list hid before."""
    if there is None or there.refusal:
        return (there.refusal if there else None) or error
    return ConflictError(
        f"{kind} {name}: another deploy of this project has just made it",
        hint=f"wait for that to end, then deploy again: that goes on with the same {kind}",
        request_id=error.request_id,
    )


@runtime_checkable
class Claiming(Protocol):
    """A resource that AWS may have made for one of ours, and that has no tags of us yet."""

    def claim(self) -> None:
        """Put our tags on it, before what it belongs to is gone."""
