"""The cells of AWS's tutorial on runtime context, in a real IPython, with the import line changed and nothing else."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import CommandLine
from tests.environments import REPOSITORY, agent_environment
from tests.fakes.bedrock import ScriptedBedrock
from tests.functional.journeys.project import AGENTS, TUTORIAL_REQUIREMENTS
from tests.local_runtime import nothing_is_served
from tests.stand_ins import Moto

KERNEL = Path(__file__).with_name("kernel.py")
NAMING_CELL = 9  # shows the repository that the last cell deletes


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ac-"))
    yield folder
    nothing_is_served(folder)
    shutil.rmtree(folder)


@pytest.mark.long
def test_every_cell_runs_on_the_local_target(tmp_path: Path, home: Path, moto: Moto) -> None:
    (tmp_path / "requirements.txt").write_text("".join(f"{name}\n" for name in TUTORIAL_REQUIREMENTS))
    with ScriptedBedrock() as bedrock:
        own = {"AGENTCORE_HOME": str(home), **bedrock.environment}
        local = CommandLine(tmp_path, own).json("local", "env")["environment"]
        environment = {**own, **local, "AGENTCORE_TARGET": "local", "AWS_ENDPOINT_URL_ECR": moto.url}
        said = list(run(tmp_path, environment, moto))

    shown = [line["shown"]["text/markdown"] for line in said if "text/markdown" in line.get("shown", {})]
    assert shown == [
        "Hello Maira. The answer is: sunny.",
        "Hello Maira. The answer is: 10.",
        "Hello Maira. That is 44.",
        "Hello Maira. I do not know what to add it to, no number was named in this conversation.",
        "Hello Mani. The answer is: sunny.",
    ]
    assert next(line["result"] for line in said if line.get("ran") == 3) == "'READY'"
    assert [line["ran"] for line in said if "ran" in line] == list(range(len(said) - len(shown)))


def run(folder: Path, environment: dict[str, str], moto: Moto) -> Iterator[dict[str, Any]]:
    """What the kernel says; the repository that the notebook names is made before the cell that deletes it."""
    python = agent_environment("ipython", str(REPOSITORY))
    files = (KERNEL, AGENTS / "seed_strands_claude_context.py", AGENTS / "seed_strands_claude_context.notebook")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AGENTCORE_"))}
    with subprocess.Popen(
        [python, *files],
        cwd=folder,
        env=inherited | environment | {"PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as kernel:
        assert kernel.stdout
        assert kernel.stdin
        for text in kernel.stdout:
            line = json.loads(text) if text.startswith("{") else {}
            assert "failed" not in line, f"cell {line['failed']} failed"
            if "ran" not in line and "shown" not in line:
                continue
            yield line
            if line.get("ran") == NAMING_CELL:
                _, _, repository = ast.literal_eval(line["result"])
                moto.client("ecr").create_repository(repositoryName=repository)
            if "ran" in line:
                kernel.stdin.write("\n")
                kernel.stdin.flush()
    assert kernel.returncode == 0
