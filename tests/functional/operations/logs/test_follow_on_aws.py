"""`logs --follow` on AWS: what comes late is shown, once, and what is there is narrowed before it is counted."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import Popen

import pytest

from agentcore_cli.names import session_id
from tests.command_line import CommandLine
from tests.fakes.aws_faults import named, reset_before, times
from tests.fakes.aws_proxy import AwsProxy
from tests.functional.operations.aws_target.cloud import Cloud, Project
from tests.functional.operations.logs.log_group import LogGroup, from_sdk
from tests.local_runtime import eventually
from tests.same_process import SameProcess


@contextmanager
def following(project: Project, *arguments: str) -> Iterator[Popen[bytes]]:
    """The command as a process; it is interrupted at the end, and nothing may be left in its pipe."""
    with CommandLine(project.root, project.cloud.environment).start("logs", "--follow", *arguments) as running:
        try:
            yield running
        finally:
            running.send_signal(signal.SIGINT)
        assert running.stdout is not None
        assert running.wait(60) == 130
        left = running.stdout.read()
    assert not [line for line in left.splitlines() if b'"event":"result"' not in line.replace(b" ", b"")], left


def next_message(running: Popen[bytes]) -> str:
    assert running.stdout is not None
    line = running.stdout.readline().decode()
    return line.split(" ", 1)[1].rstrip("\n")


def polls(proxy: AwsProxy) -> int:
    return proxy.names.count("logs:FilterLogEvents")


def some_polls_later(proxy: AwsProxy, count: int = 2) -> None:
    before = polls(proxy)
    eventually(lambda: polls(proxy) >= before + count, "it has looked again")


@pytest.mark.long
def test_late_lines_are_shown_once_and_no_line_twice(project: Project, default: LogGroup, cloud: Cloud) -> None:
    default.write_at([("there [1]", 50), ("there [2]", 3)])
    with following(project) as running:
        assert [next_message(running) for _ in range(2)] == ["there [1]", "there [2]"]
        default.write("came")
        assert next_message(running) == "came"
        default.write("late by 40 s", age=40)
        assert next_message(running) == "late by 40 s"
        default.write("late by two minutes, which nobody waits for", age=120)
        some_polls_later(cloud.proxy)
        default.write("the last")
        assert next_message(running) == "the last"
        some_polls_later(cloud.proxy)


@pytest.mark.long
def test_lines_of_one_moment_are_all_shown(project: Project, default: LogGroup, cloud: Cloud) -> None:
    default.write("same", "same", age=1)
    with following(project) as running:
        assert [next_message(running) for _ in range(2)] == ["same", "same"]
        default.write("same", age=1)
        assert next_message(running) == "same"
        some_polls_later(cloud.proxy)


@pytest.mark.long
def test_a_clock_that_is_fast_hides_nothing(project: Project, default: LogGroup, cloud: Cloud) -> None:
    default.write("from the future", age=-900)
    with following(project) as running:
        assert next_message(running) == "from the future"
        default.write("of now")
        assert next_message(running) == "of now"
        some_polls_later(cloud.proxy)


@pytest.mark.long
def test_limit_is_of_what_is_there_and_counts_behind_grep(project: Project, default: LogGroup) -> None:
    default.write("a [1]", "a [2]", "a [3]", "b [4]", "b [5]", age=2)
    with following(project, "--grep", "a [", "--limit", "2") as running:
        assert [next_message(running) for _ in range(2)] == ["a [2]", "a [3]"]
        default.write("b [6]", "a [7]", "a [8]", "a [9]")
        assert [next_message(running) for _ in range(3)] == ["a [7]", "a [8]", "a [9]"]


def test_one_session_is_followed_in_json(project: Project, default: LogGroup, cloud: Cloud) -> None:
    arn = cloud.the_runtime()["agentRuntimeArn"]
    mine, other = (session_id(name, arn, "DEFAULT") for name in ("mine", "other"))
    with following(project, "--json", "-s", "mine") as running:
        some_polls_later(cloud.proxy, 1)
        default.write(from_sdk("not this", other), from_sdk("this", mine))
        assert running.stdout is not None
        line = json.loads(running.stdout.readline())
    assert (line["event"], line["session_id"], json.loads(line["message"])["message"]) == ("log", mine, "this")


def test_a_log_that_isnt_there_yet_is_waited_for(project: Project, agentcore: SameProcess, cloud: Cloud) -> None:
    with following(project) as running:
        some_polls_later(cloud.proxy)
        LogGroup(cloud.moto, cloud.the_runtime()["agentRuntimeId"]).create().write("the first line")
        assert next_message(running) == "the first line"


@pytest.mark.long
def test_it_goes_on_behind_many_pages(project: Project, default: LogGroup, cloud: Cloud) -> None:
    lines = [f"line {number}" for number in range(10_050)]
    default.write(*lines[:10_000], age=30)
    default.write(*lines[10_000:], age=29)
    with following(project) as running:
        assert [next_message(running) for _ in lines] == lines
        default.write("came")
        assert next_message(running) == "came"
        some_polls_later(cloud.proxy, 3)


def test_a_lost_connection_is_taken_up_again(project: Project, default: LogGroup, cloud: Cloud) -> None:
    default.write("there")
    with following(project) as running:
        assert next_message(running) == "there"
        cloud.proxy.interfere(named("logs:FilterLogEvents"), times(3, reset_before))
        default.write("came")
        assert next_message(running) == "came"
