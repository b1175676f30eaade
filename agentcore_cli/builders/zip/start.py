"""How AgentCore starts the code of a zip: by the name of one `.py` file at its root (direct code deployment).

A script at the root is that file. What else a config may name (`-m package.module`, `module:app`, a script in a folder,
folders on the import path), and an agent whose secrets the launcher fetches, is started by a file that is written here
and becomes, in the same process, what an image would have run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from agentcore_cli.builders.images import launcher

ROOT: Final = "/var/task"  # where AgentCore unpacks the zip
SCRIPT: Final = "agentcore_start.py"
OTEL: Final = "opentelemetry-instrument"
OTEL_PROGRAM: Final = f"bin/{OTEL}"  # where its package puts it
_TEXT: Final = '''\
"""Starts the agent. Written by `agentcore deploy`: AgentCore starts a file at the root of the zip, and nothing else."""

import os
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
FOLDERS = {folders!r}
PREFIX = {prefix!r}
COMMAND = {command!r}

given = [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place]
places = [place for place in given if place.startswith(ROOT + os.sep)]
places += [os.path.join(ROOT, folder) for folder in FOLDERS] + [ROOT, *given]
os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(places))
os.chdir(ROOT)
words = [word.format(python=sys.executable, root=ROOT) for word in PREFIX]
os.execv(sys.executable, [sys.executable, *words, *COMMAND])
'''


@dataclass(frozen=True, slots=True)
class CodeStart:
    """`entry_point` is that of codeConfiguration; `files` are those that it takes besides the agent's, by name."""

    entry_point: tuple[str, ...]
    files: dict[str, bytes]


def of(start: tuple[str, ...], path: tuple[str, ...], *, otel: bool, launches: bool) -> CodeStart:
    """`start` is what follows the interpreter on the command line, `path` are folders that imports start from.

    With `otel` AgentCore starts the program of OpenTelemetry before a script at the root; the file that is written here
    starts it after the launcher, so that it sees the secrets, as in an image.
    """
    if not (launches or path) and len(start) == 1 and "/" not in start[0]:
        return CodeStart((OTEL, *start) if otel else start, {})
    prefix = [*(["-I", f"{{root}}/{launcher.FOLDER}", "{python}"] if launches else [])]
    prefix += [f"{{root}}/{OTEL_PROGRAM}", "{python}"] if otel else []
    text = _TEXT.format(folders=list(path), prefix=prefix, command=list(start))
    launched = launcher.contents() if launches else {}
    files = {f"{launcher.FOLDER}/{name}": content for name, content in launched.items()}
    return CodeStart((SCRIPT,), {**files, SCRIPT: text.encode()})
