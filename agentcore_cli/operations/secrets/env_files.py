"""The files in which people keep an agent's variables on their machine: `.env.local` and `.env` of the project.

They are read here and never packed. What they hold reaches an agent by its name in `secrets`, and in no other way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from agentcore_cli.confines import require_inside
from agentcore_cli.decoding import text_of
from agentcore_cli.errors import InputError

FILES: Final = (".env.local", ".env")  # the first that has a name counts
SHELL: Final = "the shell"
_SIZE_MAX: Final = 1024 * 1024  # bytes
_ASSIGNED: Final = re.compile(r"[ \t]*(?:export[ \t]+)?([^\s=#'\"]+)[ \t]*=[ \t]*")
_QUOTED: Final = {'"': re.compile(r'((?:\\.|[^"\\])*+)"', re.DOTALL), "'": re.compile(r"([^']*+)'")}
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}


class EnvironmentValue(NamedTuple):
    """A variable's value and where it is from, in words."""

    text: str
    source: str


def parse(text: str) -> dict[str, str]:
    """The assignments of an env file as python-dotenv reads them, without the expansion of `${NAME}`.

    `export` and blanks are allowed; a value may be in quotes, with line ends in it. What is no assignment is left out.
    """
    text = text.replace("\r\n", "\n")
    found, at = {}, 0
    while at < len(text):
        end = _end_of_line(text, at)
        if assigned := _ASSIGNED.match(text, at, end):
            start = assigned.end()
            quoted = _QUOTED[text[start]].match(text, start + 1) if text[start : start + 1] in _QUOTED else None
            if quoted:
                found[assigned[1]] = _unescaped(quoted[1]) if text[start] == '"' else quoted[1]
                end = _end_of_line(text, quoted.end())
            else:
                found[assigned[1]] = re.split(r"[ \t]#", text[start:end], maxsplit=1)[0].strip()
        at = end + 1
    return found


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), text, flags=re.DOTALL)


def read(root: Path) -> dict[str, EnvironmentValue]:
    """The variables of the project's env files. Raises InputError for one that leads outside, or is no text."""
    found: dict[str, EnvironmentValue] = {}
    for name in FILES:
        for key, text in _assignments(root, name).items():
            found.setdefault(key, EnvironmentValue(text, name))
    return found


def find(name: str, files: Mapping[str, EnvironmentValue], environ: Mapping[str, str]) -> EnvironmentValue | None:
    """A variable's value: the shell's, which was set for this command, goes before the files."""
    if name in environ:
        return EnvironmentValue(environ[name], SHELL)
    return files.get(name)


def _assignments(root: Path, name: str) -> dict[str, str]:
    path = root / name
    require_inside(path, root, name)
    try:
        with path.open("rb") as file:
            data = file.read(_SIZE_MAX + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(f"{name}: can't be read: {error.strerror}") from error
    if len(data) > _SIZE_MAX:
        raise InputError(f"{name}: larger than {_SIZE_MAX // 1024**2} MB, which no env file is")
    try:
        return parse(text_of(data))
    except UnicodeDecodeError:
        raise InputError(
            f"{name}: not UTF-8 text, nor UTF-16 with its byte order mark", hint="save the file as UTF-8"
        ) from None
