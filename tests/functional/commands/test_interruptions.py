"""Ctrl-C, readers that leave and streams that are closed: an exit code, a word, never a traceback."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.command_line import AGENTCORE, CommandLine
from tests.json_contract import checked
from tests.local_runtime import eventually
from tests.long_cases import always
from tests.processes import kill

LONG_ENOUGH = 60  # seconds


def interrupted(agentcore: CommandLine, *arguments: str, until: str) -> subprocess.CompletedProcess[str]:
    """Run a command and press Ctrl-C once `until`, a session, is at work."""
    command = subprocess.Popen(
        [AGENTCORE, *arguments],
        cwd=agentcore.folder,
        env=agentcore.whole_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with command:
        eventually(lambda: _is_active(agentcore, until), "the agent is at work")
        command.send_signal(signal.SIGINT)
        out, err = command.communicate(timeout=LONG_ENOUGH)
    return subprocess.CompletedProcess(arguments, command.returncode, out, err)


def _is_active(agentcore: CommandLine, name: str) -> bool:
    sessions = agentcore.json("sessions", "list", "--local")["sessions"]
    return any(session["name"] == name and session["state"] == "active" for session in sessions)


def shell(agentcore: CommandLine, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which `agentcore` is the command and a pipe fails with its first part."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", f'agentcore() {{ {AGENTCORE} "$@"; }}; {line}'],
        cwd=agentcore.folder,
        env=agentcore.whole_environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_ctrl_c_in_an_invoke_says_how_to_go_on(agentcore: CommandLine) -> None:
    ran = interrupted(agentcore, "invoke", "--local", '{"do": "wait"}', "-s", "my talk", until="my-talk")
    assert (ran.returncode, ran.stdout) == (130, "")
    assert ran.stderr.splitlines() == [
        "error: interrupted; the session goes on",
        "  next: agentcore invoke --local --session-id 'my talk' PAYLOAD",
    ]


def test_ctrl_c_with_json_is_an_object(agentcore: CommandLine) -> None:
    payload = '{"do": "wait"}'
    ran = interrupted(agentcore, "invoke", "--local", payload, "-s", "scripted", "--json", until="scripted")
    assert (ran.returncode, ran.stderr) == (130, "")
    (said,) = checked("invoke", ran.stdout)
    assert said["error"]["code"] == "Interrupted"


@pytest.mark.parametrize("seconds", [0.03, 0.13, 0.3])
def test_ctrl_c_at_any_moment_is_no_traceback(agentcore: CommandLine, seconds: float) -> None:
    """However little is loaded yet; before this program has begun, it is Python's own to answer."""
    started = [AGENTCORE.with_name("python"), "-c", "from agentcore_cli.__main__ import run\nprint(flush=True)\nrun()"]
    with subprocess.Popen(
        [*started, "status", "--local"],
        cwd=agentcore.folder,
        env=agentcore.whole_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(seconds)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=LONG_ENOUGH)
    assert child.returncode in (0, 130)
    assert "Traceback" not in err


def test_logs_that_are_followed_end_with_their_result(agentcore: CommandLine) -> None:
    agentcore.run("invoke", "--local", "{}", "-s", "watched")
    child = agentcore.start("logs", "--local", "-s", "watched", "--follow", "--json")
    assert child.stdout is not None
    with child:
        assert json.loads(child.stdout.readline())["message"] == "echo 1"
        child.send_signal(signal.SIGINT)
        assert json.loads(child.stdout.readline()) == {"schema_version": 1, "event": "result", "lines": 1}
        assert child.wait(timeout=LONG_ENOUGH) == 130


@pytest.mark.parametrize("streams", ["--json | true", "2>&1 | true"], ids=["stdout", "stderr"])
def test_a_deploy_goes_on_when_nobody_reads_about_it(agentcore: CommandLine, streams: str) -> None:
    source = agentcore.folder / "agent.py"
    source.write_text(source.read_text() + "\n# another line\n")
    assert shell(agentcore, f"agentcore deploy --local {streams}").returncode == 0
    agentcore.run("plan", "--local", "--exit-code")


@pytest.mark.parametrize(
    ("line", "code"),
    always(
        ("agentcore status --local >&-", 0),
        ("agentcore status --local >/dev/full", 1),
        of=[
            ("agentcore status --local >&-", 0),
            ("agentcore status --local 2>&-", 0),
            ("agentcore invoke --local - <&-", 0),
            ("agentcore deploy --local 2>/dev/full", 0),
            ("PYTHONIOENCODING=ascii agentcore doctor --local", 0),
            ("agentcore status --local >/dev/full", 1),
            ("agentcore nonsense --json | true", 2),
        ],
    ),
)
def test_a_stream_that_is_of_no_use_is_no_traceback(agentcore: CommandLine, line: str, code: int) -> None:
    ran = shell(agentcore, line)
    assert ran.returncode == code, ran.stderr
    assert "Traceback" not in ran.stderr
    assert "Exception ignored" not in ran.stderr


def test_a_killed_local_runtime_is_started_again(agentcore: CommandLine) -> None:
    kill(agentcore.json("local", "status")["pid"])
    assert agentcore.json("invoke", "--local", "{}", "-s", "after")["response"]["calls"] == 1
    assert agentcore.json("status", "--local")["status"] == "READY"


def test_a_broken_state_file_is_answered_and_mended(agentcore: CommandLine) -> None:
    state = agentcore.folder / ".agentcore" / "local.json"
    state.write_text('{"version": 1, "agents": {"answers": []}}')
    for verb in (["invoke", "{}"], ["logs"]):
        assert "agentcore deploy --local" in agentcore.run(*verb, "--local", code=4).stderr
    for verb in ("status", "versions"):  # which look
        agentcore.run(verb, "--local")
    assert "kept as" in agentcore.run("deploy", "--local").stderr
    agentcore.run("invoke", "--local", "{}")
    assert Path(next(state.parent.glob("local.json.broken-*"))).exists()
