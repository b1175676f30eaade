"""What the traces of an agent on AWS need: its distro, its role's statement, and the account's Transaction Search."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Final

from agentcore_cli import keys, wiring
from agentcore_cli.aws.roles import Roles
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.operations.doctor.check import Check
from agentcore_cli.operations.selection import Selected
from agentcore_cli.operations.traces import transaction_search

DISTRO: Final = "aws-opentelemetry-distro"
_WRITES: Final = "xray:PutTraceSegments"


def trace_checks(selected: Selected | None) -> list[Check]:
    """In the order in which spans go their way. The local runtime needs nothing but an agent that exports."""
    if selected is None:
        return [Check("traces", "warn", "no config was found", "agentcore configure --entrypoint FILE")]
    distro = _distro(selected)
    if selected.is_local:
        return [distro, Check("transaction search", "ok", "not needed: the local runtime keeps traces by itself")]
    try:
        return [distro, _role(selected), *_search(selected)]
    except AgentcoreError as error:
        fix = error.hint or "see the message"
        return [distro, Check("transaction search", "fail", f"can't be looked at: {error.message}", fix)]


def _distro(selected: Selected) -> Check:
    agent = selected.agent
    if agent.otel:
        return Check("instrumentation", "ok", f"`otel: true` brings {DISTRO} and starts the agent by it")
    fix = f"`otel: true` in the agent's part of {selected.loaded.path.name}, then {selected.deploy_command()}"
    return Check("instrumentation", "warn", f"nothing starts the agent by {DISTRO}: calls have no spans of it", fix)


def _role(selected: Selected) -> Check:
    """Whether the role that agentcore made lets the agent write spans; of one that was supplied it is only said."""
    if selected.agent.execution_role is not None:
        detail = f"{selected.agent.execution_role} is yours: it has to allow {_WRITES}"
        return Check("role", "warn", detail, f"{selected.command('permissions')} --role prints what it needs")
    recorded = selected.state.record(selected.agent_name, keys.ROLE) or {}
    name = recorded.get("outputs", {}).get("name", "")
    if not name:
        return Check("role", "warn", "the agent is not deployed on this target yet", selected.deploy_command())
    with closing(wiring.session(selected)) as session:
        allowed = any(_WRITES in text or "xray:*" in text for text in _policies(Roles(session), name))
    if allowed:
        return Check("role", "ok", f"{name} allows {_WRITES}")
    fix = f"`otel: true`, then {selected.deploy_command()}"
    return Check("role", "fail", f"{name} does not allow {_WRITES}: spans of the agent are refused", fix)


def _policies(roles: Roles, name: str) -> list[str]:
    """The documents of its own policies, as text."""
    return [json.dumps(roles.policy(name, policy)) for policy in roles.policies(name)]


def _search(selected: Selected) -> list[Check]:
    state = transaction_search.look(selected)
    enable = selected.command("traces enable")
    if not state.sends:
        search = Check("transaction search", "fail", "off: X-Ray keeps spans where they can't be searched", enable)
    elif not state.is_active:
        search = Check("transaction search", "warn", "on since a moment ago", "wait up to ten minutes")
    else:
        search = Check("transaction search", "ok", "on: X-Ray sends spans to CloudWatch Logs")
    if state.may_write:
        return [search, Check("log resource policy", "ok", "CloudWatch Logs lets X-Ray write")]
    detail = "no policy of CloudWatch Logs lets xray.amazonaws.com write to aws/spans"
    return [search, Check("log resource policy", "fail", detail, enable)]
