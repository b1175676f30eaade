"""What a target in AWS needs from this machine: credentials, a region, and what builds the image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from agentcore_cli import rendering
from agentcore_cli.aws.profiles import read_profile
from agentcore_cli.builders.images import docker_engine, emulation, image
from agentcore_cli.builders.images.image_limits import ARM64
from agentcore_cli.builders.oci import dockerfile
from agentcore_cli.config.regions import region_fault
from agentcore_cli.contract import LOCAL_REGION
from agentcore_cli.errors import AgentcoreError, InputError
from agentcore_cli.operations.aws_profile import find_credentials, find_region, lapsed_login
from agentcore_cli.operations.configure.generated import needs_dockerfile
from agentcore_cli.operations.doctor.check import Check, missing
from agentcore_cli.operations.selection import Options, Selected

if TYPE_CHECKING:
    from docker import APIClient

_DOCKER_SECONDS: Final = 5.0


def checks(selected: Selected | None, options: Options, environ: Mapping[str, str]) -> list[Check]:
    """The checks for AWS; where the target is local they fail nothing."""
    needed = selected is not None and not selected.is_local
    profile = selected.usual_profile if selected else options.profile
    region = selected.target.region if selected else options.region
    try:
        found = [_credentials(profile, environ, needed), _region(region, profile, environ, needed)]
    except InputError as error:
        found = [missing("credentials", error.message, error.hint or "", needed=needed)]
    return [*found, *_docker(selected, needed)]


def _credentials(profile: str | None, environ: Mapping[str, str], needed: bool) -> Check:
    if source := find_credentials(profile, environ):
        if login := lapsed_login(profile, environ):
            fix = f"aws sso login --profile {login}"
            return missing("credentials", f"{source}: the login of profile {login} has ended", fix, needed=needed)
        return Check("credentials", "ok", f"{source} (not tried)")
    chosen = read_profile(profile, environ)
    known = "is there and names no credentials" if chosen.is_there else "is not there"
    detail = f"none found: no keys in the environment, profile {chosen.name} {known}"
    return missing("credentials", detail, "aws configure, or aws sso login; --local needs none", needed=needed)


def _region(region: str | None, profile: str | None, environ: Mapping[str, str], needed: bool) -> Check:
    found = find_region(profile, environ)
    chosen, source = found if found and region in (None, found[0]) else (region, "the target")
    if chosen is None and not needed:
        return Check("region", "ok", f"{LOCAL_REGION}, the local runtime's")
    if chosen is None:
        return missing("region", "none in the config or the environment", "give --region us-west-2", needed=needed)
    if fault := region_fault(chosen):
        return missing("region", fault, "give --region with a region of AWS", needed=needed)
    return Check("region", "ok", f"{chosen}, from {source}")


def _docker(selected: Selected | None, needed: bool) -> list[Check]:
    build = selected.agent.build if selected else "docker"
    if selected and (build not in ("auto", "docker") or not needs_dockerfile(selected.agent)):
        made = "CodeBuild builds the image" if build == "codebuild" else "this agent's artifact is made without it"
        return [Check("docker", "ok", f"not needed: {made}"), *_without(selected)]
    try:
        with docker_engine.connected(seconds=_DOCKER_SECONDS) as client:
            client.ping()
            emulated = [_emulation(selected, client)] if selected and needed else []
    except AgentcoreError as error:
        if selected and selected.is_local:
            return [Check("docker", "ok", f"not needed for the local runtime ({error.message})")]
        if selected and build == "auto":
            return [
                Check("docker", "ok", f"not needed: images are built without it ({error.message})"),
                *_without(selected),
            ]
        return [missing("docker", error.message, error.hint or "start Docker", needed=needed)]
    return [Check("docker", "ok", "the engine answers"), *emulated]


def _without(selected: Selected) -> list[Check]:
    """What the builder oci refuses, before a deploy finds out."""
    if selected.agent.build not in ("auto", "oci") or not needs_dockerfile(selected.agent):
        return []
    path = rendering.dockerfile_of(selected.loaded.root, selected.agent_name)
    try:
        if rendering.has_own_dockerfile(selected.loaded.root, selected.agent_name):
            dockerfile.read(path.read_text(errors="replace"))
        elif selected.agent.install == "image":
            raise InputError(
                "`install: image` runs pip in the image", hint="leave it out, start Docker, or --build codebuild"
            )
    except InputError as error:
        needed = not selected.is_local
        return [missing("dockerfile", error.message, error.hint or "start Docker", needed=needed)]
    return [Check("dockerfile", "ok", "an image can be made of it without Docker")]


def _emulation(selected: Selected, client: APIClient) -> Check:
    """Only a Dockerfile's RUN lines run arm64 programs while the image is built."""
    if docker_engine.architecture(client) == ARM64:
        return Check("arm64", "ok", "the engine's own architecture")
    if not _runs_programs(selected):
        return Check("arm64", "ok", "no emulation needed: packages are copied in")
    runs = emulation.runs_arm64() if docker_engine.is_on_this_machine() else None
    if runs:
        return Check("arm64", "ok", "emulated on this machine")
    fix = "docker run --privileged --rm tonistiigi/binfmt --install arm64"
    if runs is None:
        return Check(
            "arm64", "warn", "the Dockerfile has RUN lines; whether the engine emulates arm64 can't be seen", fix
        )
    return Check("arm64", "fail", "the Dockerfile has RUN lines, and this machine can't run arm64 programs", fix)


def _runs_programs(selected: Selected) -> bool:
    path = rendering.dockerfile_of(selected.loaded.root, selected.agent_name)
    if rendering.has_own_dockerfile(selected.loaded.root, selected.agent_name):
        return image.has_run(path.read_text(errors="replace"))
    return selected.agent.install == "image"
