"""`agentcore exec` as a user meets it: the command's streams and its exit code are ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.command_line import AGENTCORE, CommandLine
from tests.local_runtime import eventually
from tests.same_process import SameProcess
from tests.turns import TELL, UNTIL_TOLD


def test_streams_and_exit_code_pass_through(agentcore: CommandLine) -> None:
    shell = "echo out; echo err >&2; exit 42"
    done = agentcore.run("exec", "--local", shell, "--session-id", "streams", code=42)
    assert (done.stdout, done.stderr) == ("out\n", "err\n")
    assert agentcore.run("exec", "--local", "true", "-s", "streams").stdout == ""


def test_it_shares_the_session_of_invoke(agentcore: CommandLine) -> None:
    agentcore.run("invoke", "--local", "hello", "--session-id", "shared")
    agentcore.run("exec", "--local", "echo remembered > /tmp/note", "--session-id", "shared")
    assert agentcore.run("exec", "--local", "cat /tmp/note; ls", "--continue").stdout == "remembered\nagent.py\n"


def test_a_session_of_its_own(agentcore: CommandLine) -> None:
    done = agentcore.run("exec", "--local", "echo $PWD")
    assert done.stdout.endswith("/var/task\n")
    assert "agentcore: session " in done.stderr
    assert "--session-id" in done.stderr
    assert agentcore.run("exec", "-q", "--local", "true").stderr == ""


def test_json(agentcore: CommandLine) -> None:
    done = agentcore.run("--json", "exec", "--local", "printf 'a\\n'; printf b >&2; exit 3", "-s", "json", code=3)
    assert done.stderr == ""
    assert agentcore.json("exec", "--local", "echo \u00fc", "-s", "json")["stdout"] == "\u00fc\n"
    shown = agentcore.run("--json", "exec", "--local", "exit 3", "-s", "json", code=3).stdout
    assert shown.count("\n") == 1


def test_bytes_as_they_come(agentcore: CommandLine) -> None:
    with agentcore.start("exec", "--local", f"echo first; {UNTIL_TOLD}; echo second", "-s", "live") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"first\n"
        agentcore.run("exec", "--local", TELL, "-s", "live")
        assert running.stdout.readline() == b"second\n"
    done = subprocess.run(
        [AGENTCORE, "exec", "--local", "printf '\\033[1mgr\u00fcn\\0'", "-s", "live"],
        cwd=agentcore.folder,
        env=agentcore.whole_environment() | {"LC_ALL": "C"},
        capture_output=True,
        check=True,
    )
    assert done.stdout == "\033[1mgr\u00fcn\0".encode()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--local", "true", "--session-id", ""], "session", id="an empty session"),
        pytest.param(["--local", "true", "--agent", "nobody"], "nobody", id="an unknown agent"),
        pytest.param(["--local", "true", "--qualifier", "nowhere"], "nowhere", id="an unknown endpoint"),
        pytest.param(["--local", ""], "COMMAND", id="an empty command"),
        pytest.param(["--local", "x" * 65_537], "65536", id="a long command"),
        pytest.param(["--local"], "'command'", id="no command"),
        pytest.param(["--local", "true", "--timeout", "0"], "timeout", id="no time"),
        pytest.param(["--local", "true", "--timeout", "3601"], "timeout", id="too much time"),
        pytest.param(["--local", "true", "-c", "-s", "x"], "choose one", id="two sessions"),
        pytest.param(["--local", "true", "--arn", "x"], "not the ARN", id="no ARN"),
        pytest.param(["--local", "true", "--bearer-token", "@none"], "none", id="no token"),
        pytest.param(["--config", "missing.yaml", "true"], "missing.yaml", id="no config"),
    ],
)
def test_our_own_failures(agentcore: CommandLine, arguments: list[str], words: str) -> None:
    done = agentcore.run("exec", *arguments, code=125)
    assert done.stdout == ""
    assert done.stderr.startswith("agentcore: ")
    assert words in done.stderr


def test_a_failure_as_json(agentcore: CommandLine) -> None:
    done = agentcore.run("--json", "exec", "--local", "true", "--agent", "nobody", code=125)
    assert '"code": "NotFound"' in done.stdout


def test_a_bearer_token_on_an_iam_runtime(agentcore: CommandLine) -> None:
    (agentcore.folder / "token").write_text("a.b.c")
    done = agentcore.run("exec", "--local", "true", "--bearer-token", "@token", code=125)
    assert "Authorization method mismatch" in done.stderr
    assert "a.b.c" not in done.stderr


def test_the_way_to_aws(agentcore: CommandLine) -> None:
    """By SigV4, with AWS's own variables, to whatever address they name."""
    told = json.loads((Path(agentcore.environment["AGENTCORE_HOME"]) / "server.json").read_bytes())
    arn = agentcore.json("status", "--local")["arn"]
    by_variables = SameProcess(
        agentcore.folder.parent,
        {
            **agentcore.environment,
            "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": told["url"],
            "AWS_ACCESS_KEY_ID": told["access_key"],
            "AWS_SECRET_ACCESS_KEY": told["secret_key"],
        },
    )
    assert by_variables.run("exec", "--arn", arn, "echo there; exit 9", "-s", "far", code=9).stdout == "there\n"
    assert agentcore.run("sessions", "list", "--local").stdout.count("far") == 1


def test_a_command_that_takes_too_long(agentcore: CommandLine) -> None:
    with agentcore.start("exec", "--local", "echo on; sleep 1000", "--timeout", "100", "-s", "slow") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"on\n"
        agentcore.run("local", "clock", "advance", "100s")
        assert running.wait(60) == 125
    done = agentcore.run("exec", "--local", "sleep 1000", "--timeout", "1", "-s", "slow", code=125)
    assert "agentcore: the command was stopped after 1 s" in done.stderr
    shown = agentcore.run("--json", "exec", "--local", "sleep 1000", "--timeout", "1", "-s", "slow", code=125).stdout
    assert '"status": "TIMED_OUT"' in shown


def test_a_session_that_is_stopped_meanwhile(agentcore: CommandLine, tmp_path: Path) -> None:
    agentcore.run("invoke", "--local", "hello", "-s", "doomed")
    with (tmp_path / "stderr").open("w+b") as errors:
        running = _start(agentcore, "exec", "--local", "echo on; sleep 100", "-s", "doomed", errors=errors)
        assert running.stdout is not None
        assert running.stdout.readline() == b"on\n"
        agentcore.run("sessions", "stop", "doomed", "--local")
        assert running.wait(60) == 125
        running.stdout.close()
        errors.seek(0)
        assert b"agentcore: The session ended before the command did" in errors.read()


def test_ctrl_c(agentcore: CommandLine, tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("w+b") as errors:
        running = _start(agentcore, "exec", "--local", "echo on; sleep 83", "-s", "stopped", errors=errors)
        assert running.stdout is not None
        assert running.stdout.readline() == b"on\n"
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(60) == 130
        running.stdout.close()
        errors.seek(0)
        said = errors.read().decode()
    assert said.startswith("agentcore: interrupted; the session goes on")
    look = "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | sed s/x/y/"
    eventually(lambda: "sleep 83" not in agentcore.run("exec", "--local", look, "-s", "stopped").stdout, "it is gone")


def test_a_reader_that_has_enough(agentcore: CommandLine) -> None:
    line = f"{AGENTCORE} exec --local yes -s reader | head -2; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=agentcore.folder,
        env=agentcore.whole_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("y\ny\n0\n", "")


def test_the_command_gets_no_input(agentcore: CommandLine) -> None:
    assert agentcore.run("exec", "--local", "cat; echo end", "-s", "reader").stdout == "end\n"


def _start(agentcore: CommandLine, *arguments: str, errors: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [AGENTCORE, *arguments],
        cwd=agentcore.folder,
        env=agentcore.whole_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,  # type: ignore[call-overload]
        start_new_session=True,
    )
