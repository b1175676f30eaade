"""Traces of the LangGraph agent of docs/projects.md by OpenInference: with the lines of docs/traces.md, and as a module
that AWS's distro starts.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import leave
from tests.fakes.bedrock import ScriptedBedrock
from tests.functional.docs.kitchen import RECIPES
from tests.functional.docs.page import REPOSITORY
from tests.same_process import SameProcess

AGENT = RECIPES["LangGraph"].files["agent.py"]
REQUIRED = """\
aws-opentelemetry-distro
openinference-instrumentation-langchain
opentelemetry-exporter-otlp-proto-http
"""

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]  # hundreds of MB of packages


@pytest.fixture
def agentcore(tmp_path: Path) -> Iterator[SameProcess]:
    """In a folder with the requirements, and a model for the agent."""
    home = Path(tempfile.mkdtemp(prefix="ac-"))
    (tmp_path / "requirements.txt").write_text(RECIPES["LangGraph"].files["requirements.txt"] + REQUIRED)
    settings = {"AGENTCORE_HOME": str(home), "AGENTCORE_TARGET": "local", "UV_INDEX_STRATEGY": "unsafe-best-match"}
    with ScriptedBedrock() as bedrock:
        command = SameProcess(tmp_path, settings | bedrock.environment)
        yield command
        command.run("destroy", "--yes")
    leave(home)


def check(agentcore: SameProcess, *between: str) -> None:
    """Deploy and call, and look for what the model and the tool did in the tree, below `between`."""
    agentcore.run("deploy")
    shown = agentcore.run("invoke", "How is the weather in Oslo?", "--session-id", "ada", "--trace").stderr
    within = r".*\n(?:.*\n)*?.*"
    parts = (
        r"InvokeAgentRuntime",
        *between,
        r"─ LangGraph ",
        r"─ ChatBedrockConverse  us\.anthropic",
        r"input: How is the weather in Oslo\?",
        r'output: weather\(\{"city": "Oslo"\}\)',
        r"─ weather ",
        r"arguments: .*Oslo",
        r"result: It is sunny in Oslo\n",
        r"─ ChatBedrockConverse ",
        r"output: The answer is: It is sunny in Oslo\.",
    )
    assert re.search(within.join(parts), shown), shown
    lines = agentcore.run("traces", "show", "--last", "--jsonl").stdout.splitlines()
    spans = [json.loads(line) for line in lines]
    assert all(span["session_id"].startswith("ada-") for span in spans)
    models = [span for span in spans if span["name"] == "ChatBedrockConverse"]
    assert [(each["input_tokens"], each["output_tokens"]) for each in models] == [(1, 1), (1, 1)]


def test_by_an_exporter_of_its_own(agentcore: SameProcess) -> None:
    text = (REPOSITORY / "docs" / "traces.md").read_text()
    (lines,) = re.findall(r"```python\n(from openinference.*?)```", text, re.DOTALL)
    (agentcore.folder / "agent.py").write_text(lines + AGENT)
    agentcore.run("configure", "--entrypoint", "agent.py", "--name", "graph", "--python", "3.11")
    check(agentcore)


def test_by_aws_s_distro_which_starts_a_module(agentcore: SameProcess) -> None:
    package = agentcore.folder / "desk"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "words.py").write_text("PLACE = 'Oslo'\n")
    (package / "main.py").write_text(f"from .words import PLACE\n{AGENT}")
    agentcore.run("configure", "--entrypoint", "desk.main:app", "--name", "graph", "--python", "3.11")
    config = agentcore.folder / ".agentcore.yaml"
    config.write_text(config.read_text().replace("    entrypoint:", "    otel: true\n    entrypoint:"))
    check(agentcore, r"─ POST /invocations ")
