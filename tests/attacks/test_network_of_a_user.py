"""An ordinary user gets private networks by `pasta`, or is told what is missing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.test_ordinary_user import NOBODY, PYTHON, folder

__all__ = ["folder"]

# A mount namespace in which everybody may make virtual links, as distributions have it.
OPEN_TUN = "mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec"

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else"),
    pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed"),
]


def as_nobody(folder: Path, search_path: str, before: str = "") -> Any:
    script = folder / "tests" / "attacks" / "unprivileged_network.py"
    user = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups"
    command = f"{before} {OPEN_TUN} {user} {PYTHON} {script} {folder / 'state'}"
    result = subprocess.run(
        ["unshare", "--mount", "sh", "-c", command],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": search_path, "HOME": str(folder / "state")},
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.skipif(not shutil.which("pasta"), reason="pasta (package passt) is not installed")
def test_nobody_has_private_networks_by_pasta(folder: Path) -> None:
    seen = as_nobody(folder, os.defpath + ":/usr/sbin")
    if seen["level"] == "process":
        pytest.skip("ordinary users have no namespaces here")
    assert seen["reason"] == ""
    assert seen["links"] == ["eth0", "lo"]
    assert seen["machine"] == "ConnectionRefusedError"
    assert seen["named"] == "connected"
    assert subprocess.run(["pgrep", "-u", str(NOBODY), "-f", "pasta"], capture_output=True).stdout == b""


def test_without_pasta_nobody_has_the_network_of_the_machine_and_is_told(folder: Path) -> None:
    found = {os.path.realpath(path) for path in map(shutil.which, ("pasta", "pasta.avx2", "passt")) if path}
    hidden = "".join(f"mount --bind /dev/null {path} && " for path in sorted(found))
    seen = as_nobody(folder, os.defpath + ":/usr/sbin", hidden)
    if seen["level"] == "process":
        pytest.skip("ordinary users have no namespaces here")
    assert seen["reason"] == "an ordinary user needs pasta for it (Debian's package passt)"
    assert (seen["machine"], seen["named"]) == ("connected", "connected")
