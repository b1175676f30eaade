"""What one line of a requirements file asks for, by the rules of packaging (PEP 508) and of pip's file format."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement

ARCHIVES: Final = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_VARIABLE: Final = re.compile(r"\$\{([A-Z0-9_]+)\}")
_COMMENT: Final = re.compile(r"(^|\s)#.*$")
_OPTION: Final = re.compile(r"(?P<name>-[-\w]*?)(?:\s*=\s*|\s+|(?<=^-[a-z])(?=\S)|$)(?P<value>.*)")
_OF_A_REQUIREMENT: Final = re.compile(r"\s--?[a-z].*$")  # --hash, --config-settings
REPOSITORY: Final = re.compile(r"(git|hg|svn|bzr)\+", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://|(git|hg|svn|bzr)\+", re.IGNORECASE)
_EXTRAS: Final = re.compile(r"\[[^]]*\]$")
_EGG: Final = re.compile(r"[#&]egg=(?P<name>[\w.-]+(?:\[[^]]*\])?)")  # what pip calls a repository's package


@dataclass(frozen=True, slots=True)
class Line:
    """A logical line. `option` is its name (`--index-url`, `-r`), `value` what follows it.

    `requirement` is what is asked for by name, `path` the folder or file on this machine that is asked for, as it is
    written; neither for an address that has no name, and for what can't be understood, which the installer refuses.
    """

    number: int
    text: str
    option: str = ""
    value: str = ""
    requirement: Requirement | None = None
    path: str | None = None

    @property
    def is_editable(self) -> bool:
        return self.option in ("-e", "--editable")

    @property
    def is_editable_repository(self) -> bool:
        """Whether a repository is to be cloned beside the code, as pip does and uv doesn't (`pip freeze` writes it)."""
        return self.is_editable and REPOSITORY.match(self.value) is not None


def lines_of(text: str, environ: Mapping[str, str] = os.environ) -> Iterator[Line]:
    """The logical lines: joined where one ends in a backslash, without comments, with ${VARIABLES} filled in."""
    held, start = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        start = start or number
        held += raw.removesuffix("\\") if raw.endswith("\\") else raw
        if not raw.endswith("\\"):
            if line := _COMMENT.sub("", held).strip():
                yield parse(_VARIABLE.sub(lambda found: environ.get(found[1], found[0]), line), start)
            held, start = "", 0
    if line := _COMMENT.sub("", held).strip():
        yield parse(line, start)


def parse(text: str, number: int = 1) -> Line:
    """One logical line."""
    if text.startswith("-"):
        option = _OPTION.match(text)
        name, value = (option["name"], option["value"].strip("\"' ")) if option else (text, "")
        line = Line(number, text, name, value)
        return _asked(line, value) if line.is_editable else line
    return _asked(Line(number, text), text)


def _asked(line: Line, text: str) -> Line:
    wanted = _OF_A_REQUIREMENT.sub("", text).strip()
    requirement = path = None
    if (named := _named(wanted)) is not None:
        requirement = named
        path = local_path(named.url) if named.url else None
    elif REPOSITORY.match(wanted) and (egg := _EGG.search(wanted)):
        requirement = _named(f"{egg['name']} @ {wanted}")
    elif not _SCHEME.match(wanted) or wanted.startswith("file:"):
        path = _path(wanted)
    return Line(line.number, line.text, line.option, line.value, requirement, path)


def _named(text: str) -> Requirement | None:
    if text.startswith(".") or (text.partition(";")[0].strip().lower().endswith(ARCHIVES) and "@" not in text):
        return None
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _path(text: str) -> str | None:
    """A path without a name, `./libs/kit[extra]; marker`."""
    bare = _EXTRAS.sub("", re.split(r"\s+;|;\s", text)[0].strip())
    if bare.startswith("file:"):
        return local_path(bare)
    looks_so = bare.startswith(".") or "/" in bare or "\\" in bare or bare.lower().endswith(ARCHIVES)
    return bare if looks_so else None


def local_path(url: str) -> str | None:
    """The path in a `file:` URL or a relative one; None for an address elsewhere."""
    if url.startswith("file:"):
        return unquote(urlsplit(url).path) or None
    return None if _SCHEME.match(url) else url
