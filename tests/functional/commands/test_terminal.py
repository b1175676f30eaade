"""What a person sees on a real terminal: steps as they happen, Ctrl-C, pipes, twenty columns, and nobody's tricks."""

from __future__ import annotations

import re
import shlex
import sys
import time
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.functional.commands.conftest import AGENT
from tests.local_runtime import eventually
from tests.long_cases import always
from tests.terminal import CTRL_C, Terminal

NARROW = 20
TITLE = "\x1b]0;owned"  # would set the terminal's title
TROUBLE = re.compile("Traceback|BrokenPipe|Exception ignored")
PAINT = """
from agentcore_cli.events import Note, Step
from agentcore_cli.ui import Output
with Output().progress() as tell:
    tell(Step("build", "started", "[red]start[/red] \\x1b]0;owned\\x07"))
    tell(Note("[red]note[/red] \\x1b]0;owned\\x07", "warning"))
    tell(Step("build", "done", "[red]end[/red] \\x1b]0;owned\\x07 " + "arn:" + 60 * "x", 0.5))
"""


def edit(agentcore: CommandLine, *, start_seconds: float = 0.0) -> None:
    """Change the agent, so that a deploy has something to do; its start takes so long."""
    changed = f"import time\n\ntime.sleep({start_seconds})  # {time.time()}\n"
    (agentcore.folder / "agent.py").write_text(AGENT.read_text().replace("import time\n", changed, 1))


def test_steps_are_drawn_as_they_happen_with_the_time_they_take(agentcore: CommandLine) -> None:
    edit(agentcore, start_seconds=0.1)  # what takes no time is told without one
    with Terminal(agentcore, "deploy", "--local") as terminal:
        assert terminal.end() == 0
    assert "\x1b[32m✓\x1b[0m source: update" in terminal.shown
    assert re.search(r"source: update: changed here since the last deploy 0:00:0\d", terminal.text)
    assert re.search(r"✓ runtime: update \(\d\.\ds\)", terminal.text)


@pytest.mark.parametrize(
    ("variable", "value"), always(("TERM", "dumb"), of=[("CI", "1"), ("NO_COLOR", "1"), ("TERM", "dumb")])
)
def test_a_terminal_that_can_t_be_drawn_on_gets_a_plain_line_per_change(
    agentcore: CommandLine, variable: str, value: str
) -> None:
    edit(agentcore)
    with Terminal(agentcore, "deploy", "--local", **{variable: value}) as terminal:
        assert terminal.end() == 0
    assert "\x1b" not in terminal.shown
    steps = [line for line in terminal.text.splitlines() if line[:2] in ("  ", "✓ ")]
    assert steps[0] == "  source: update: changed here since the last deploy"
    assert re.fullmatch(r"✓ source: update( \(\d\.\ds\))?", steps[1])
    assert re.fullmatch(r"✓ runtime: update( \(\d\.\ds\))?", steps[-1])


def test_colours_are_for_a_terminal_and_not_for_its_pipe(agentcore: CommandLine) -> None:
    edit(agentcore)
    with Terminal(agentcore, bash="agentcore deploy --local 2>&1 | cat") as terminal:
        assert terminal.end() == 0
    assert "\x1b" not in terminal.shown
    with Terminal(agentcore, "status", "--local", "--agent", "nobody") as terminal:
        assert terminal.end() == 4
    assert "\x1b[31merror:\x1b[0m" in terminal.shown


def test_ctrl_c_in_a_deploy_tells_what_exists_and_how_to_go_on(agentcore: CommandLine) -> None:
    edit(agentcore)
    agentcore.run("local", "fault", "not-ready", "--count", "100000")
    with Terminal(agentcore, "deploy", "--local") as terminal:
        terminal.wait_for("✓ source: update")
        terminal.wait_for("runtime: ")
        terminal.type(CTRL_C)
        assert terminal.end() == 130
    agentcore.run("local", "fault", "not-ready", "--count", "0")
    assert "warning: there by now: source, runtime\n" in terminal.text
    assert "error: interrupted\n  next: agentcore deploy --local goes on from here\n" in terminal.text
    assert not TROUBLE.search(terminal.text)
    agentcore.run("deploy", "--local")


def test_ctrl_c_at_a_question_is_no_answer(agentcore: CommandLine) -> None:
    with Terminal(agentcore, "destroy", "--local") as terminal:
        terminal.wait_for("Delete this? [y/N]")
        terminal.type(CTRL_C)
        assert terminal.end() == 130
    assert "next: agentcore destroy --local goes on from here" in terminal.text
    assert agentcore.json("status", "--local")["status"] == "READY"


def test_ctrl_c_in_an_invoke_leaves_the_session_and_says_its_name(agentcore: CommandLine) -> None:
    with Terminal(agentcore, "invoke", "--local", '{"do": "slow_stream"}', "-s", "mine") as terminal:
        terminal.wait_for("01")
        terminal.type(CTRL_C)
        assert terminal.end() == 130
    assert "error: interrupted; the session goes on\n" in terminal.text
    assert "  next: agentcore invoke --local --session-id mine PAYLOAD\n" in terminal.text
    assert not TROUBLE.search(terminal.text)


def test_a_command_s_output_is_seen_and_steers_nothing(agentcore: CommandLine) -> None:
    tricks = "printf '\\033]0;owned\\007 out\\n'; printf '\\033]0;owned\\007 err\\n' >&2"
    with Terminal(agentcore, "exec", "--local", tricks, "-s", "tricks") as terminal:
        assert terminal.end() == 0
    assert TITLE not in terminal.shown
    assert terminal.text.count(r"\x1b]0;owned\x07") == 2
    with Terminal(agentcore, bash=f"agentcore exec --local {shlex.quote(tricks)} -s tricks 2>/dev/null | cat") as piped:
        piped.end()
    assert TITLE in piped.shown


def test_who_waits_for_an_answer_is_told_so_and_what_ends_it(agentcore: CommandLine) -> None:
    with Terminal(agentcore, "invoke", "--local", '{"do": "wait"}', "-s", "slow") as terminal:
        terminal.wait_for("Ctrl-C ends the waiting")
        agentcore.run("invoke", "--local", '{"do": "go_on"}', "-s", "slow")
        assert terminal.end() == 0
    assert re.search(r"^no answer yet; Ctrl-C ends the waiting[^\n]*\nwoke\n", terminal.text)
    with Terminal(agentcore, "invoke", "--local", "{}", "-s", "slow") as terminal:
        assert terminal.end() == 0
    assert "no answer yet" not in terminal.text


def test_records_of_the_sdk_are_text_to_a_person_and_whole_to_a_program(agentcore: CommandLine) -> None:
    agentcore.run("invoke", "--local", '{"do": "fail_as_the_sdk"}', "-s", "records", code=5)
    with Terminal(agentcore, "logs", "--local", "-s", "records") as terminal:
        assert terminal.end() == 0
    assert "Z ERROR Invocation failed (0.001s)\nTraceback (most recent call last):\n" in terminal.text
    assert '"stackTrace"' not in terminal.text
    assert '{"level": "ERROR", "message": ' in agentcore.run("logs", "--local", "-s", "records").stdout


def test_ctrl_c_is_the_end_of_logs_that_are_followed(agentcore: CommandLine) -> None:
    agentcore.run("invoke", "--local", "{}", "-s", "watched")
    with Terminal(agentcore, "logs", "--local", "--follow", "-s", "watched") as terminal:
        terminal.wait_for("echo 1")
        terminal.type(CTRL_C)
        assert terminal.end() == 130
    assert not TROUBLE.search(terminal.text)


@pytest.mark.parametrize(
    "line",
    always(
        "agentcore logs --local --json | head -1",
        "agentcore status --local | head -1",
        of=[
            """agentcore invoke --local '{"do": "slow_stream"}' | head -c 1""",
            """agentcore invoke --local --raw '{"do": "slow_stream"}' | head -c 1""",
            """agentcore invoke --local --json '{"do": "slow_stream"}' | head -1""",
            "agentcore exec --local 'yes | head -100000' | head -1",
            "agentcore logs --local | head -1",
            "agentcore logs --local --json | head -1",
            "agentcore status --local | head -1",
            "agentcore sessions list --local | true",
            "agentcore doctor --local | head -1",
            "agentcore --help | true",
            "agentcore invoke --help | true",
            "agentcore --version | true",
        ],
    ),
)
def test_a_reader_that_has_had_enough_ends_a_command_quietly(agentcore: CommandLine, line: str) -> None:
    agentcore.run("invoke", "--local", "{}", "-s", "talkative")
    with Terminal(agentcore, bash=line) as terminal:
        assert terminal.end() == 0
    assert not TROUBLE.search(terminal.text)
    assert "error" not in terminal.text


@pytest.mark.parametrize(
    ("verb", "whole"),
    always(
        (["versions"], ["version:", "endpoints:", "DEFAULT"]),
        (["destroy"], ["{arn}", "error: "]),
        of=[
            (["sessions", "list", "--all"], ["session:", "ended:", "stopped on request", "narrow-conversation"]),
            (["sessions", "show", "a-narrow-conversation"], ["{session_id}"]),
            (["versions"], ["version:", "endpoints:", "DEFAULT"]),
            (["endpoints", "list"], ["DEFAULT", "READY"]),
            (["status"], ["{arn}"]),
            (["plan"], ["= runtime: keep"]),
            (["doctor"], ["✓ python: "]),
            (["local", "status"], ["http://127.0.0.1:"]),
            (["destroy"], ["{arn}", "error: "]),
        ],
    ),
    ids=lambda value: value[0],
)
def test_twenty_columns_are_enough(agentcore: CommandLine, verb: list[str], whole: list[str]) -> None:
    """What is to be copied has no line end of ours in it: the terminal may fold it."""
    agentcore.run("invoke", "--local", "{}", "-s", "a-narrow-conversation")
    agentcore.run("sessions", "stop", "a-narrow-conversation", "--local")
    known = {
        "arn": agentcore.json("status", "--local")["arn"],
        "session_id": agentcore.json("sessions", "show", "a-narrow-conversation", "--local")["session_id"],
    }
    with Terminal(agentcore, *verb, "--local", columns=NARROW) as terminal:
        if verb == ["destroy"]:
            terminal.wait_for("[y/N]")
            terminal.say("n")
        assert terminal.end() == (2 if verb == ["destroy"] else 0)
    assert not TROUBLE.search(terminal.text)
    for text in whole:
        assert text.format(**known) in terminal.text


def test_a_deploy_on_twenty_columns(agentcore: CommandLine) -> None:
    edit(agentcore)
    arn = agentcore.json("status", "--local")["arn"]
    with Terminal(agentcore, "deploy", "--local", columns=NARROW) as terminal:
        assert terminal.end() == 0
    assert "✓ runtime: update" in terminal.text
    assert arn in terminal.text


@pytest.mark.parametrize(
    ("line", "code"),
    always(
        ("agentcore logs --local", 0),
        (r"agentcore $'\x1b]0;owned\a [red]'", 2),
        of=[
            ('agentcore invoke --local \'{"do": "hostile"}\' -s tricks', 5),
            ('agentcore -v invoke --local \'{"do": "hostile"}\' -s tricks', 5),
            ("agentcore logs --local", 0),
            ("agentcore logs --local -s tricks", 0),
            (r"agentcore sessions list --local --target $'\x1b]0;owned\a [red]'", 2),
            (r"agentcore status --local --agent $'\x1b]0;owned\a [red]'", 4),
            (r"agentcore local fault $'\x1b]0;owned\a [red]'", 2),
            (r"agentcore $'\x1b]0;owned\a [red]'", 2),
        ],
    ),
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_others_wrote_does_not_steer_the_terminal(agentcore: CommandLine, line: str, code: int) -> None:
    agentcore.run("invoke", "--local", '{"do": "hostile"}', "-s", "tricks", code=5)
    eventually(lambda: "owned" in agentcore.run("logs", "--local", "-s", "tricks").stdout, "the log is written")
    with Terminal(agentcore, bash=line) as terminal:
        assert terminal.end() == code
    assert TITLE not in terminal.shown
    assert "\x07" not in terminal.shown
    assert "\\x1b]0;owned" in terminal.shown
    assert "[red]" in terminal.shown


def test_progress_neither_reads_markup_nor_lets_others_steer_nor_breaks_what_is_to_be_copied(
    agentcore: CommandLine,
) -> None:
    with Terminal(agentcore, bash=f"{sys.executable} -c {shlex.quote(PAINT)}", columns=NARROW) as terminal:
        assert terminal.end() == 0
    assert TITLE not in terminal.shown
    assert "warning: [red]note[/red] \\x1b]0;owned\\x07" in terminal.text
    assert "✓ build: [red]end[/red] \\x1b]0;owned\\x07 arn:" + 60 * "x" + " (0.5s)" in terminal.text


def test_an_answer_goes_into_a_pipe_as_it_was_given(agentcore: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "answer"
    line = f'agentcore invoke --local \'{{"do": "control"}}\' | cat > {file}'
    with Terminal(agentcore, bash=line) as terminal:
        assert terminal.end() == 0
    assert file.read_bytes() == b"red \x1b[31m[bold]markup[/bold] \x07\n"
    with Terminal(agentcore, "invoke", "--local", '{"do": "control"}') as terminal:
        assert terminal.end() == 0
    assert "red \\x1b[31m[bold]markup[/bold] \\x07" in terminal.text
