"""One agent, from configure to destroy, for a notebook or a program."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from agentcore_cli.config import FILE_NAME, LOCAL
from agentcore_cli.contract import DEFAULT_ENDPOINT, SYNC_REQUEST_SECONDS
from agentcore_cli.errors import InputError
from agentcore_cli.events import Listener, ignore
from agentcore_cli.names import new_session_id
from agentcore_cli.notebook.answers import pieces_of, unquoted
from agentcore_cli.notebook.arguments import build_of, member, python_of, written_requirements
from agentcore_cli.notebook.results import (
    ConfigureResult,
    DestroyResult,
    LaunchResult,
    StatusResult,
    configured,
    destroyed,
    launched,
    looked_at,
)
from agentcore_cli.operations.configure.settings import Settings
from agentcore_cli.operations.invoke.payload import JSON, Payload
from agentcore_cli.operations.selection import Options, Selected, select

if TYPE_CHECKING:
    from agentcore_cli.engine import Change
    from agentcore_cli.operations.invoke.invoke import Invocation
    from agentcore_cli.operations.logs.lines import LogLine

Consent = Callable[[tuple["Change", ...]], bool]


class Runtime:
    """One agent of the project in `folder`; without it, in the working directory of each call.

    `target` is a target's name, `"local"` for this machine; None is AGENTCORE_TARGET, else the config's default.
    `progress` hears every step and note. Several objects may work in one folder: each keeps to the agent that it
    configured; one that configured nothing is about the config's default agent. Every method raises `AgentcoreError`,
    with what to do next in its `hint`; none prints or asks.
    """

    def __init__(self, target: str | None = None, *, folder: Path | None = None, progress: Listener = ignore) -> None:
        self._target = target
        self._folder = folder
        self._progress = progress
        self._agent: str | None = None
        self._config: Path | None = None
        self._session: str | None = None

    def configure(
        self,
        entrypoint: str,
        *,
        agent_name: str | None = None,
        requirements: Collection[str] | None = None,
        requirements_file: str | None = None,
        execution_role: str | None = None,
        auto_create_execution_role: bool = True,
        ecr_repository: str | None = None,
        auto_create_ecr: bool = True,
        region: str | None = None,
        protocol: Literal["HTTP", "MCP", "A2A", "AGUI"] | None = None,
        environment: Mapping[str, str] | None = None,
        authorizer_configuration: Mapping[str, Any] | None = None,
        request_header_configuration: Mapping[str, Any] | None = None,
        vpc_enabled: bool = False,
        vpc_subnets: Collection[str] | None = None,
        vpc_security_groups: Collection[str] | None = None,
        idle_timeout: int | None = None,
        max_lifetime: int | None = None,
        deployment_type: Literal["container", "direct_code_deploy"] | None = None,
        runtime_type: str | None = None,
        tags: Mapping[str, str] | None = None,
        profile: str | None = None,
        check: bool = True,
    ) -> ConfigureResult:
        """Write `.agentcore.yaml`, and a Dockerfile and `.dockerignore` where there are none.

        `entrypoint` and `requirements_file` are relative to the project's folder; `requirements`, a list, is written
        to requirements.txt, unless that is there with other lines. The two `…_configuration`s have the shape of
        CreateAgentRuntime's parameters. A role or repository that is not given is made by `launch`: forbidding that
        without giving one is an InputError. Times are seconds. `check=False` skips the reading of the agent's code.
        """
        from agentcore_cli.operations.configure.configure import ConfigureRequest
        from agentcore_cli.operations.configure.configure import configure as run

        if not (execution_role or auto_create_execution_role):
            raise InputError("configure: no execution role: give execution_role or auto_create_execution_role=True")
        if not (ecr_repository or auto_create_ecr):
            raise InputError("configure: no repository: give ecr_repository or auto_create_ecr=True")
        if vpc_enabled and not (vpc_subnets and vpc_security_groups):
            raise InputError("configure: vpc_enabled needs vpc_subnets and vpc_security_groups")
        folder = self._folder or Path.cwd()
        authorizer = member(authorizer_configuration, "customJWTAuthorizer", "authorizer_configuration") or {}
        headers = member(request_header_configuration, "requestHeaderAllowlist", "request_header_configuration")
        if requirements is not None and requirements_file is None:
            requirements_file = written_requirements(requirements, folder)
        settings = Settings(
            requirements=requirements_file,
            python=python_of(runtime_type),
            build=build_of(deployment_type),
            protocol=protocol,
            environment=dict(environment or {}),
            idle_timeout=idle_timeout,
            max_lifetime=max_lifetime,
            execution_role=execution_role,
            ecr_repository=ecr_repository,
            subnets=tuple(vpc_subnets or ()),
            security_groups=tuple(vpc_security_groups or ()),
            jwt_discovery_url=authorizer.get("discoveryUrl"),
            jwt_clients=tuple(authorizer.get("allowedClients", ())),
            jwt_audience=tuple(authorizer.get("allowedAudience", ())),
            jwt_scopes=tuple(authorizer.get("allowedScopes", ())),
            header_allowlist=tuple(headers or ()),
            tags=dict(tags or {}),
        )
        request = ConfigureRequest(
            folder=folder,
            name=agent_name,
            entrypoint=entrypoint,
            settings=settings,
            target=None if self._target == LOCAL else self._target,
            region=region,
            profile=profile,
            check=check,
        )
        made = run(request, self._progress)
        self._agent, self._config = made.agent, made.config
        return configured(made, self._selected())

    def launch(
        self,
        *,
        local: bool = False,
        env_vars: Mapping[str, str] | None = None,
        timeout: float = 900.0,
        consent: Consent | None = None,
        **earlier: bool,
    ) -> LaunchResult:
        """Deploy: make what the agent needs, or change what differs, and wait until it answers.

        `local=True` makes the local runtime this object's target. `env_vars` are kept by later deploys; `timeout` is in
        seconds. `consent` is asked before something is replaced, deleted, adopted or given wider permissions; without
        it the answer is yes. `local_build`, `use_codebuild` and `auto_update_on_conflict` of earlier notebooks are
        taken and change nothing: images are built on this machine, and what is ours is updated.
        """
        from agentcore_cli.operations.deploy.deploy import DeployRequest, always
        from agentcore_cli.operations.deploy.deploy import deploy as run
        from agentcore_cli.resources.deployment import Overrides

        if unknown := earlier.keys() - {"local_build", "use_codebuild", "auto_update_on_conflict"}:
            raise TypeError(f"launch() got an unexpected keyword argument {min(unknown)!r}")
        if local:
            self._target = LOCAL
        overrides = Overrides(environment=env_vars or {})
        request = DeployRequest(overrides, timeout=timeout, consent=consent or always, trial_waits=True)
        return launched(run(request, self._selected(), self._progress))

    deploy = launch

    def reload(self) -> LaunchResult:
        """Deploy what was saved since: new sessions run it, living ones keep their version and what they remember.

        Raises what `launch` raises; the version before goes on serving then.
        """
        return self.launch()

    def status(self) -> StatusResult:
        """How the agent is on its target. Raises NotFoundError when it is not deployed there."""
        from agentcore_cli.operations.deploy.status import status as run

        return looked_at(run(self._selected(), self._progress))

    def invoke(
        self,
        payload: Any,
        session_id: str | None = None,
        *,
        bearer_token: str | None = None,
        user_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        endpoint: str = DEFAULT_ENDPOINT,
        timeout: float = SYNC_REQUEST_SECONDS,
    ) -> dict[str, Any]:
        """Send `payload` (JSON data, or bytes as they are) and wait for the whole answer.

        Without `session_id` it goes on in the session of this object's last call, the first time in a new one; any name
        will do for one. The answer's `response` is a list of decoded pieces: one for a body, one per event of a stream;
        a JSON string as its text. `timeout` is how long the agent may be silent, in seconds.
        """
        answered = self.call(
            payload,
            session_id,
            bearer_token=bearer_token,
            user_id=user_id,
            headers=headers,
            endpoint=endpoint,
            timeout=timeout,
        )
        return {
            "response": [unquoted(piece) for piece in pieces_of(answered)],
            "runtimeSessionId": answered.session_id,
            "contentType": answered.answer.content_type,
            "statusCode": answered.answer.status,
        }

    def call(
        self,
        payload: Any,
        session_id: str | None = None,
        *,
        bearer_token: str | None = None,
        user_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        endpoint: str = DEFAULT_ENDPOINT,
        timeout: float = SYNC_REQUEST_SECONDS,
    ) -> Invocation:
        """As `invoke`, but gives the answer as it arrives: read its `pieces()`."""
        from agentcore_cli.operations import destination
        from agentcore_cli.operations.invoke.invoke import InvokeRequest
        from agentcore_cli.operations.invoke.invoke import invoke as run

        session = session_id or self._session or new_session_id()
        request = InvokeRequest(
            payload=_payload(payload),
            session=session,
            bearer=bearer_token,
            user_id=user_id,
            headers=tuple(f"{name}:{value}" for name, value in (headers or {}).items()),
            timeout=timeout,
        )
        answered = run(request, destination.of(self._selected(), endpoint))
        self._session = session
        return answered

    def stop_session(self, session_id: str | None = None) -> dict[str, Any]:
        """End a session at once; without `session_id` the one of this object's last call."""
        from agentcore_cli.operations.sessions.sessions import stop_sessions

        session = session_id or self._session
        if session is None:
            raise InputError("stop_session: no session was used yet", hint="give session_id")
        stopped = stop_sessions(self._selected(), session)
        if session == self._session:
            self._session = None
        return {"session_id": session, "stopped": list(stopped.stopped)}

    def logs(
        self,
        session_id: str | None = None,
        *,
        follow: bool = False,
        since: float | None = None,
        limit: int | None = None,
    ) -> Iterator[LogLine]:
        """The agent's log lines, oldest first; `since` is seconds before now, `limit` keeps the last ones."""
        from agentcore_cli.operations.logs.lines import LogsRequest
        from agentcore_cli.operations.logs.logs import read_logs

        return read_logs(LogsRequest(session=session_id, follow=follow, since=since, limit=limit), self._selected())

    def destroy(self, *, dry_run: bool = False, timeout: float = 900.0) -> DestroyResult:
        """Remove what `launch` made, and nothing else; with `dry_run` only say what that is."""
        from agentcore_cli.operations.deploy.destroy import DestroyRequest
        from agentcore_cli.operations.deploy.destroy import destroy as run

        request = DestroyRequest(consent=lambda changes: True, dry_run=dry_run, timeout=timeout)
        return destroyed(run(request, self._selected(), self._progress))

    def _selected(self) -> Selected:
        """Read anew for each call: the config may have been edited meanwhile."""
        config = self._config or (self._folder / FILE_NAME if self._folder else None)
        return select(Options(config=config, target=self._target, agent=self._agent))


def _payload(payload: Any) -> Payload:
    if isinstance(payload, bytes):
        return Payload(payload, "application/octet-stream")
    try:
        return Payload(json.dumps(payload, ensure_ascii=False).encode(), JSON)
    except TypeError as error:
        raise InputError(f"payload: {error}", hint="give what json.dumps takes, or bytes") from None
