"""`agentcore invoke` as a person and a script see it: streams, exit codes, JSON."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.command_line import AGENTCORE, CommandLine
from tests.conftest import leave
from tests.same_process import SameProcess

HEAVY = ("boto3", "botocore", "docker", "pydantic", "uvicorn", "starlette", "rich", "jinja2", "ruamel", "yaml")


def test_the_answer_is_on_stdout_and_the_session_on_stderr(agentcore: CommandLine) -> None:
    ran = agentcore.run("invoke", "--local", '{"a": 1}', "-s", "conv1")
    assert json.loads(ran.stdout)["payload"] == {"a": 1}
    assert "session conv1 (conv1-" in ran.stderr


def test_a_local_call_loads_nothing_heavy(agentcore: CommandLine) -> None:
    agentcore.run("invoke", "--local", "{}")
    program = f"""
import sys
from agentcore_cli.main import main
code = main(["invoke", "--local", "-q", "{{}}"])
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
raise SystemExit(code)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=agentcore.folder,
        env=agentcore.whole_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr.splitlines()[-1] == "[]"


def test_text_is_a_prompt(agentcore: CommandLine) -> None:
    assert json.loads(agentcore.run("invoke", "--local", "hello").stdout)["payload"] == {"prompt": "hello"}


def test_one_name_is_one_session_and_another_name_another(agentcore: CommandLine) -> None:
    counts = [agentcore.json("invoke", "--local", "{}", "-s", name)["response"]["calls"] for name in ("x", "x", "y")]
    assert counts == [1, 2, 1]


def test_without_a_name_the_session_is_new_and_can_be_continued(agentcore: CommandLine) -> None:
    first = agentcore.json("invoke", "--local", "{}")
    again = agentcore.json("invoke", "--local", "{}", "-s", first["session"])
    assert first["session_id"] == first["session"] == again["session_id"]
    assert again["response"]["calls"] == 2


def test_json_has_the_whole_envelope(agentcore: CommandLine) -> None:
    answer = agentcore.json("invoke", "--local", '{"do": "text"}', "-s", "conv1")
    assert answer["schema_version"] == 1
    assert answer["session"] == "conv1"
    assert len(answer["session_id"]) >= 33
    assert (answer["status_code"], answer["content_type"], answer["response"]) == (200, "text/plain", "plain words")


def test_bytes_that_are_no_text_go_both_ways(agentcore: CommandLine) -> None:
    (agentcore.folder / "p.bin").write_bytes(bytes(range(256)))
    answer = agentcore.json("invoke", "--local", "@p.bin", "--content-type", "application/octet-stream")
    assert set(answer["response"]) == {"base64"}
    agentcore.run("invoke", "--local", "@p.bin", "--content-type", "application/octet-stream", "--output", "out.bin")
    assert (agentcore.folder / "out.bin").read_bytes() == bytes(range(256))


def test_a_stream_is_printed_as_its_text(agentcore: CommandLine) -> None:
    assert agentcore.run("invoke", "--local", '{"do": "stream"}').stdout == 'Hello{"n": 1}\n'


def test_a_stream_arrives_piece_by_piece(agentcore: CommandLine) -> None:
    child = agentcore.start("invoke", "--local", '{"do": "held_stream"}', "-s", "piecewise")
    assert child.stdout is not None
    with child:
        assert child.stdout.read(2) == b"01"
        agentcore.run("invoke", "--local", '{"do": "go_on"}', "-s", "piecewise")
        assert child.stdout.read() == b"2345678910111213141516171819\n"


def test_a_stream_with_json_is_a_line_per_event_and_a_result(agentcore: CommandLine) -> None:
    lines = [
        json.loads(line)
        for line in agentcore.run("invoke", "--local", '{"do": "stream"}', "--json").stdout.split("\n")
        if line
    ]
    assert [line["event"] for line in lines] == ["data", "data", "data", "result"]
    assert [line["data"] for line in lines[:3]] == ["Hel", "lo", {"n": 1}]
    assert lines[3]["events"] == 3


def test_raw_passes_the_bytes_through(agentcore: CommandLine) -> None:
    assert agentcore.run("invoke", "--local", '{"do": "stream"}', "--raw").stdout.startswith('data: "Hel"\n\n')


def test_control_characters_and_markup_come_through_a_pipe_unchanged(agentcore: CommandLine) -> None:
    assert agentcore.run("invoke", "--local", '{"do": "control"}').stdout == "red \x1b[31m[bold]markup[/bold] \x07\n"


def test_a_custom_header_gets_its_prefix(agentcore: CommandLine) -> None:
    headers = agentcore.json("invoke", "--local", '{"do": "headers"}', "--header", "Tenant: a, b")["response"]
    assert "authorization" not in headers
    assert headers["x-amzn-bedrock-agentcore-runtime-custom-tenant"] == "a, b"
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(['{"prompt": '], 2, "begins like JSON", id="broken-json"),
        pytest.param(["{}", "-s", ""], 2, "empty", id="empty-session"),
        pytest.param(["{}", "-s", "x" * 300], 2, "300 characters", id="long-session"),
        pytest.param(["{}", "-s", "a\nb"], 2, "control characters", id="control-session"),
        pytest.param(["@nope.json"], 2, "No such file", id="missing-file"),
        pytest.param(["{}", "--header", "nonsense"], 2, "NAME:VALUE", id="bad-header"),
        pytest.param(["{}", "--qualifier", "prod"], 4, "No endpoint or agent found", id="unknown-endpoint"),
        pytest.param(["{}", "--agent", "nobody"], 4, "nobody", id="unknown-agent"),
        pytest.param(["{}", "--timeout", "0"], 2, "timeout", id="no-time"),
        pytest.param(['{"do": "fail"}'], 5, "Received error (500)", id="agent-fails"),
        pytest.param(['{"do": "die"}'], 5, "SIGKILL", id="agent-is-killed"),
    ],
)
def test_what_goes_wrong_has_an_exit_code_and_a_reason(
    agentcore: CommandLine, arguments: list[str], code: int, says: str
) -> None:
    ran = agentcore.run("invoke", "--local", *arguments, code=code)
    assert ran.stdout == ""
    assert says in ran.stderr
    assert 'File "/' not in ran.stderr, "our own traceback"
    assert json.loads(agentcore.run("invoke", "--local", *arguments, "--json", code=code).stdout)["error"]["message"]


def test_a_failing_agent_shows_its_own_last_lines(agentcore: CommandLine) -> None:
    ran = agentcore.run("invoke", "--local", '{"do": "fail"}', "-s", "failing", code=5)
    assert ran.stderr.count("ValueError: no such customer") == 1
    assert "agentcore logs --local --session-id failing" in ran.stderr


def test_records_of_the_sdk_are_shown_as_their_text(agentcore: CommandLine) -> None:
    ran = agentcore.run("invoke", "--local", '{"do": "fail_as_the_sdk"}', code=5)
    assert ran.stderr.splitlines()[1:8] == [
        '{"error": "name"}',
        "looking",
        "ERROR Invocation failed (0.001s)",
        "Traceback (most recent call last):",
        '  File "agent.py", line 6, in main',
        "KeyError: 'name'",
        '{"level": 7}',
    ]


def test_a_silent_agent_s_new_session_can_be_gone_on_with(agentcore: CommandLine) -> None:
    ran = agentcore.run("invoke", "--local", '{"do": "wait"}', "--timeout", "1", code=7)
    assert "silent for 1 s" in ran.stderr
    [session] = re.findall("goes on: agentcore invoke --local --session-id ([0-9a-f-]{36}) PAYLOAD", ran.stderr)
    answer = agentcore.json("invoke", "--local", "{}", "-s", session)
    assert answer["session_id"] == session
    assert answer["response"]["calls"] in (1, 2)  # where the time was over before it was up, the first never reached it


@pytest.mark.long
def test_what_was_deployed_long_ago_and_is_gone_is_not_waited_for(agentcore: CommandLine, tmp_path: Path) -> None:
    project = Path(shutil.copytree(agentcore.folder, tmp_path / "project"))
    os.utime(project / ".agentcore" / "local.json", (0, 0))
    elsewhere = Path(tempfile.mkdtemp(prefix="ac-"))
    ran = SameProcess(project, {"AGENTCORE_HOME": str(elsewhere)}).run("invoke", "--local", "{}", code=4)
    assert "next: agentcore status --local" in ran.stderr
    leave(elsewhere)


def test_what_arrived_before_a_stream_broke_is_shown(agentcore: CommandLine) -> None:
    ran = agentcore.run("invoke", "--local", '{"do": "break"}', "-s", "broken", code=5)
    assert ran.stdout.startswith("first")
    assert "broke off" in ran.stderr
    assert "\nthe customer's record is gone\n" in ran.stderr, "the log's last lines"
    assert "agentcore logs --local --session-id broken" in ran.stderr


def test_a_silent_agent_is_given_up_after_the_timeout(agentcore: CommandLine) -> None:
    ran = agentcore.run("invoke", "--local", '{"do": "wait"}', "--timeout", "1", code=7)
    assert "silent" in ran.stderr


def test_a_reader_that_leaves_early_is_no_error(agentcore: CommandLine) -> None:
    ran = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f'{AGENTCORE} invoke --local \'{{"do": "slow_stream"}}\' | head -c 1'],
        cwd=agentcore.folder,
        env=agentcore.whole_environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout) == (0, "0")
    assert "Traceback" not in ran.stderr
    assert "BrokenPipe" not in ran.stderr


def test_too_large_a_payload_is_refused_before_it_is_sent(agentcore: CommandLine) -> None:
    with (agentcore.folder / "big").open("wb") as file:
        file.truncate(100_000_001)
    ran = agentcore.run("invoke", "--local", "@big", "--content-type", "application/octet-stream", code=2)
    assert "100,000,001 bytes" in ran.stderr
    Path(agentcore.folder / "big").unlink()


def test_not_deployed_names_the_target_where_it_is(agentcore: CommandLine) -> None:
    ran = agentcore.run("invoke", "{}", code=4)
    assert "--local" in ran.stderr
