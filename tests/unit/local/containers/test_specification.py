"""A session's container as the engine is asked for it; that it comes out so is for `tests/e2e/containers`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from agentcore_cli.local.containers.program import ImageProgram
from agentcore_cli.local.containers.specification import Place, container, variables
from agentcore_cli.local.sandbox import SessionSpec, Storage

PROGRAM = ImageProgram("bot-0123456789/3", "sha256:" + "a" * 64, {"AWS_REGION": "eu-west-1"}, 9000, "arm64")


def body(
    program: ImageProgram = PROGRAM, processors: int = 8, storage: Storage | None = None, **environment: str
) -> dict[str, Any]:
    spec = SessionSpec("s1", environment, Path("/log"), storage)
    place = Place("abc", "def", "net", processors, "host.docker.internal:172.18.0.1", init=True)
    return container(program, spec, variables(program, spec), place)


def test_limits_and_privileges() -> None:
    host = body()["HostConfig"]
    assert (host["NanoCpus"], host["Memory"], host["MemorySwap"]) == (2 * 10**9, 8 * 1024**3, 8 * 1024**3)
    assert (host["CapDrop"], host["SecurityOpt"], host["Init"]) == (["ALL"], ["no-new-privileges"], True)
    assert body(processors=1)["HostConfig"]["NanoCpus"] == 10**9  # more than there are is refused


def test_the_port_of_the_protocol_is_published_on_loopback() -> None:
    assert body()["HostConfig"]["PortBindings"] == {"9000/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}


def test_whose_it_is() -> None:
    assert body()["Labels"] == {
        "agentcore.home": "abc",
        "agentcore.server": "def",
        "agentcore.runtime": "bot-0123456789",
        "agentcore.version": "3",
        "agentcore.session": "s1",
    }


def test_variables_that_lead_to_files_of_this_machine_stay_out() -> None:
    given = {"AWS_ACCESS_KEY_ID": "a", "AWS_PROFILE": "p", "AWS_CONFIG_FILE": "/f", "AWS_CA_BUNDLE": "/c"}
    assert sorted(body(**given)["Env"]) == ["AWS_ACCESS_KEY_ID=a", "AWS_REGION=eu-west-1"]


def test_the_root_is_read_only_where_the_image_names_its_folders() -> None:
    assert "ReadonlyRootfs" not in body()["HostConfig"]
    told = body(replace(PROGRAM, writable=("/app", "/tmp")))
    assert told["HostConfig"]["ReadonlyRootfs"] is True
    assert set(told["HostConfig"]["Tmpfs"]) == {"/tmp", "/var/tmp", "/run"}
    assert told["Volumes"] == {"/app": {}}


def test_session_storage_is_a_folder_of_this_machine_or_comes_later() -> None:
    folder = Storage(Path("/home/state/storage/x/files"), is_image=False, place="/mnt/data")
    host = body(storage=folder)["HostConfig"]
    assert host["Mounts"] == [{"Type": "bind", "Source": "/home/state/storage/x/files", "Target": "/mnt/data"}]
    assert "Tmpfs" not in host
    image = folder._replace(is_image=True)
    host = body(replace(PROGRAM, writable=("/app",)), storage=image)["HostConfig"]
    assert host["Tmpfs"].keys() == {"/tmp", "/var/tmp", "/run", "/mnt/data"}
    assert host["Tmpfs"]["/mnt/data"].startswith("ro,")
    assert "Mounts" not in host
    privileges, calls = host["SecurityOpt"]
    assert (privileges, calls.partition("=")[0]) == ("no-new-privileges", "seccomp")
    allowed = {
        name for rule in json.loads(calls[8:])["syscalls"] for name in rule["names"] if rule["action"][9:] == "ALLOW"
    }
    assert {"symlink", "execve", "clone"} <= allowed
    assert not {"link", "linkat", "setxattr", "fallocate", "unshare", "mount", "bpf", "io_uring_setup"} & allowed
