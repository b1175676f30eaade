"""The server in namespaces of the kernel that are made around commands: another network, no network, a single user."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agentcore_cli.local import daemon
from agentcore_cli.local.home import Home
from tests.local_runtime import RunningServer

ARN = "arn:aws:bedrock-agentcore:us-west-2:000000000000:runtime/nobody-0123456789"
AGENTCORE = (sys.executable, "-m", "agentcore_cli")
DETECT = (
    "import pathlib, sys; from agentcore_cli.local.home import Home; from agentcore_cli.local.sandbox import isolation;"
    "print(isolation.detect(Home(pathlib.Path(sys.argv[1])).create()))"
)


def inside(*command: str, namespaces: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run it there; skips the test where the kernel makes no such namespaces for us."""
    around = ("unshare", *namespaces)
    try:
        subprocess.run([*around, "true"], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"{' '.join(around)}: {error}")
    return subprocess.run([*around, *command], capture_output=True, text=True, check=False, timeout=150)


def test_without_a_loopback_network_it_says_so_and_leaves_no_server(home: Home) -> None:
    ran = inside(*AGENTCORE, "local", "start", namespaces=("--net",))
    assert ran.returncode == 1
    assert "127.0.0.1 can't be reached here: Network is unreachable" in ran.stderr
    assert "ip link set lo up" in ran.stderr
    assert daemon.running(home) is None


def test_a_server_in_another_network_is_told_as_that(server: RunningServer) -> None:
    for command in (("local", "start"), ("invoke", "--arn", ARN, "{}")):
        ran = inside(*AGENTCORE, *command, namespaces=("--net",))
        assert ran.returncode != 0
        assert f"(process {server.info.pid}) runs in another network than this command" in ran.stderr
        assert "agentcore local stop" in ran.stderr
        assert "region" not in ran.stderr
    assert daemon.running(server.home) is not None


def test_root_without_other_users_has_sessions_all_the_same(tmp_path: Path) -> None:
    """As in a container whose user namespace has one user."""
    ran = inside(sys.executable, "-c", DETECT, str(tmp_path / "home"), namespaces=("--user", "--map-root-user"))
    assert ran.returncode == 0, ran.stderr
    assert "namespaces='root'" not in ran.stdout
