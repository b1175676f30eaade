"""Dockerfiles, as far as an image can be made of them without running anything."""

from __future__ import annotations

import pytest

from agentcore_cli import rendering
from agentcore_cli.builders.oci import dockerfile
from agentcore_cli.errors import InputError
from agentcore_cli.rendering import ImageRecipe


def names(text: str) -> list[tuple[str, str]]:
    return [(each.name, each.rest) for each in dockerfile.read(text)]


def test_instructions_comments_and_continuations() -> None:
    text = '# syntax=docker/dockerfile:1\nARG V=1\nfrom a:$V\n\nEnv A=1 \\\n  # inside\n\n  B=2\nCMD ["x", \\\n "y"]\n'
    assert names(text) == [("ARG", "V=1"), ("FROM", "a:$V"), ("ENV", "A=1   B=2"), ("CMD", '["x",  "y"]')]


def test_flags_are_parted_from_the_rest() -> None:
    (_, copy) = dockerfile.read("FROM scratch\nCOPY --chown=1:2 --link a b\n")
    assert (copy.flags, copy.rest, copy.array) == ((("chown", "1:2"), ("link", "")), "a b", None)


def test_another_character_may_continue_a_line() -> None:
    assert names("# escape=`\nFROM scratch\nENV A=1 `\n B=2\n")[1] == ("ENV", "A=1  B=2")


def test_the_dockerfile_that_a_deploy_renders_is_taken() -> None:
    recipe = ImageRecipe("bot", "python:3.13", ("main.py",), 8080, packages="packages", code="app")
    assert dockerfile.read(rendering.dockerfile(recipe))[0].name == "FROM"


REFUSED = {
    "RUN": ("FROM a\nRUN apt-get update\n", "Dockerfile line 2: RUN: a RUN runs a program inside the image"),
    "ADD": ("FROM a\nADD https://x/y /\n", "Dockerfile line 2: ADD: ADD fetches and unpacks"),
    "HEALTHCHECK": ("FROM a\nHEALTHCHECK NONE\n", "line 2: HEALTHCHECK: the builder oci takes FROM, COPY"),
    "stages": ("FROM a AS b\nFROM c\nCOPY --from=b x y\n", "line 2: FROM: a second stage"),
    "heredoc": ("FROM a\nCOPY <<EOF /x\nhello\nEOF\n", "line 2: COPY: a file that stands in the Dockerfile"),
    "no FROM": ("# nothing\n", "it has no FROM"),
    "before FROM": ("ENV A=1\nFROM a\n", "line 1: ENV: stands before FROM"),
    "nothing behind it": ("FROM a\nUSER\n", "line 2: USER: nothing follows"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_needs_an_engine_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        dockerfile.read(text)
    assert caught.value.hint


READ = {
    "tabs": ("FROM\ta\nENV\tA=1\tB=2\n", ("ENV", "A=1\tB=2")),
    "a byte order mark": ("\ufeff# escape=`\nFROM a\nENV A=`\n1\n", ("ENV", "A=1")),
    "a backslash that is escaped ends the line": ("FROM a\nENV A=b\\\\\nUSER 1\n", ("ENV", "A=b\\\\")),
    "blanks behind the backslash": ("FROM a\nENV A=1 \\ \t\n  B=2\n", ("ENV", "A=1   B=2")),
    "Windows' ends of lines": ("FROM a\r\nENV A=1 \\\r\n B=2\r\n", ("ENV", "A=1  B=2")),
    "a line separator that is none here": ("FROM a\nLABEL a=1\u2028b\n", ("LABEL", "a=1\u2028b")),
    "the other escape character in a word": ("# escape=`\nFROM a\nENV A=c:\\d`$e\n", ("ENV", "A=c:\\\\d\\$e")),
    "which JSON does not know": ('# escape=`\nFROM a\nCMD ["a\\n"]\n', ("CMD", '["a\\n"]')),
    "a directive behind a comment is one": ("# just so\n# escape=`\nFROM a\nENV A=1 \\\n2\n", ("ENV", "A=1 2")),
}


@pytest.mark.parametrize(("text", "second"), READ.values(), ids=READ)
def test_lines_are_read_as_docker_reads_them(text: str, second: tuple[str, str]) -> None:
    assert names(text)[1] == second


def test_another_character_than_the_two_is_refused() -> None:
    with pytest.raises(InputError, match=r"escape=\^"):
        dockerfile.read("# escape=^\nFROM a\n")
