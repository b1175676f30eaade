"""Which agent and which target of the config a command is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from agentcore_cli.config.schema import AgentConfig, Config, Target
from agentcore_cli.errors import InputError, NotFoundError

LOCAL: Final = "local"


def choose_agent(config: Config, name: str | None) -> tuple[str, AgentConfig]:
    """The agent called `name`, else the default one, else the only one.

    Raises NotFoundError (4) for an unknown name and InputError (2) when there are several and no default.
    """
    chosen = name or config.default_agent or (next(iter(config.agents)) if len(config.agents) == 1 else None)
    if chosen is None:
        raise InputError(
            f"which agent? The config has {_listed(config.agents)} and no default_agent",
            hint="give --agent NAME, or `agentcore configure --name NAME --default`",
        )
    if chosen not in config.agents:
        raise NotFoundError(f"agent {chosen}: not in the config", hint=_instead(chosen, config.agents))
    return chosen, config.agents[chosen]


def is_meant_unnamed(config: Config, name: str) -> bool:
    """Whether commands without --agent are about this agent."""
    return len(config.agents) == 1 or name == config.default_agent


def choose_target(config: Config, name: str | None, environ: Mapping[str, str]) -> tuple[str, Target]:
    """The target called `name`, else AGENTCORE_TARGET, else `default_target`, else the only one, else `local`.

    `local` always exists. Raises NotFoundError (4) for an unknown name and InputError (2) when it is open.
    """
    chosen = name or environ.get("AGENTCORE_TARGET") or config.default_target or _only(config.targets)
    if chosen is None:
        raise InputError(
            f"which target? The config has {_listed(config.targets)} and no default_target",
            hint="give --target NAME or --local",
        )
    if chosen in config.targets:
        return chosen, config.targets[chosen]
    if chosen == LOCAL:
        return LOCAL, Target()
    source = " (from AGENTCORE_TARGET)" if not name and environ.get("AGENTCORE_TARGET") else ""
    raise NotFoundError(
        f"target {chosen}{source}: not in the config", hint=_instead(chosen, sorted({*config.targets, LOCAL}))
    )


def _only(targets: Mapping[str, Target]) -> str | None:
    names = list(targets) or [LOCAL]
    return names[0] if len(names) == 1 else None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _instead(name: str, known: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]}?" if close else f"there is: {_listed(known)}"
