"""What a session is told of itself that would go otherwise on AWS."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WORKER = Path(__file__).parents[4] / "agentcore_cli" / "local" / "sandbox"
BEGIN = (
    f"import sys; sys.path.insert(0, {str(WORKER)!r})\nfrom worker import differences\ndifferences.watch_programs()\n"
)


def told(code: str, folder: Path, *, first: str = "", environment: dict[str, str] | None = None) -> list[str]:
    """What a process writes to its log that runs `code`; there is a program `gitt` on its PATH."""
    program = folder / "bin" / "gitt"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    (folder / "app").mkdir()
    path = f"{program.parent}:/usr/bin:/bin"
    ran = subprocess.run(
        [sys.executable, "-c", first + BEGIN + code],
        cwd=folder / "app",
        env={"PATH": path, **(environment or {})},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stderr.splitlines()


@pytest.mark.parametrize("first", ["", "import subprocess\n"])
@pytest.mark.parametrize(
    "code",
    [
        "import subprocess; subprocess.run(['gitt'])",
        "import subprocess; [subprocess.run('cd / && X=1 gitt status | head', shell=True) for _ in range(3)]",
        "import os; os.system('gitt')",
        "import asyncio\nasync def f(): await (await asyncio.create_subprocess_exec('gitt')).wait()\nasyncio.run(f())",
    ],
    ids=["run", "a shell, three times", "system", "asyncio"],
)
def test_a_program_of_the_machine_is_told_once(code: str, first: str, tmp_path: Path) -> None:
    (line,) = told(code, tmp_path, first=first)
    assert line.startswith("agentcore: gitt is a program of this machine; the image for AWS has none")


@pytest.mark.parametrize(
    "code",
    [
        "import subprocess; subprocess.run(['ls', '/']); subprocess.run('echo gitt > /dev/null', shell=True)",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', ''])",
        "import os, shutil, subprocess; shutil.copy(shutil.which('gitt'), 'own'); subprocess.run(['./own'])",
    ],
    ids=["of every image", "the interpreter", "the project's own"],
)
def test_what_an_image_has_is_not_told(code: str, tmp_path: Path) -> None:
    assert told(code, tmp_path) == []


def test_a_program_that_is_nowhere_fails_as_ever(tmp_path: Path) -> None:
    code = "import subprocess\ntry: subprocess.run(['nowhere-at-all'])\nexcept FileNotFoundError: print('as ever')"
    assert told(code, tmp_path) == []


@pytest.mark.parametrize(
    ("host", "first", "environment", "is_told"),
    [
        ("127.0.0.1", "", {}, True),
        ("localhost", "", {}, True),
        ("0.0.0.0", "", {}, False),
        ("", "", {}, False),
        ("127.0.0.1", "import sys, types; sys.modules['bedrock_agentcore'] = types\n", {}, False),
        (
            "127.0.0.1",
            "import sys, types; sys.modules['bedrock_agentcore'] = types\n",
            {"DOCKER_CONTAINER": "1"},
            True,
        ),
    ],
)
def test_a_server_on_loopback(
    host: str, first: str, environment: dict[str, str], is_told: bool, tmp_path: Path
) -> None:
    lines = told(f"differences.look_at_address({host!r}, 8080)", tmp_path, first=first, environment=environment)
    assert [f"agentcore: the server listens on {host}:8080" in line for line in lines] == [True] * is_told


def test_debian_s_own_python_does_not_make_all_programs_beside_it_the_agent_s(tmp_path: Path) -> None:
    code = """
differences.tell = print
sys.executable, sys.prefix, sys.base_prefix = "/usr/bin/python3", "/usr", "/usr"
import os
beside = [name for name in sorted(os.listdir("/usr/bin")) if os.access(f"/usr/bin/{name}", os.X_OK)]
others = [name for name in beside if name not in differences.SLIM and not name.startswith(differences._PYTHONS)]
os.write(2, f"{differences.is_the_machines(others[0])}\\n".encode())
"""
    assert told(code, tmp_path) == ["True"]
