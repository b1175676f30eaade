"""What the local runtime is told before a version is made: credentials, secrets, and what the version will be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agentcore_cli import contract, names, wiring
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.events import Event, Listener, Step
from agentcore_cli.keys import RUNTIME
from agentcore_cli.operations.deploy.handed_over import HandedOver, hand_over
from agentcore_cli.operations.selection import Selected

if TYPE_CHECKING:
    from agentcore_cli.local.protocol import ServerFile
    from agentcore_cli.operations.deploy.deploy import DeployRequest


@dataclass(slots=True)
class CredentialsHandedOver:
    """Gives local sessions the deployer's AWS credentials and the agent's secrets, on every deploy, once to a server,
    which keeps them in memory only.

    They are there before the runtime is: its first session starts before it is READY.
    """

    request: DeployRequest
    selected: Selected
    secrets: Mapping[str, str] = field(repr=False)
    server: ServerFile | None = None

    def __call__(self) -> None:
        runtime = wiring.local_runtime()
        if runtime.server == self.server:
            return
        config, profile = self.selected.loaded.config, self.selected.target.profile
        withheld = config.local.credentials == "none"
        given = HandedOver({}, None) if withheld else hand_over(self.request.caller, profile, config.usual_profile)
        runtime.put_credentials(local_arn(self.selected), given.environment, given.source, self.secrets)
        self.server = runtime.server


def before_runtime(hand_over_credentials: Callable[[], None], listener: Listener) -> Listener:
    """Hand them over anew just before the runtime is made: while packages were installed a server may have ended that
    had nothing to do, and what it was given with it."""

    def heard(event: Event) -> None:
        if isinstance(event, Step) and (event.name, event.status) == (RUNTIME, "started"):
            hand_over_credentials()
        listener(event)

    return heard


def foresee(request: DeployRequest, selected: Selected, runtime_id: str | None, body: Mapping[str, Any]) -> None:
    """Let the trial of a local version that is not the first begin; then whoever deploys may have a word."""
    if request.must_start == "waits" and runtime_id is not None:
        with suppress(AgentcoreError):  # the update says what is wrong
            wiring.local_runtime().foresee(runtime_id, body, request.must_start)
    request.before_version()


def local_arn(selected: Selected) -> str:
    """The runtime's, but for the end that an id is given when it is made."""
    name = names.local_runtime_name(selected.agent_name, selected.loaded.config.project)
    return contract.runtime_arn(wiring.region(selected), contract.LOCAL_ACCOUNT, name)
