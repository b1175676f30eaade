"""What the config's `secrets` come to: names in the config, values in memory, and nothing of them anywhere else.

On the local runtime each value comes from the shell that deploys, else from `.env.local`, else from `.env`. An agent
that lacks one is told how it gets there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from agentcore_cli.errors import AgentFailedError, InputError
from agentcore_cli.events import Listener, Note
from agentcore_cli.operations import env_files
from agentcore_cli.operations.selection import Selected

ENV: Final = "env"


def local_values(selected: Selected, environ: Mapping[str, str], listener: Listener) -> dict[str, str]:
    """The secrets for the sessions of a local agent, by their names. Where each is from is told, its value is not.

    Raises InputError for one that is nowhere here and has no other source.
    """
    wanted = selected.agent.secrets
    if not wanted:
        return {}
    files = env_files.read(selected.loaded.root)
    found = {name: value for name in wanted if (value := env_files.find(name, files, environ))}
    missing = [name for name, source in wanted.items() if name not in found and source == ENV]
    if missing:
        raise InputError(
            f"agents.{selected.agent_name}.secrets: {', '.join(missing)}: neither in the shell nor in "
            f"{' or '.join(env_files.FILES)}",
            hint=f"add a line {missing[0]}=VALUE to .env, which is never packed",
        )
    if handed := ", ".join(f"{name} from {value.source}" for name, value in found.items()):
        listener(Note(f"secrets for local sessions, in memory only: {handed}"))
    if left := [name for name in wanted if name not in found]:
        listener(Note(f"not set locally: {', '.join(left)} (a line in .env gives one to local sessions)", "warning"))
    return {name: value.text for name, value in found.items()}


def check_for_aws(selected: Selected) -> None:
    """Raise InputError for secrets on AWS: a value would be written down where many read it, and this version has no
    way to fetch one when a session starts there.
    """
    wanted = selected.agent.secrets
    if selected.is_local or not wanted:
        return
    key, name = f"agents.{selected.agent_name}.secrets", next(iter(wanted))
    if local_only := [name for name, source in wanted.items() if source == ENV]:
        why = (
            f"{', '.join(local_only)}: `env` is this machine's, and on AWS every reader of the runtime sees a variable"
        )
    else:
        why = f"{', '.join(wanted)}: this version hands secrets to local sessions alone"
    raise InputError(
        f"{key}: {why}",
        hint=f"fetch {name} in the agent's code by its role (role_policy lets it), and take it out of secrets; or, "
        f"for all to see, --env {name}=VALUE",
    )


def explain_missing(error: AgentFailedError, selected: Selected | None) -> None:
    """Add to an agent's failure what is known of a variable that it names and that stays behind in an env file."""
    if selected is None:
        return
    try:
        files = env_files.read(selected.loaded.root)
    except InputError:
        return
    known = {*selected.agent.environment, *selected.target.environment}
    named = [name for name in files if name not in known and _names(error.message, name)]
    if not named:
        return
    name, source = named[0], files[named[0]].source
    if name in selected.agent.secrets:
        if selected.is_local:
            error.hint = f"{selected.deploy_command()} hands {name} over again: it is kept in memory only"
        return
    error.message += f"\n{source} has {name}, and stays behind: what is in it reaches no agent by itself"
    error.hint = f"agentcore configure --secret {name}=env, then {selected.deploy_command()}"


def _names(message: str, name: str) -> bool:
    return len(name) > 2 and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", message) is not None
