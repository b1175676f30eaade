"""`agentcore build` on a machine that has never seen agentcore: a checkout with a config, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.functional.commands.test_exit_codes import ON_SCRATCH

AGAIN = """
import sys
from agentcore_cli.main import main
code = main(["build", "--build", "oci"])
print([name for name in ("boto3", "docker", "urllib3") if name in sys.modules])
raise SystemExit(code)
"""


@pytest.fixture
def command(tmp_path: Path) -> CommandLine:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "agent.py").write_text("answer = 1\n")
    (folder / ".agentcore.yaml").write_text(ON_SCRATCH)
    return CommandLine(folder, {"AGENTCORE_HOME": str(tmp_path / "home")})


@pytest.mark.parametrize("how", ["oci", "zip"])
def test_what_the_first_one_leaves_is_ours_to_the_second(command: CommandLine, how: str) -> None:
    path = command.folder / ".agentcore.yaml"
    path.write_text(path.read_text().replace("agent.py,", 'agent.py, python: "3.13",'))
    digest = command.json("build", "--build", how)["digest"]
    assert command.json("build", "--build", how)["digest"] == digest


def test_one_with_nothing_new_waits_for_nothing_that_it_does_not_need(command: CommandLine) -> None:
    command.run("build", "--build", "oci")
    program = [sys.executable, "-c", AGAIN]
    environment = command.whole_environment()
    ran = subprocess.run(program, cwd=command.folder, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"
