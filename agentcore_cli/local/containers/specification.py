"""The container of one session, in the Engine API's words: what it may use, what it may do, what it knows.

*Limits* are AgentCore's: two processors and 8 GB, swap included (bedrock-agentcore-limits). *Privileges*: none of
root's capabilities, even for root, and no way to get some; with session storage, the engine's list of system calls less
those for what that storage does not have (`tools/seccomp`). *Network*: a bridge of our own on which sessions can't
reach each other; the way out stays open, since agents call models. The agent's port is published on loopback, at a
number that the engine chooses: that works with every engine, but whoever has an account on this machine can connect
to it, as to every container's.

*The root* is the container's own copy-on-write layer and goes with it: nothing that sessions share can be written to.
On AgentCore an agent may write wherever its user may, and one that works there should work here, so the root becomes
read-only only where that takes nothing away: where the image says, in the label `agentcore.writable`, which folders
its user can write to beside the temporary ones. The Dockerfile that `configure` writes says it; any other may. Those
folders become volumes of the session, which begin with what the image has in them.

*A small init* (the engine's own) is the first process, because an agent that is process 1 ignores the signals that it
does not handle: a stop would always have to wait for the kill. It reaps orphans, too.

*The variables* are the image's, then those of the session. What of the deployer's AWS_* leads to files of this
machine is left out; the engine keeps the rest in its own folder, readable by root, until the container is removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from agentcore_cli.local.containers.program import ImageProgram
from agentcore_cli.local.sandbox import SessionSpec, Storage

PROCESSES_MAX: Final = 4096  # as in the other sandbox
TEMPORARY: Final = ("/tmp", "/var/tmp", "/run")  # noqa: S108
_UNTIL_MOUNTED: Final = "ro,mode=0555,size=4k"
LABEL_HOME: Final = "agentcore.home"
LABEL_SERVER: Final = "agentcore.server"
LABEL_RUNTIME: Final = "agentcore.runtime"
LABEL_VERSION: Final = "agentcore.version"
LABEL_SESSION: Final = "agentcore.session"
_OF_THIS_MACHINE: Final = frozenset(
    {
        "AWS_CA_BUNDLE",
        "AWS_CONFIG_FILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where containers are made: labels, our network, the engine's processors and init, a host and its address.

    `filters`: the engine takes a list of system calls.
    """

    home: str
    server: str
    network: str
    processors: int
    host: str
    init: bool
    filters: bool = True


def container(
    program: ImageProgram, spec: SessionSpec, environment: Mapping[str, str], place: Place
) -> dict[str, object]:
    """The body of ContainerCreate; `environment` are the session's variables, as they are in a container."""
    port = f"{program.port}/tcp"
    return {
        "Image": program.image,
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "Labels": _labels(program, spec, place),
        "ExposedPorts": {port: {}},
        **_volumes(program.writable or ()),
        "HostConfig": {
            "NetworkMode": place.network,
            "ExtraHosts": [place.host],
            "PortBindings": {port: [{"HostIp": "127.0.0.1", "HostPort": ""}]},
            "Init": place.init,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges", *([_calls()] if spec.storage and place.filters else [])],
            "NanoCpus": min(spec.cpus, place.processors) * 10**9,
            "Memory": spec.memory,
            "MemorySwap": spec.memory,
            "PidsLimit": PROCESSES_MAX,
            "LogConfig": {"Type": "none"},
            **_root(program.writable),
            **_file_systems(program.writable, spec.storage),
        },
    }


def variables(program: ImageProgram, spec: SessionSpec) -> Mapping[str, str]:
    """What a session has besides the image's variables: what makes sense in a container, the runtime's own on top."""
    given = {name: value for name, value in spec.environment.items() if name not in _OF_THIS_MACHINE}
    return given | dict(program.environment)


@cache
def _calls() -> str:
    return f"seccomp={Path(__file__).with_name('seccomp.json').read_text()}"


def _labels(program: ImageProgram, spec: SessionSpec, place: Place) -> dict[str, str]:
    runtime, _, version = program.key.rpartition("/")
    whose = {LABEL_HOME: place.home, LABEL_SERVER: place.server}
    return whose | {LABEL_RUNTIME: runtime, LABEL_VERSION: version, LABEL_SESSION: spec.key}


def _volumes(folders: Iterable[str]) -> dict[str, Any]:
    """Volumes without a name begin as copies of what the image has there, and go with the container."""
    return {"Volumes": {folder: {} for folder in folders if folder not in TEMPORARY}}


def _root(writable: tuple[str, ...] | None) -> dict[str, object]:
    return {} if writable is None else {"ReadonlyRootfs": True}


def _file_systems(writable: tuple[str, ...] | None, storage: Storage | None) -> dict[str, object]:
    """Those in memory, and session storage: a folder of this machine, or an empty one that it will be mounted on."""
    in_memory = {} if writable is None else dict.fromkeys(TEMPORARY, "mode=1777,exec")
    bound: list[dict[str, str]] = []
    if storage is not None and storage.is_image:
        in_memory[storage.place] = _UNTIL_MOUNTED
    elif storage is not None:
        bound = [{"Type": "bind", "Source": str(storage.source), "Target": storage.place}]
    return {name: value for name, value in (("Tmpfs", in_memory), ("Mounts", bound)) if value}
