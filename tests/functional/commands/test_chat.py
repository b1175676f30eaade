"""`agentcore chat` as a person has it, on a terminal, and as a script has it, line by line."""

from __future__ import annotations

import json
import re
import signal
import subprocess

import pytest

from tests.command_line import AGENTCORE, CommandLine
from tests.json_contract import checked
from tests.terminal import CTRL_C, CTRL_D, ENTER, UP, Terminal

TERMS = pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
STREAM = '{"do": "slow_stream"}'
PROMPT = ">"  # the blank behind it may be drawn as a movement
STOPPED = "stopped; the agent may go on by itself"


def chat(agentcore: CommandLine, *arguments: str, term: str = "xterm-256color") -> Terminal:
    return Terminal(agentcore, "chat", "--local", *arguments, TERM=term)


def begun(terminal: Terminal) -> str:
    """Wait for the first prompt; gives the session."""
    said = terminal.wait_for("; /help lists the commands")
    terminal.wait_for(PROMPT)
    return said.rpartition("session ")[2]


@TERMS
def test_turns_share_a_session_and_the_end_says_how_to_go_on(agentcore: CommandLine, term: str) -> None:
    with chat(agentcore, "-s", f"my talk {term}", term=term) as terminal:
        assert begun(terminal) == f"my talk {term}"
        for number in (1, 2):
            terminal.say("hello")
            terminal.wait_for(f'"calls": {number}')
            terminal.wait_for(PROMPT)
        terminal.say("/quit")
        assert terminal.end() == 0
        assert f"continue it: agentcore chat --local --session-id 'my talk {term}'" in terminal.text
        assert "Traceback" not in terminal.text
    with chat(agentcore, "--continue", term=term) as terminal:
        assert begun(terminal) == f"my talk {term}"
        terminal.say("hello")
        terminal.wait_for('"calls": 3')


@TERMS
def test_a_streamed_answer_appears_piece_by_piece(agentcore: CommandLine, term: str) -> None:
    with chat(agentcore, "-s", f"piecewise {term}", term=term) as terminal:
        begun(terminal)
        terminal.say('{"do": "held_stream"}')
        terminal.wait_for("\n01")
        agentcore.run("invoke", "--local", '{"do": "go_on"}', "-s", f"piecewise {term}")
        terminal.wait_for("2345")


@TERMS
def test_ctrl_c_stops_an_answer_and_a_second_one_leaves(agentcore: CommandLine, term: str) -> None:
    with chat(agentcore, "-s", f"stopped {term}", term=term) as terminal:
        begun(terminal)
        terminal.say(STREAM)
        terminal.wait_for("\n01")
        terminal.type(CTRL_C)
        terminal.wait_for(STOPPED)
        terminal.wait_for(PROMPT)
        terminal.say("hello")
        terminal.wait_for('"calls": 2')
        terminal.wait_for(PROMPT)
        terminal.type(CTRL_C)
        terminal.wait_for("Ctrl-C once more leaves")
        terminal.wait_for(PROMPT)
        terminal.type(CTRL_C)
        assert terminal.end() == 130
        assert f"continue it: agentcore chat --local --session-id 'stopped {term}'" in terminal.text
        assert "Traceback" not in terminal.text


def test_ctrl_c_in_an_answer_and_again_at_the_prompt_leaves(agentcore: CommandLine) -> None:
    with chat(agentcore) as terminal:
        begun(terminal)
        terminal.say(STREAM)
        terminal.wait_for("\n01")
        terminal.type(CTRL_C)
        terminal.wait_for(STOPPED)
        terminal.wait_for(PROMPT)
        terminal.type(CTRL_C)
        assert terminal.end() == 130


@TERMS
def test_the_end_of_input_leaves(agentcore: CommandLine, term: str) -> None:
    with chat(agentcore, term=term) as terminal:
        begun(terminal)
        terminal.type(CTRL_D)
        assert terminal.end() == 0
        assert "continue it" not in terminal.text  # nothing was said


def test_slash_commands(agentcore: CommandLine) -> None:
    with chat(agentcore, "-s", "first") as terminal:
        begun(terminal)

        def answer(typed: str, expected: str) -> str:
            terminal.say(typed)
            terminal.wait_for(expected)
            return terminal.wait_for(PROMPT)

        answer("hello", '"calls": 1')
        assert re.match(r" \(first-[0-9a-f]{40}\)", answer("/session", "session first"))
        answer("/new second", "session second")
        answer("hello", '"calls": 1')
        answer("/session first", "session first")
        answer("hello", '"calls": 2')
        answer("/stop", "session first stopped; what you say next starts it afresh")
        answer("/stop", "session first isn't running")
        answer("hello", '"calls": 1')
        answer('{"do": "text"}', "plain words")
        answer("/json", "answers as the agent gives them")
        answer('{"do": "string"}', "a sentence")
        answer("/json", "the words of the answers")
        answer("/nonsense", "/nonsense: no such command; /help lists them")
        answer("/help", "/new [NAME]")
        answer("//slashed", '"prompt": "/slashed"')
        answer("/new", "session ")
        answer("hello", '"calls": 1')
        terminal.say("/quit")
        assert terminal.end() == 0
        assert "--session-id first" not in terminal.text


@pytest.mark.parametrize("new_line", ["\x1b" + ENTER, "\\" + ENTER], ids=["alt-enter", "backslash"])
def test_what_is_said_may_have_several_lines(agentcore: CommandLine, new_line: str) -> None:
    with chat(agentcore) as terminal:
        begun(terminal)
        terminal.type(f"one{new_line}")
        terminal.wait_for("one")
        terminal.say("two")
        terminal.wait_for('"prompt": "one\\ntwo"')


def test_what_is_pasted_is_sent_as_a_whole(agentcore: CommandLine) -> None:
    with chat(agentcore) as terminal:
        begun(terminal)
        terminal.type("\x1b[200~pasted\nlines\x1b[201~")
        terminal.wait_for("lines")
        terminal.type(ENTER)
        terminal.wait_for('"prompt": "pasted\\nlines"')


def test_several_lines_on_a_dumb_terminal(agentcore: CommandLine) -> None:
    with chat(agentcore, term="dumb") as terminal:
        begun(terminal)
        terminal.say("one\\")
        terminal.wait_for(PROMPT)
        terminal.say("two")
        terminal.wait_for('"prompt": "one\\ntwo"')
        terminal.wait_for(PROMPT)
        terminal.type(CTRL_D)
        assert terminal.end() == 0
        assert "\x1b" not in terminal.shown


def test_what_was_typed_is_found_again_in_the_next_conversation(agentcore: CommandLine) -> None:
    with chat(agentcore) as terminal:
        begun(terminal)
        terminal.say("remember this")
        terminal.wait_for('"calls": 1')
        terminal.wait_for(PROMPT)
        terminal.type(CTRL_D)
        assert terminal.end() == 0
    kept = agentcore.folder / ".agentcore" / "chat-answers.history"
    assert kept.stat().st_mode & 0o777 == 0o600
    with chat(agentcore) as terminal:
        begun(terminal)
        terminal.type(UP)
        terminal.wait_for("remember this")
        terminal.type(ENTER)
        terminal.wait_for('"prompt": "remember this"')


def test_a_failure_is_told_and_the_conversation_goes_on(agentcore: CommandLine) -> None:
    with chat(agentcore) as terminal:
        begun(terminal)
        terminal.say('{"do": "fail"}')
        terminal.wait_for("no such customer")
        terminal.wait_for(PROMPT)
        terminal.say("hello")
        terminal.wait_for('"calls": 2')
        terminal.wait_for(PROMPT)
        terminal.say("/quit")
        assert terminal.end() == 0


def test_control_characters_of_an_answer_do_not_steer_the_terminal(agentcore: CommandLine) -> None:
    with chat(agentcore) as terminal:
        begun(terminal)
        terminal.say('{"do": "control"}')
        terminal.wait_for("red \\x1b[31m[bold]markup[/bold] \\x07")


def test_lines_of_a_pipe_are_turns_and_the_last_failure_is_the_exit_code(agentcore: CommandLine) -> None:
    ran = agentcore.feed("hello\none\\\ntwo\n\n/session\n", "chat", "--local", "-s", "piped")
    assert [json.loads(value)["calls"] for value in ran.stdout.replace("}\n{", "}\0{").split("\0")] == [1, 2]
    assert "one\\ntwo" in ran.stdout
    assert "> " not in ran.stdout + ran.stderr
    assert ran.stderr.splitlines()[0].startswith("session piped (piped-")
    assert ran.stderr.splitlines()[-1] == "continue it: agentcore chat --local --session-id piped"
    assert "no such customer" in agentcore.feed('{"do": "fail"}\n', "chat", "--local", code=5).stderr
    assert agentcore.feed("", "chat", "--local").stdout == ""


def test_a_streamed_answer_in_json(agentcore: CommandLine) -> None:
    said = agentcore.feed('{"do": "stream"}\n/quit\nnever said\n', "chat", "--local", "-s", "lines", "--json")
    lines = checked("chat", said.stdout)
    assert [line["event"] for line in lines] == ["data", "data", "data", "answer", "result"]
    assert [line["data"] for line in lines[:3]] == ["Hel", "lo", {"n": 1}]
    assert (lines[-1]["session"], lines[-1]["turns"]) == ("lines", 1)
    assert said.stderr == ""


def test_ctrl_c_without_a_terminal_is_the_end(agentcore: CommandLine) -> None:
    with subprocess.Popen(
        [AGENTCORE, "chat", "--local", "--json"],
        cwd=agentcore.folder,
        env=agentcore.whole_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(STREAM + "\n")
        child.stdin.flush()
        assert json.loads(child.stdout.readline())["event"] == "data"
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, json.loads(out.splitlines()[-1])["event"]) == (130, "result")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--bearer-token", "-"], "stdin is the conversation's"),
        (["--continue", "-s", "x"], "choose one of them"),
        (["-s", ""], "session"),
        (["--user-id", "é"], "user"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_no_turn_could_be_said_with_is_exit_2(agentcore: CommandLine, arguments: list[str], says: str) -> None:
    assert says in agentcore.run("chat", "--local", *arguments, code=2).stderr
