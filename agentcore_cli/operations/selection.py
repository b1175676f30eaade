"""Which config, which agent and which target a command is about."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from agentcore_cli.config import (
    LOCAL,
    AgentConfig,
    Loaded,
    Target,
    choose_agent,
    choose_target,
    find,
    is_meant_unnamed,
    load,
)
from agentcore_cli.config.regions import region_fault
from agentcore_cli.errors import InputError, UntrustedError
from agentcore_cli.operations.aws_profile import find_region
from agentcore_cli.state import State
from agentcore_cli.trust import Trust, is_loopback, origin

Ask = Callable[[str], bool]  # is told what it is about; the person's yes or no


class Options(Struct, frozen=True):
    """What was said on the command line; None is "not said".

    `trust` are addresses that may get credentials; `ask` puts the question, None where there is nobody to ask.
    """

    config: Path | None = None
    target: str | None = None
    agent: str | None = None
    profile: str | None = None
    region: str | None = None
    trust: tuple[str, ...] = ()
    ask: Ask | None = None


class Selected(Struct, frozen=True):
    loaded: Loaded
    agent_name: str
    agent: AgentConfig
    target_name: str
    target: Target
    state: State
    trust: tuple[str, ...] = ()
    ask: Ask | None = None

    @property
    def is_local(self) -> bool:
        return self.target_name == LOCAL

    @property
    def usual_profile(self) -> str | None:
        """Whose credentials count: local sessions get those by which the project is deployed to AWS."""
        return self.target.profile or (self.loaded.config.usual_profile if self.is_local else None)

    def agreed_endpoint(self) -> str | None:
        """The address that replaces AWS's, once the person has agreed that it gets what their credentials sign.

        Raises UntrustedError (2) where they have not. To be called before any credentials are looked for.
        """
        if self.target.endpoint is not None:
            url = self.target.endpoint
            self.require_trust(f"targets.{self.target_name}.endpoint", url, address=origin(url))
        return self.target.endpoint

    def require_trust(self, key: str, url: str, *, address: str) -> None:
        """Ask, once for each address that is not on this machine, whether it may get credentials; `key` names it.

        `address` is what is agreed to: the origin of `url`, or all of it where strangers share the origin, as they do
        with user pools. Raises UntrustedError (2) for a no, and where nobody can be asked.
        """
        if is_loopback(url):
            return
        trust = Trust()
        if trust.has("addresses", address):
            return
        if address not in self.trust:
            about = f"{key} is {url}: this config sends what your credentials sign, or a secret, there and not to AWS"
            if self.ask is None:
                hint = f"if you trust that address, give --trust {address} once; it is kept in {trust.path}"
                raise UntrustedError(f"{about}; you have not agreed to that yet", hint=hint)
            if not self.ask(about):
                raise UntrustedError(f"{key}: nothing was sent to {address}: the answer was no")
        trust.add("addresses", address)

    def command(self, verb: str) -> str:
        """The command line of a verb about the same agent and target."""
        target = "--local" if self.is_local else f"--target {self.target_name}"
        agent = "" if is_meant_unnamed(self.loaded.config, self.agent_name) else f" --agent {self.agent_name}"
        return f"agentcore {verb} {target}{agent}"

    def deploy_command(self) -> str:
        """What deploys this agent to this target."""
        return self.command("deploy")


def select(options: Options, environ: Mapping[str, str] = os.environ) -> Selected:
    """Find and read the config and choose in it. Raises ConfigError or InputError (2), or NotFoundError (4)."""
    if options.region is not None and (fault := region_fault(options.region)):
        raise InputError(f"--region: {fault}")
    trust = tuple(address for url in options.trust for address in (url, _address(url)))
    loaded = load(find(options.config, Path.cwd()))
    agent_name, agent = choose_agent(loaded.config, options.agent)
    target_name, target = choose_target(loaded.config, options.target, environ)
    said = {"profile": options.profile, "region": options.region}
    target = msgspec.structs.replace(target, **{key: value for key, value in said.items() if value is not None})
    if target.region is None and target_name != LOCAL:
        found = find_region(target.profile, environ)
        target = msgspec.structs.replace(target, region=found[0] if found else None)
    return Selected(loaded, agent_name, agent, target_name, target, State(loaded.root, target_name), trust, options.ask)


def _address(url: str) -> str:
    try:
        return origin(url)
    except ValueError as error:
        raise InputError(f"--trust {error}", hint="--trust https://HOST") from None
