"""What an agent's sessions reach on this machine, and what they do not: told before somebody is surprised by it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from agentcore_cli import contract, wiring
from agentcore_cli.events import Listener, Note
from agentcore_cli.operations.selection import Selected

if TYPE_CHECKING:
    from agentcore_cli.local.protocol import Health

Mode = Literal["private", "shared", "none"]


@dataclass(frozen=True, slots=True)
class NetworkOfSessions:
    """`reason` says why it is `shared` with this machine.

    `reaches` are the services of this machine's loopback that are named to sessions whose loopback is their own, each
    with the variable that names it; sessions reach those that listen when a session starts.
    """

    mode: Mode
    reason: str | None
    reaches: tuple[str, ...]

    @property
    def surprise(self) -> str | None:
        """What somebody who takes the walls for closed should know, or None."""
        if self.mode == "shared":
            return f"shared with this machine: {self.reason}"
        return f"{self.mode}, but reaches {', '.join(self.reaches)} of this machine" if self.reaches else None


def session_network(selected: Selected, environment: Mapping[str, str]) -> NetworkOfSessions | None:
    """That of a version whose variables are `environment`, for code; None off this machine.

    What its secrets name is not known here.
    """
    if not selected.is_local:
        return None
    asked = environment.get(contract.LOCAL_NETWORK, "")
    if asked == "shared":
        return NetworkOfSessions("shared", "local.network asks for it", ())
    if asked != "none" and (reason := _reason_against(wiring.local_runtime().health())):
        return NetworkOfSessions("shared", reason, ())
    return NetworkOfSessions("none" if asked == "none" else "private", None, _reached(selected, environment))


def _reason_against(health: Health) -> str:
    """Why sessions have no network of their own on this machine, or nothing."""
    for wall in health.protections:
        if wall["name"] == contract.LOCAL_NETWORK_PROTECTION and not wall["active"]:
            return wall["reason"]
    return ""


def _reached(selected: Selected, environment: Mapping[str, str]) -> tuple[str, ...]:
    from agentcore_cli.local.sandbox.environment import passed_on
    from agentcore_cli.local.sandbox.reach import services

    given = {} if selected.loaded.config.local.credentials == "none" else _endpoints()
    return tuple(map(str, services({**passed_on(), **given, **environment}, without=())))


def _endpoints() -> dict[str, str]:
    """Those of AWS that the deployer's own variables name: sessions get them with the credentials."""
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_ENDPOINT_URL")}


def tell_of_network(selected: Selected, health: Health, listener: Listener) -> None:
    """Say so when sessions do not get the private network that the config asks for."""
    if selected.loaded.config.local.network == "private" and (reason := _reason_against(health)):
        text = f"sessions share this machine's network, not private as local.network asks: {reason}"
        listener(Note(text, "warning"))


def tell_level(health: Health, listener: Listener) -> None:
    """Once for each agent, before any of it runs: what sessions that are no more than processes do not protect."""
    if health.level == "process":
        message = (
            f"sessions are separate processes here, and no more ({health.level_reason}): an agent can read and change "
            "what you can. Run agents that you don't trust elsewhere"
        )
        listener(Note(message, "warning"))
