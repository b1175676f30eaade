"""The launcher as it lies in a build context and in an image: a folder that Python runs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import agentcore_cli

FOLDER: Final = ".agentcore-launcher"  # in the build context
PLACE: Final = "/opt/agentcore"  # in the image
ENTRYPOINT: Final = ("python", "-I", PLACE)
LINES: Final = (f"COPY {FOLDER} {PLACE}", f'ENTRYPOINT ["python", "-I", "{PLACE}"]')


@cache
def contents() -> Mapping[str, bytes]:
    """Its files by their paths below the folder. What it is made of keeps its name, `agentcore_cli`."""
    package = Path(agentcore_cli.__file__).parent
    modules = [package / "signature.py", *sorted((package / "launcher").glob("*.py"))]
    files = {path.relative_to(package.parent).as_posix(): path.read_bytes() for path in modules}
    return {"__main__.py": files.pop("agentcore_cli/launcher/__main__.py"), "agentcore_cli/__init__.py": b""} | files


def digest() -> str:
    """The same as long as it is the same."""
    parts = (part for name, content in contents().items() for part in (name.encode(), content))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_used_by(dockerfile: str) -> bool:
    """Whether a Dockerfile of somebody's own starts by it."""
    return FOLDER in dockerfile and "ENTRYPOINT" in dockerfile.upper()
