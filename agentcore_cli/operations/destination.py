"""Whom a call goes to: an agent of the config where it is deployed, or any runtime by its ARN."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from agentcore_cli import wiring
from agentcore_cli.config import AgentConfig, Target
from agentcore_cli.contract import DEFAULT_ENDPOINT, LOCAL_ACCOUNT, Arn, Protocol
from agentcore_cli.errors import InputError
from agentcore_cli.operations.selection import Options, Selected

if TYPE_CHECKING:
    from agentcore_cli.aws.data_plane import DataPlane

_ARN: Final = (
    r"(arn:aws[a-z-]*:bedrock-agentcore:([a-z0-9-]+):(\d{12}):runtime/[A-Za-z0-9_-]+)"
    r"(?:/runtime-endpoint/([A-Za-z0-9_-]+))?"
)
_FRESH_SECONDS: Final = 300.0  # far longer than the 404 that may follow READY
_FORM: Final = "arn:aws:bedrock-agentcore:REGION:ACCOUNT:runtime/ID"


class Destination(NamedTuple):
    """A runtime's endpoint. `selected` is what the config says of it; None when only the ARN is known."""

    arn: str
    endpoint: str
    target: Target
    is_local: bool
    selected: Selected | None = None

    @property
    def region(self) -> str:
        return Arn.of(self.arn).region

    @property
    def runtime_id(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def agent(self) -> AgentConfig | None:
        return self.selected.agent if self.selected else None

    @property
    def protocol(self) -> Protocol:
        """What it speaks, as far as it is known: of an ARN alone nothing is."""
        return self.agent.protocol if self.agent else "HTTP"

    @property
    def is_fresh(self) -> bool:
        """Whether the data plane may not know of it yet: the project has just deployed it, and not in vain."""
        if self.selected is None or self.is_unfinished:
            return False
        return self.selected.state.was_written_within(_FRESH_SECONDS)

    @property
    def is_unfinished(self) -> bool:
        """Whether the last deploy of it, as far as the project knows, came to no end."""
        return self.selected is not None and self.selected.state.is_unfinished(self.selected.agent_name)

    def plane(self, *, timeout: float, bearer: str | None = None) -> DataPlane:
        """The client that calls it; `timeout` is how long the agent may be silent, in seconds."""
        if self.is_local:
            return wiring.local_data_plane(self.region, timeout=timeout, bearer=bearer)
        endpoint = self.selected.agreed_endpoint() if self.selected else None
        return wiring.aws_data_plane(self.region, self.target, endpoint=endpoint, timeout=timeout, bearer=bearer)

    def command(self, verb: str) -> str:
        """The command line of a verb about it."""
        endpoint = "" if self.endpoint == DEFAULT_ENDPOINT else f" --qualifier {shlex.quote(self.endpoint)}"
        if self.selected is not None:
            return self.selected.command(verb) + endpoint
        profile = f" --profile {shlex.quote(self.target.profile)}" if self.target.profile else ""
        return f"agentcore {verb} --arn {self.arn}{profile}{endpoint}"

    def where_to_look(self) -> str:
        """What to do when there is no such runtime, or no such endpoint of it."""
        if self.selected is None:
            return "check the ARN and --qualifier"
        return self.selected.command("status" if self.endpoint == DEFAULT_ENDPOINT else "endpoints list")


def of(selected: Selected, endpoint: str | None) -> Destination:
    """Where the config's agent is. Raises NotFoundError (4) when it isn't deployed on the target."""
    arn = wiring.deployed(selected).arn
    return Destination(arn, endpoint or DEFAULT_ENDPOINT, selected.target, selected.is_local, selected)


def by_arn(arn: str, endpoint: str | None, options: Options, environ: Mapping[str, str] = os.environ) -> Destination:
    """Any runtime, or an endpoint of one; no config is read. Raises InputError for what contradicts the ARN.

    One of the local runtime's account is local, unless AWS's variables name the address.
    """
    if (parts := re.fullmatch(_ARN, arn)) is None:
        raise InputError(f"--arn {arn}: not the ARN of a runtime", hint=_FORM)
    runtime, region, account, named = parts.groups()
    for option, value in (("--agent", options.agent), ("--config", options.config)):
        if value is not None:
            raise InputError(f"--arn and {option}: choose one of them")
    if options.target not in (None, "local"):
        raise InputError("--arn and --target: choose one of them", hint="--profile says whose credentials are used")
    if options.region not in (None, region):
        raise InputError(f"--region {options.region}: the ARN is of {region}", hint="leave --region out")
    if endpoint and named and endpoint != named:
        raise InputError(f"--qualifier {endpoint}: the ARN is of the endpoint {named}", hint="leave --qualifier out")
    is_local = options.target == "local" or (account == LOCAL_ACCOUNT and not _has_address(environ))
    target = Target(region=region, profile=options.profile)
    return Destination(runtime, endpoint or named or DEFAULT_ENDPOINT, target, is_local)


def _has_address(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE") or environ.get("AWS_ENDPOINT_URL"))
