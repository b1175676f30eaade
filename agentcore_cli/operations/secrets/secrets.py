"""What the config's `secrets` come to: names in the config, values in memory, and nothing of them anywhere else.

On the local runtime each value comes from the shell that deploys, else from `.env.local`, else from `.env`, else from
where AWS keeps it, read with the deployer's credentials. On AWS the launcher in the agent's image reads it with the
agent's role; no value passes through here. An agent that lacks one is told how it gets there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from agentcore_cli.config import FROM_ENV
from agentcore_cli.errors import AgentFailedError, InputError
from agentcore_cli.events import Listener, Note
from agentcore_cli.operations.secrets import env_files
from agentcore_cli.operations.selection import Selected

# pydantic-settings asks for NAME, APP_NAME (env_prefix) or DB__NAME by the field that it fills: name, db.name.
_FIELD: Final = re.compile(r"(?<![\w.])([\w.]{3,})(?:\\n|\s)+field required \[type=missing")


def local_values(selected: Selected, environ: Mapping[str, str], listener: Listener) -> dict[str, str]:
    """The secrets for the sessions of a local agent, by their names. Where each is from is told, its value is not.

    Raises InputError for one that can't be had, CredentialsError where AWS keeps one and there are no credentials.
    """
    wanted = {
        name: source for name, source in selected.agent.secrets.items() if name not in selected.target.environment
    }
    if not wanted:
        return {}
    files = env_files.read(selected.loaded.root)
    found = {name: value for name in wanted if (value := env_files.find(name, files, environ))}
    left = {name: source for name, source in wanted.items() if name not in found}
    if missing := [name for name, source in left.items() if source == FROM_ENV]:
        raise InputError(
            f"agents.{selected.agent_name}.secrets: {', '.join(missing)}: neither in the shell nor in "
            f"{' or '.join(env_files.FILES)}",
            hint=f"add a line {missing[0]}=VALUE to .env, which is never packed",
        )
    stored = _stored(selected, left, environ) if left else {}
    sources = {name: value.source for name, value in found.items()} | left
    told = ", ".join(f"{name} from {sources[name]}" for name in wanted)
    listener(Note(f"secrets for local sessions, in memory only: {told}"))
    return {name: value.text for name, value in found.items()} | stored


def check_for_aws(selected: Selected, given: Mapping[str, str]) -> None:
    """Raise InputError for a secret on AWS whose value only this machine has, unless the target or `--env`, `given`,
    says it: handed over with the deploy, it would stand in the runtime's settings, which many read.
    """
    if selected.is_local:
        return
    said = {*selected.target.environment, *(name for name, value in given.items() if value)}
    here = [name for name, source in selected.agent.secrets.items() if source == FROM_ENV and name not in said]
    if here:
        name = here[0]
        raise InputError(
            f"agents.{selected.agent_name}.secrets: {', '.join(here)}: `env` is this machine's, and on AWS every "
            "reader of the runtime sees a variable",
            hint=f"keep it in AWS Secrets Manager or Parameter Store, then agentcore configure --secret "
            f"{name}=secretsmanager:NAME (or ssm:/NAME): .env still goes first on this machine; or, for all readers to "
            f"see, --env {name}=VALUE",
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
    kept = FROM_ENV if selected.is_local else "secretsmanager:SECRET"
    error.hint = f"agentcore configure --secret {name}={kept}, then {selected.deploy_command()}"


def _names(message: str, name: str) -> bool:
    if len(name) > 2 and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", message):
        return True
    spelled = name.lower().replace("__", ".")
    return any(spelled == field or spelled.endswith(f"_{field}") for field in _FIELD.findall(message.lower()))


def _stored(selected: Selected, left: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    from agentcore_cli.operations.secrets import stored_secrets  # its HTTP client costs an invoke a tenth of its time

    return stored_secrets.read(selected, left, environ)
