"""A Dockerfile, line by line, as far as an image can be made of it without running anything in it.

Source: docs.docker.com/reference/dockerfile.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from agentcore_cli.errors import InputError

TAKEN: Final = ("FROM", "COPY", "ENV", "WORKDIR", "USER", "LABEL", "EXPOSE", "ARG", "ENTRYPOINT", "CMD")
WAYS_OUT: Final = (
    "build it where a Docker Engine runs (--build docker) or in AWS (--build codebuild), or take that line out; the "
    "Dockerfile that `agentcore "
    "configure` writes has packages installed here and copied in"
)
_DIRECTIVE: Final = re.compile(r"#\s*([A-Za-z]+)\s*=\s*(.*?)\s*")
_FLAG: Final = re.compile(r"--([a-z-]+)(?:=(\S*))?(?:\s+|$)")
_USUAL: Final = "\\"
_ESCAPES: Final = (_USUAL, "`")
_HEREDOC: Final = re.compile(r"<<-?\s*[\"']?\w+")
_WHY_NOT: Final = {
    "RUN": "a RUN runs a program inside the image",
    "ADD": "ADD fetches and unpacks; for files of the project write COPY",
    "ONBUILD": "ONBUILD is for images that others are built on",
}


@dataclass(frozen=True, slots=True)
class Instruction:
    """`flags` are without their dashes, `rest` is what follows them; `line` is a number for messages."""

    name: str
    flags: tuple[tuple[str, str], ...]
    rest: str
    line: int

    @property
    def array(self) -> list[str] | None:
        """The exec form, a JSON array of texts; None for the other form."""
        try:
            found = json.loads(self.rest) if self.rest.startswith("[") else None
        except ValueError:
            return None
        is_array = isinstance(found, list) and all(isinstance(part, str) for part in found)
        return found if is_array else None

    def fault(self, why: str) -> InputError:
        return InputError(f"Dockerfile line {self.line}: {self.name}: {why}", hint=WAYS_OUT)


def read(text: str) -> list[Instruction]:
    """The instructions in order. Raises InputError for one that an image can't be made of here, with the ways out."""
    text = text.removeprefix("\ufeff")
    escape = _escape(text)
    found = [_instruction(line, number, escape) for number, line in _lines(text, escape)]
    stages = [each for each in found if each.name == "FROM"]
    if not stages:
        raise InputError("Dockerfile: it has no FROM", hint="begin it with FROM and a base image")
    if len(stages) > 1:
        raise stages[1].fault("a second stage, which is there for what runs in the first")
    first = next(each for each in found if each.name != "ARG")
    if first is not stages[0]:
        raise first.fault("stands before FROM")
    return found


def _instruction(line: str, number: int, escape: str) -> Instruction:
    name, rest, *_ = *line.split(maxsplit=1), ""
    name, rest = name.upper(), rest.strip()
    flags = []
    while name in ("FROM", "COPY") and (flag := _FLAG.match(rest)):
        flags.append((flag[1], flag[2] or ""))
        rest = rest[flag.end() :]
    if escape != _USUAL and not rest.startswith("["):  # JSON has its own
        rest = rest.translate({ord(_USUAL): _USUAL * 2, ord(escape): _USUAL})
    instruction = Instruction(name, tuple(flags), rest, number)
    if name not in TAKEN:
        raise instruction.fault(_WHY_NOT.get(name, f"the builder oci takes {', '.join(TAKEN)} alone"))
    if name == "COPY" and _HEREDOC.search(rest):
        raise instruction.fault("a file that stands in the Dockerfile itself")
    if not rest:
        raise instruction.fault("nothing follows")
    return instruction


def _lines(text: str, escape: str) -> Iterator[tuple[int, str]]:
    """Whole instructions with the numbers of their first lines; comments and continuations are taken out."""
    goes_on = re.compile(rf"(^|[^\{escape}])\{escape}[ \t]*$")
    waiting, start = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("#") or (waiting and not line.strip()):
            continue
        start = start if waiting else number
        whole = line.rstrip()
        if goes_on.search(whole):
            waiting += whole[:-1]
            continue
        if complete := f"{waiting}{whole}".strip():
            yield start, complete
        waiting = ""
    if waiting.strip():
        yield start, waiting.strip()


def _escape(text: str) -> str:
    """The character that continues a line; a directive at the top may choose the other one."""
    for line in text.split("\n"):
        directive = _DIRECTIVE.fullmatch(line.strip())
        if directive is None:
            break
        if directive[1].lower() == "escape":
            if directive[2] not in _ESCAPES:
                raise InputError(f"Dockerfile: escape={directive[2]}: it is \\ or `")
            return directive[2]
    return _USUAL
