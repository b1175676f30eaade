"""What the local runtime can run: zips of its own content store, in Python, and images that its engine has.

These rules are ours, not the service's: it takes any bucket. Whether an image is there only its engine can say, and
says it later, as the service does: by CREATE_FAILED.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from agentcore_cli.contract import LOCAL_BUCKET
from agentcore_cli.local.http.wire import FieldFault, ServiceFault

_PATH: Final = "agentRuntimeArtifact"
_CODE: Final = f"{_PATH}.codeConfiguration"
_KEY: Final = re.compile(r"[0-9a-f]{64}\.zip")
_LAUNCHER: Final = "opentelemetry-instrument"


def rules(members: Mapping[str, Any]) -> Iterator[FieldFault]:
    artifact = members[_PATH]
    if "containerConfiguration" in artifact:
        return
    code = artifact["codeConfiguration"]
    yield from _location(code["code"]["s3"])
    if code["runtime"].startswith("NODE_"):
        yield FieldFault(f"{_CODE}.runtime", f"runtime {code['runtime']}: the local runtime runs Python only")
    if not _starts_python(code["entryPoint"]):
        yield FieldFault(
            f"{_CODE}.entryPoint",
            f'entryPoint must be a .py file, alone or after {_LAUNCHER}, or locally "-m" and a module with arguments',
        )


def require(folder: Path, members: Mapping[str, Any]) -> None:
    """Raise ServiceFault (400) unless the zip that a valid request names is in the content store."""
    if "codeConfiguration" not in members[_PATH]:
        return
    key = members[_PATH]["codeConfiguration"]["code"]["s3"]["prefix"]
    if not (folder / key).is_file():
        message = f"s3://{LOCAL_BUCKET}/{key} is not in the local content store"
        raise ServiceFault.invalid(f"{_CODE}.code.s3.prefix", message)


def _location(s3: Mapping[str, str]) -> Iterator[FieldFault]:
    if s3["bucket"] != LOCAL_BUCKET:
        yield FieldFault(f"{_CODE}.code.s3.bucket", f"bucket: the local runtime reads from {LOCAL_BUCKET} only")
    if not _KEY.fullmatch(s3["prefix"]):
        yield FieldFault(f"{_CODE}.code.s3.prefix", "prefix must be <sha256>.zip, 64 lower-case hex digits before .zip")


def _starts_python(entry_point: list[str]) -> bool:
    match entry_point:
        case [file]:
            return file.endswith(".py")
        case ["-m", module]:
            return _is_command(module)
        case [launcher, file]:
            is_module = file.startswith("-m ") and _is_command(file.removeprefix("-m "))
            return launcher == _LAUNCHER and (file.endswith(".py") or is_module)
    return False


def _is_command(text: str) -> bool:
    try:
        return bool(shlex.split(text))
    except ValueError:  # an open quote
        return False
