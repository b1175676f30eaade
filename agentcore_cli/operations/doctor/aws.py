"""What a target in AWS needs from this machine: credentials, a region, and Docker where an image is built with it."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agentcore_cli import rendering
from agentcore_cli.aws.profiles import read_profile
from agentcore_cli.config.regions import region_fault
from agentcore_cli.contract import LOCAL_REGION
from agentcore_cli.errors import InputError
from agentcore_cli.operations.aws_profile import find_credentials, find_region, lapsed_login
from agentcore_cli.operations.doctor.check import Check, Choice, missing
from agentcore_cli.operations.generated import needs_dockerfile
from agentcore_cli.operations.selection import Options
from agentcore_cli.rendering import has_own_dockerfile

_ARM_EMULATION: Final = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")
_DOCKER_SECONDS: Final = 5


def checks(choice: Choice | None, options: Options, environ: Mapping[str, str]) -> list[Check]:
    """The checks for AWS; where the target is local they fail nothing."""
    needed = choice is not None and not choice.is_local
    profile = options.profile or (choice.profile if choice else None)
    region = options.region or (choice.target.region if choice else None)
    try:
        found = [_credentials(profile, environ, needed), _region(region, profile, environ, needed)]
    except InputError as error:
        found = [missing("credentials", error.message, error.hint or "", needed=needed)]
    return [*found, *_docker(choice, environ, needed)]


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
    chosen, source = (region, "the target") if region else find_region(profile, environ) or (None, "")
    if chosen is None and not needed:
        return Check("region", "ok", f"{LOCAL_REGION}, the local runtime's")
    if chosen is None:
        return missing("region", "none in the config or the environment", "give --region us-west-2", needed=needed)
    if fault := region_fault(chosen):
        return missing("region", fault, "give --region with a region of AWS", needed=needed)
    return Check("region", "ok", f"{chosen}, from {source}")


def _docker(choice: Choice | None, environ: Mapping[str, str], needed: bool) -> list[Check]:
    builds = choice is None or (choice.agent.build == "docker" and needs_dockerfile(choice.agent))
    if not builds:
        return [Check("docker", "ok", "not needed: this agent's artifact is made without it")]
    fault = _docker_fault(environ)
    if fault is None:
        daemon = Check("docker", "ok", "the daemon answers")
    elif choice and choice.is_local:
        daemon = Check("docker", "ok", f"not needed for the local runtime ({fault})")
    else:
        daemon = missing("docker", fault, "start Docker", needed=needed)
    return [daemon, *([_emulation(choice)] if choice and needed else [])]


def _docker_fault(environ: Mapping[str, str]) -> str | None:
    """Why the Docker daemon is of no use, or None."""
    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env(timeout=_DOCKER_SECONDS)
        try:
            client.ping()
        finally:
            client.close()
    except DockerException:
        return f"no answer from the daemon at {environ.get('DOCKER_HOST') or 'unix:///var/run/docker.sock'}"
    return None


def _emulation(choice: Choice) -> Check:
    """Only RUN lines of a person's own Dockerfile run arm64 programs while the image is built."""
    if platform.machine() in ("aarch64", "arm64"):
        return Check("arm64", "ok", "this machine is arm64")
    if _ARM_EMULATION.exists():
        return Check("arm64", "ok", "emulated by QEMU")
    if not _runs_programs(choice):
        return Check("arm64", "ok", "no emulation here, and none needed: packages are copied in")
    fix = "docker run --privileged --rm tonistiigi/binfmt --install arm64"
    return Check(
        "arm64", "warn", "the Dockerfile has RUN lines, and no emulation is seen (Docker Desktop has its own)", fix
    )


def _runs_programs(choice: Choice) -> bool:
    if not has_own_dockerfile(choice.root, choice.agent_name):
        return False
    text = rendering.dockerfile_of(choice.root, choice.agent_name).read_text(errors="replace")
    return re.search(r"^\s*RUN\s", text, re.MULTILINE | re.IGNORECASE) is not None
