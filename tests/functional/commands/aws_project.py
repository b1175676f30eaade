"""The project of the folder's tests as if its agent were on AWS, with the local runtime as the wire."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.command_line import CommandLine
from tests.same_process import SameProcess


def on_aws(agentcore: CommandLine, folder: Path, **environment: str) -> CommandLine:
    """A second project in `folder` whose target `aws` is where `agentcore`'s agent runs, signed with SigV4."""
    client: dict[str, str] = agentcore.json("local", "env")["environment"]
    state: dict[str, Any] = json.loads((agentcore.folder / ".agentcore" / "local.json").read_text())
    (folder / ".agentcore").mkdir()
    (folder / ".agentcore" / "aws.json").write_text(json.dumps(state | {"target": "aws"}))
    config = (agentcore.folder / ".agentcore.yaml").read_text()
    (folder / ".agentcore.yaml").write_text(config)
    (folder / "agent.py").write_text("# deployed from elsewhere\n")
    files = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    own = {"AGENTCORE_HOME": str(folder / "no-home"), "AGENTCORE_TARGET": "aws", "AWS_EC2_METADATA_DISABLED": "true"}
    return SameProcess(folder, client | files | own | environment)


def arn_of(aws: CommandLine) -> str:
    """The runtime that such a project talks to."""
    state = json.loads((aws.folder / ".agentcore" / "aws.json").read_text())
    found: str = state["agents"]["answers"]["runtime"]["outputs"]["arn"]
    return found
