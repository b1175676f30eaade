"""No space left: a clear error, and nothing that was there is lost."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agentcore_cli.errors import AgentcoreError
from agentcore_cli.local.home import Home
from tests.fakes.wheel import make_wheel
from tests.functional.operations.deploy.workshop import Workshop, inventory

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a file system of its own needs root")


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    """`folder`, with what is in it, on a file system of this size."""
    kept = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        for name, content in kept.items():
            (folder / name).write_bytes(content)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_no_space_for_the_environment(workshop: Workshop, home: Home) -> None:
    make_wheel(workshop.root, "demo", f"data = '{secrets.token_hex(2_000_000)}'\n")
    (workshop.root / "requirements.txt").write_text("./demo-1.0-py3-none-any.whl\n")
    workshop.configure(requirements="requirements.txt")
    with small_disk(home.environments, 2000):
        with pytest.raises(AgentcoreError, match="no space left") as caught:
            workshop.deploy()
        assert caught.value.exit_code == 1
        assert list(home.environments.glob("[!.]*")) == []
    assert inventory(home) == {}
    workshop.deploy()


def test_no_space_for_the_bundle(workshop: Workshop, home: Home) -> None:
    workshop.deploy()
    (workshop.root / "data.bin").write_bytes(secrets.token_bytes(2_000_000))
    with small_disk(home.artifacts, 500), pytest.raises(AgentcoreError, match="no space left"):
        workshop.deploy()
    assert [version for _, _, version in inventory(home).values()] == ["1"]
    assert workshop.deploy().version == "2"


def test_no_space_for_the_state_file(workshop: Workshop, home: Home) -> None:
    first = workshop.deploy()
    (workshop.root / "handler.py").write_text((workshop.root / "handler.py").read_text() + "# changed\n")
    folder = workshop.root / ".agentcore"
    with small_disk(folder, 20):
        (folder / "filler").write_bytes(bytes(4096 * 8)[: free_bytes(folder)])
        before = (folder / "local.json").read_bytes()
        with pytest.raises(AgentcoreError, match="no space left"):
            workshop.deploy()
        assert (folder / "local.json").read_bytes() == before
    assert workshop.deploy().arn == first.arn


def free_bytes(folder: Path) -> int:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize
