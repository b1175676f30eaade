"""`agentcore configure`: options become one request; what is missing is asked for on a terminal."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli.commands.globals import Globals

if TYPE_CHECKING:
    from agentcore_cli.operations.configure.configure import ConfigureRequest, ConfigureResult
    from agentcore_cli.ui import Output


def configure(
    ctx: typer.Context,
    entrypoint: Annotated[
        str | None,
        typer.Option("--entrypoint", "-e", metavar="FILE", help="A file, module:app, or a folder with agent.py."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", "-n", metavar="NAME", help="The agent's name.")] = None,
    requirements: Annotated[
        str | None, typer.Option(metavar="FILE", help="requirements.txt or pyproject.toml; found by itself.")
    ] = None,
    python: Annotated[str | None, typer.Option(metavar="3.13", help="The Python that the agent runs on.")] = None,
    build: Annotated[
        str | None, typer.Option(metavar="HOW", help="auto, docker, oci, zip, codebuild: docs/builders.md.")
    ] = None,
    protocol: Annotated[str | None, typer.Option(metavar="P", help="HTTP, MCP, A2A or AGUI.")] = None,
    env: Annotated[list[str] | None, typer.Option(metavar="K=V", help="An environment variable.")] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(metavar="K=SOURCE", help="A secret: env, secretsmanager:NAME[#KEY] or ssm:/NAME."),
    ] = None,
    secrets_key: Annotated[
        list[str] | None, typer.Option(metavar="ARN", help="A KMS key of yours that secrets are encrypted with.")
    ] = None,
    idle_timeout: Annotated[int | None, typer.Option(metavar="S", help="Seconds that a session may idle.")] = None,
    max_lifetime: Annotated[int | None, typer.Option(metavar="S", help="Seconds that a session may live.")] = None,
    execution_role: Annotated[str | None, typer.Option(metavar="ARN", help="A role of yours, used as it is.")] = None,
    permissions_boundary: Annotated[
        str | None, typer.Option(metavar="ARN", help="The boundary of a role that deploy makes.")
    ] = None,
    ecr_repository: Annotated[str | None, typer.Option(metavar="NAME|URI", help="A repository of yours.")] = None,
    image: Annotated[
        str | None, typer.Option(metavar="IMAGE", help="A finished arm64 image: URI in ECR, or NAME:TAG in Docker.")
    ] = None,
    vpc_subnets: Annotated[list[str] | None, typer.Option(metavar="ID,...", help="The VPC's subnets.")] = None,
    vpc_security_groups: Annotated[list[str] | None, typer.Option(metavar="ID,...", help="And its groups.")] = None,
    jwt_discovery_url: Annotated[str | None, typer.Option(metavar="URL", help="Who signs the callers' JWT.")] = None,
    jwt_client: Annotated[list[str] | None, typer.Option(metavar="ID", help="A client that may call.")] = None,
    jwt_audience: Annotated[list[str] | None, typer.Option(metavar="AUD", help="An audience that may call.")] = None,
    allow_header: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A header for the agent.")] = None,
    memory: Annotated[str | None, typer.Option(metavar="NAME|ID", help="An AgentCore Memory.")] = None,
    session_storage: Annotated[
        str | None, typer.Option(metavar="PATH", help="/mnt/NAME: a folder that a session id finds again.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="K=V", help="A tag in AWS.")] = None,
    default: Annotated[bool, typer.Option("--default", help="Make it the default agent.")] = False,
    no_check: Annotated[bool, typer.Option("--no-check", help="Don't look into the agent's code.")] = False,
) -> None:
    """Write .agentcore.yaml for an agent, with a Dockerfile and a .dockerignore where there are none.

    The agent's code is read, not run: what would make it fail is said now. Run it again to change settings; what is not
    given stays as it is, and '' takes a list away. No credentials are needed.
    """
    from agentcore_cli.commands.assignments import assignments
    from agentcore_cli.operations.configure.configure import ConfigureRequest
    from agentcore_cli.operations.configure.configure import configure as run
    from agentcore_cli.operations.configure.settings import Settings

    said = Globals.of(ctx)
    out = said.output()
    settings = Settings(
        requirements=requirements,
        python=python,
        build=build,
        protocol=protocol.upper() if protocol else None,
        environment=assignments(env, "--env"),
        secrets=assignments(secret, "--secret"),
        idle_timeout=idle_timeout,
        max_lifetime=max_lifetime,
        execution_role=execution_role,
        permissions_boundary=permissions_boundary,
        ecr_repository=ecr_repository,
        image=image,
        subnets=_listed(vpc_subnets),
        security_groups=_listed(vpc_security_groups),
        secrets_keys=tuple(secrets_key or ()),
        jwt_discovery_url=jwt_discovery_url,
        jwt_clients=tuple(jwt_client or ()),
        jwt_audience=tuple(jwt_audience or ()),
        header_allowlist=tuple(allow_header or ()),
        memory=memory,
        session_storage=session_storage,
        tags=assignments(tag, "--tag"),
    )
    options = said.options()
    request = ConfigureRequest(
        folder=Path.cwd(),
        config=options.config,
        name=name or options.agent,
        entrypoint=entrypoint,
        settings=settings,
        target=options.target,
        region=options.region,
        profile=options.profile,
        make_default=default,
        check=not no_check,
    )
    if out.can_ask():
        request = _completed(request, out)
    with out.progress() as listener:
        result = run(request, listener)
    out.result(result, _human(result))
    _say_what_is_next(result, out)


def _say_what_is_next(result: ConfigureResult, out: Output) -> None:
    agent = "" if result.is_default else f" --agent {result.agent}"
    out.note(f"next: agentcore deploy --local{agent}, then agentcore invoke --local{agent} PAYLOAD")


def _listed(texts: list[str] | None) -> tuple[str, ...]:
    """Options that may be repeated or hold several values with commas between them."""
    return tuple(value.strip() for text in texts or () for value in text.split(",") if value.strip())


def _completed(request: ConfigureRequest, out: Output) -> ConfigureRequest:
    """The request with what a person answers; enter takes the default that is shown."""
    from agentcore_cli.operations.configure.configure import existing_config, proposed_protocol

    if existing_config(request) is None:
        request = _of_a_first_agent(request, out)
    if spoken := proposed_protocol(request):
        protocol = out.ask(f"Protocol ({spoken.why})", spoken.protocol, option="--protocol P").upper()
        request = replace(request, settings=replace(request.settings, protocol=protocol))
    return request


def _of_a_first_agent(request: ConfigureRequest, out: Output) -> ConfigureRequest:
    from agentcore_cli.operations.aws_profile import find_region
    from agentcore_cli.operations.configure.defaults import default_entrypoint, default_name, default_region

    if request.entrypoint is None:
        found = default_entrypoint(request.folder)
        request = replace(request, entrypoint=out.ask("Entrypoint", found, option="--entrypoint FILE") or None)
    if request.name is None and request.entrypoint and not (request.folder / request.entrypoint).is_dir():
        name = default_name(request.entrypoint, request.folder)
        request = replace(request, name=out.ask("Name of the agent", name, option="--name NAME"))
    if request.region is None and find_region(request.profile, os.environ) is None:
        region, _ = default_region(request.profile)
        request = replace(request, region=out.ask("AWS region", region, option="--region R"))
    return request


def _human(result: ConfigureResult) -> str:
    from agentcore_cli.ui.tables import fields

    return fields(
        [
            ("agent", result.agent),
            ("entrypoint", result.entrypoint),
            ("requirements", result.requirements or "none"),
            ("python", result.python),
            ("protocol", result.protocol),
            ("target", f"{result.target} ({result.region})" if result.region else result.target),
            ("written", ", ".join(path.name for path in result.written) or "nothing: all is as it was"),
        ]
    )
