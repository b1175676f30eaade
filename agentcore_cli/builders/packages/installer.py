"""uv, called the one way that is safe here: no download of interpreters, no secrets in what it says."""

from __future__ import annotations

import os
import re
import select
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import uv

from agentcore_cli import files
from agentcore_cli.builders.packages import index_settings, surroundings
from agentcore_cli.builders.packages.redaction import redact
from agentcore_cli.errors import AgentcoreError, InputError

Tell = Callable[[str], None]
Stopping = Callable[[], bool]

_PROGRESS: Final = re.compile(r"(Resolved|Prepared|Installed|Building|Built|Downloading|Bytecode compiled) .*")
_TERMINAL_CODES: Final = re.compile(r"\x1b\[[0-9;]*m")
_ASKED_FOR_THE_IMPOSSIBLE: Final = ("No solution found", "Couldn't parse", "unsatisfiable", "Invalid requirement")
_NOT_FOUND: Final = "was not found in the package registry"
_REFUSED: Final = "lack of valid authentication credentials"
_AT_FAULT: Final = re.compile(
    r"Because (?:there (?:is|are) no versions? of |only |all of:\n\s*|you require )?"
    r"(?P<missing>[\w.-]+(?:\[[\w,-]+\])?)"
    r"|Failed to (?:build|download|prepare)(?: and build)?(?: distributions?)? `(?P<broken>[^`]+)`"
)
_HINT: Final = re.compile(r"\s*hint:", re.IGNORECASE)
_OPTION: Final = re.compile(r"(?<![\w-])--[a-z][\w-]*")
_NO_OPTION: Final = re.compile(r"command-line (flag|option|argument)")  # what it is here is said by `_VARIABLES`
# Advice of uv's that can be followed: these variables reach it (`surroundings`).
_VARIABLES: Final = {
    "--allow-insecure-host": "UV_INSECURE_HOST",
    "--default-index": "UV_DEFAULT_INDEX",
    "--exclude-newer": "UV_EXCLUDE_NEWER",
    "--extra-index-url": "UV_EXTRA_INDEX_URL",
    "--find-links": "UV_FIND_LINKS",
    "--index": "UV_INDEX",
    "--index-strategy": "UV_INDEX_STRATEGY",
    "--index-url": "UV_INDEX_URL",
    "--native-tls": "UV_NATIVE_TLS",
    "--no-build-isolation": "UV_NO_BUILD_ISOLATION",
    "--no-index": "UV_NO_INDEX",
    "--prerelease": "UV_PRERELEASE",
    "--resolution": "UV_RESOLUTION",
    "--system-certs": "UV_SYSTEM_CERTS",
}
_OF_THE_NETWORK: Final = ("error sending request", "Failed to fetch", "Failed to download", "client error", "timed out")
_OF_TRUST: Final = "invalid peer certificate"
_OF_GIT: Final = "Git operation failed"
_WIDTH: Final = "4096"  # characters: uv breaks its sentences in a narrower terminal, and they are read here
_SHOWN_LINES: Final = 12
_POLL_SECONDS: Final = 0.2
_UMASK: Final = 0o022  # packages are read by the account of sessions, too


def run(arguments: Sequence[str], *, folder: Path, tell: Tell, stopping: Stopping, writes_to: Path) -> None:
    """Run uv in `folder`, telling its progress.

    Raises InputError when the requirements can't be met, AgentcoreError when anything else fails, each with the
    package at fault and the last lines of what uv said. `writes_to` is named when the disk is full.
    """
    index_settings.check(os.environ, folder)
    settings = index_settings.for_uv(os.environ, folder, _files_of(arguments))
    code, said = _uv(arguments, folder, settings, tell, stopping)
    if code and _NOT_FOUND in "\n".join(said) and settings.get("UV_INDEX_STRATEGY") and not stopping():
        # with this strategy uv passes over an index that lets nobody in, and does not say so
        _, other = _uv(arguments, folder, settings | {"UV_INDEX_STRATEGY": "first-index"}, tell, stopping)
        said += [line for line in other if _REFUSED in line]
    if stopping():
        raise AgentcoreError("interrupted")
    if code:
        raise failure(said, writes_to)


def _uv(
    arguments: Sequence[str], folder: Path, settings: Mapping[str, str], tell: Tell, stopping: Stopping
) -> tuple[int, list[str]]:
    """Run it once: its exit code, and every line that it said."""
    command = [uv.find_uv_bin(), *arguments, "--no-python-downloads", "--color", "never", "--no-progress"]
    with (
        tempfile.TemporaryDirectory(prefix="agentcore-home-") as home,
        subprocess.Popen(
            command,
            cwd=folder,
            env={**surroundings.of_installer(os.environ, Path(home)), **settings, "COLUMNS": _WIDTH},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            umask=_UMASK,
        ) as process,
    ):
        try:
            said = _listen(process, tell, stopping)
        except BaseException:
            process.kill()
            raise
    return process.returncode, said


def _files_of(arguments: Sequence[str]) -> list[Path]:
    return [Path(argument) for argument in arguments if argument.endswith((".txt", ".in"))]


def _listen(process: subprocess.Popen[bytes], tell: Tell, stopping: Stopping) -> list[str]:
    """Every line of the process's stderr; ends it when asked to stop."""
    assert process.stderr
    said: list[str] = []
    rest = b""
    while True:
        if stopping():
            process.terminate()
        if not select.select([process.stderr], [], [], _POLL_SECONDS)[0]:
            continue
        if not (piece := os.read(process.stderr.fileno(), 65536)):
            return said
        *lines, rest = (rest + piece).split(b"\n")
        for line in (_clean(line) for line in lines):
            said.append(line)
            if _PROGRESS.fullmatch(line):
                tell(line)


def _clean(line: bytes) -> str:
    return redact(_TERMINAL_CODES.sub("", line.decode(errors="replace")).rstrip())


def failure(said: Sequence[str], writes_to: Path) -> AgentcoreError:
    """The error for a run that failed, from the lines that uv wrote."""
    text = "\n".join(line for line in said if line)
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return files.no_space(writes_to)
    fault = _AT_FAULT.search(text)
    package = (fault["missing"] or fault["broken"]) if fault else None
    message = "the requirements can't be installed" + (f", because of {package}" if package else "")
    advised = (_advice(line) for line in said[-_SHOWN_LINES:] if not line.startswith("Using Python"))
    shown = "\n".join(line for line in advised if line)
    if any(sign in text for sign in _ASKED_FOR_THE_IMPOSSIBLE):
        looked_at = index_settings.described(os.environ)
        where = f"; packages are looked for by {looked_at} as well" if looked_at else ""
        if "extra-index-url" in looked_at and not os.environ.get("UV_INDEX_STRATEGY"):
            where += "; with UV_INDEX_STRATEGY=unsafe-best-match each version is taken from any of them, as pip does"
        first = "mend the requirements"
        if _REFUSED in text:
            first = "give the index your user and password, in its address or in ~/.netrc"
            ways = index_settings.described_ways(os.environ)
            where += f"; what was set for the way to packages: {ways}" if ways else ""
        if limits := index_settings.described_limits(os.environ):
            where += f"; {limits} holds as well"
        return InputError(f"{message}:\n{shown}", hint=f"{first}, then run this again{where}")
    ways = ", ".join(filter(None, (index_settings.described(os.environ), index_settings.described_ways(os.environ))))
    where = f"; what was set for the way to packages: {ways}" if ways else ""
    way_out = f"{_way_out(text, package)}, then run the same command again{where}"
    return AgentcoreError(f"{message}:\n{shown}", hint=way_out)


def _advice(line: str) -> str:
    """A line of uv's, with its options as the variables that reach it from here; no advice that can't be followed."""
    told = _OPTION.sub(lambda found: _VARIABLES.get(found[0], found[0]), line)
    return "" if _HINT.match(line) and _OPTION.search(told) else _NO_OPTION.sub("variable", told)


def _way_out(text: str, package: str | None) -> str:
    """What to do first about a failure that is not the requirements' own."""
    if _OF_GIT in text:
        return "see that git reaches the repository and may read it"
    if _OF_TRUST in text:
        trusted = "whoever signed it is in the file that PIP_CERT or SSL_CERT_FILE names"
        return f"see that the index's certificate is good, and that {trusted}"
    if any(sign in text for sign in _OF_THE_NETWORK):
        return "see that the package index can be reached and lets you in"
    if "Failed to build" in text or "build backend" in text:
        is_here = package is not None and "file:" in package
        other = "" if is_here else f"give {package or 'it'} a version that has a wheel, or "
        return f"{other}mend what its build says"
    return "mend what it says"
