"""`agentcore traces` and `invoke --trace` over an agent that exports what a model, a tool and a failure look like."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import CommandLine
from tests.conftest import leave
from tests.exported import attribute
from tests.same_process import SameProcess

AGENT = Path(__file__).parents[3] / "agents" / "traces_itself.py"


def made(span_id: int, name: str, failed: str = "", **attributes: Any) -> dict[str, Any]:
    told = [attribute(key.replace("__", "."), value) for key, value in attributes.items()]
    status = {"code": 2, "message": failed} if failed else {}
    return {"spanId": f"{span_id:016x}", "name": name, "attributes": told, "status": status}


WORK = {
    "spans": [
        made(
            1,
            "chat claude",
            gen_ai__operation__name="chat",
            gen_ai__request__model="claude",
            gen_ai__usage__input_tokens=1200,
            gen_ai__usage__output_tokens=30,
            gen_ai__input__messages='[{"role": "user", "parts": [{"type": "text", "content": "Where is it?"}]}]',
        ),
        made(
            2,
            "execute_tool order",
            gen_ai__operation__name="execute_tool",
            gen_ai__tool__name="order",
            gen_ai__tool__call__arguments='{"id": 7}',
            gen_ai__tool__call__result="sent\x1b[31m\nyesterday",
        ),
        made(3, "GET /orders", failed="no route"),
    ]
}


@pytest.fixture(scope="module")
def agentcore(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SameProcess]:
    home = Path(tempfile.mkdtemp(prefix="ac-"))
    folder = tmp_path_factory.mktemp("project")
    shutil.copy(AGENT, folder / "agent.py")
    command = SameProcess(folder, {"AGENTCORE_HOME": str(home), "AGENTCORE_TARGET": "local"})
    command.run("configure", "--entrypoint", "agent.py", "--name", "traced")
    command.run("deploy")
    yield command
    command.run("destroy", "--yes")
    leave(home)


@pytest.fixture(scope="module")
def worked(agentcore: SameProcess) -> SameProcess:
    """After a call that did something, in the session ann."""
    agentcore.run("invoke", json.dumps(WORK), "--session-id", "ann")
    return agentcore


def test_a_list_has_a_line_for_each_call(worked: SameProcess) -> None:
    heads, line = worked.run("traces", "list", "--session-id", "ann").stdout.splitlines()
    assert heads.split() == ["TRACE", "SESSION", "TOOK", "SPANS", "MODELS", "TOKENS", "TOOLS", "ERRORS", "BEGAN"]
    assert len(line.split()[0]) == 32
    for part in ("ann", "claude", "1,200 -> 30"):
        assert part in line
    assert worked.run("traces", "list", "--session-id", "nobody").stdout == ""
    assert len(worked.run("traces", "list", "--since", "1h", "--limit", "1").stdout.splitlines()) == 2


def test_a_trace_is_a_tree_with_models_tokens_tools_and_errors(worked: SameProcess) -> None:
    shown = worked.run("traces", "show", "--last", "--session-id", "ann").stdout
    assert "1,200 tokens in, 30 out" in shown.splitlines()[0]
    assert shown.splitlines()[1].startswith("InvokeAgentRuntime traced")
    for part in (
        "─ chat claude  1,200 in, 30 out ",
        "input: Where is it?",
        "─ execute_tool order ",
        'arguments: {"id": 7}',
        "result: sent\\x1b[31m yesterday",
        "─ GET /orders ",
        "error: no route",
    ):
        assert part in shown, shown
    assert "\x1b" not in shown


def test_details_are_whole_with_full(worked: SameProcess) -> None:
    lines = worked.run("traces", "show", "--last", "--full", "--session-id", "ann").stdout.splitlines()
    assert any(line.endswith("result: sent\\x1b[31m") for line in lines)
    assert any(line.endswith("    yesterday") for line in lines)


def test_a_trace_is_found_by_how_its_id_begins(worked: SameProcess) -> None:
    (trace,) = worked.json("traces", "list", "--session-id", "ann")["traces"]
    assert worked.run("traces", "show", trace["trace_id"][:8]).stdout.startswith(f"trace {trace['trace_id']}")
    worked.run("traces", "show", "zz", code=4)


def test_json_is_otlp(worked: SameProcess) -> None:
    told = worked.json("traces", "show", "--last", "--session-id", "ann")
    spans = {
        span["name"]: (span, scope["scope"]["name"])
        for resource in told["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    }
    chat, scope = spans["chat claude"]
    assert scope == "itself"
    assert {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "1200"}} in chat["attributes"]
    assert chat["startTimeUnixNano"].isdigit()


def test_jsonl_is_a_line_for_each_span(worked: SameProcess) -> None:
    lines = worked.run("traces", "show", "--last", "--jsonl", "--session-id", "ann").stdout.splitlines()
    spans = {span["name"]: span for span in map(json.loads, lines)}
    assert (spans["chat claude"]["model"], spans["chat claude"]["input_tokens"]) == ("claude", 1200)
    assert (spans["execute_tool order"]["tool"], spans["execute_tool order"]["arguments"]) == ("order", '{"id": 7}')
    assert spans["GET /orders"]["error"] == "no route"
    assert worked.run("traces", "show", "--last", "--jsonl", "--json", code=2).stderr == ""


def test_invoke_shows_the_tree_beside_the_answer(agentcore: SameProcess) -> None:
    ran = agentcore.run("invoke", json.dumps(WORK), "--session-id", "bob", "--trace")
    json.loads(ran.stdout)
    assert "─ chat claude  1,200 in, 30 out " in ran.stderr
    told = agentcore.json("invoke", "{}", "--session-id", "bob", "--trace")
    assert told["response"]["traceparent"].split("-")[1] == told["trace_id"]


def test_invoke_shows_the_trace_that_a_header_names(agentcore: SameProcess) -> None:
    given = f"traceparent:00-{'ab' * 16}-{'cd' * 8}-01"
    ran = agentcore.run("invoke", json.dumps(WORK), "--session-id", "header", "--trace", "--header", given)
    assert f"trace {'ab' * 16}" in ran.stderr


def test_invoke_shows_what_a_call_did_that_failed(agentcore: SameProcess) -> None:
    ran = agentcore.run("invoke", '{"post": 7}', "--session-id", "fails", "--trace", code=5)
    assert "InvokeAgentRuntime" in ran.stderr
    assert "error: Runtime closed the connection" in ran.stderr


@pytest.mark.parametrize("verb", ["list", "show"])
def test_follow_goes_on_until_ctrl_c(worked: SameProcess, verb: str) -> None:
    command = CommandLine(worked.folder, worked.environment)
    with command.start("traces", verb, "--follow", "--session-id", "ann", "--json") as running:
        try:
            assert running.stdout is not None
            first = json.loads(running.stdout.readline())
            worked.run("invoke", json.dumps(WORK), "--session-id", "ann")
            second = json.loads(running.stdout.readline())
            running.send_signal(signal.SIGINT)
            last = json.loads(running.stdout.readline())
            assert running.wait(60) == 130
        except BaseException:
            running.kill()
            raise
    assert {first["event"], second["event"]} == {"trace"}
    assert second["number"] > first["number"]
    assert last["event"] == "result"


def test_a_list_that_nobody_reads_to_its_end(worked: SameProcess) -> None:
    command = CommandLine(worked.folder, worked.environment)
    shown = subprocess.run(
        ["bash", "-c", "agentcore traces show --last --full | head -1"],
        cwd=worked.folder,
        env=command.whole_environment() | {"PATH": f"{command_folder()}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert shown.stdout.startswith("trace ")
    assert shown.stderr == ""


def command_folder() -> Path:
    from tests.command_line import AGENTCORE

    return AGENTCORE.parent


def test_nothing_deployed_and_no_trace_yet(tmp_path: Path, agentcore: SameProcess) -> None:
    shutil.copy(AGENT, tmp_path / "agent.py")
    other = SameProcess(tmp_path, agentcore.environment)
    other.run("configure", "--entrypoint", "agent.py", "--name", "untraced")
    other.run("traces", "list", code=4)
    other.run("deploy")
    try:
        assert "there is no trace yet" in other.run("traces", "list").stderr
        assert "there is no trace yet" in other.run("traces", "show", "--last", code=4).stderr
    finally:
        other.run("destroy", "--yes")
