"""How an agent is started: one value for the Dockerfile's CMD, codeConfiguration and the local worker."""

from __future__ import annotations

import re
import shlex
from pathlib import Path, PurePosixPath

from msgspec import Struct

from agentcore_cli.contract import PROTOCOLS, Protocol
from agentcore_cli.errors import EntrypointError

_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


class Start(Struct, frozen=True):
    """`argv` follows the interpreter; `entry_point` is codeConfiguration's.

    `file` is the source that is started, relative to the project; `attribute` is the application in `module:app`,
    None for a file that starts its own server.
    """

    argv: tuple[str, ...]
    entry_point: tuple[str, ...]
    file: Path
    attribute: str | None = None

    @classmethod
    def of(cls, entrypoint: str, protocol: Protocol) -> Start:
        """`handler.py`, or `package.module:app`, which uvicorn serves on the protocol's port.

        Raises EntrypointError for a malformed one; whether the file exists is not asked.
        """
        if ":" in entrypoint:
            return cls._of_application(entrypoint, PROTOCOLS[protocol].port)
        return cls._of_file(entrypoint)

    @classmethod
    def _of_file(cls, entrypoint: str) -> Start:
        path = PurePosixPath(entrypoint)
        if path.suffix != ".py":
            raise EntrypointError(
                f"{entrypoint!r} is neither a Python file nor module:app", hint="write handler.py or handler:app"
            )
        if path.is_absolute() or ".." in path.parts:
            raise EntrypointError(
                f"{entrypoint} lies outside the project", hint="give a path relative to the folder of the config"
            )
        return cls(argv=(str(path),), entry_point=(str(path),), file=Path(path))

    @classmethod
    def _of_application(cls, entrypoint: str, port: int) -> Start:
        module, _, attribute = entrypoint.partition(":")
        if not (_DOTTED.fullmatch(module) and _DOTTED.fullmatch(attribute)) or module.endswith(".py"):
            hint = f"write {_module_of(module)}:{attribute if _DOTTED.fullmatch(attribute) else 'app'}"
            raise EntrypointError(f"{entrypoint!r} is not of the form module:app", hint=hint)
        argv = ("-m", "uvicorn", entrypoint, "--host", "0.0.0.0", "--port", str(port))
        file = Path(*module.split(".")).with_suffix(".py")
        return cls(argv=argv, entry_point=("-m", shlex.join(argv[1:])), file=file, attribute=attribute)


def _module_of(text: str) -> str:
    """The dotted name somebody meant by `text`, a path perhaps; `handler` when nothing can be made of it."""
    dotted = text.removesuffix(".py").strip("./").replace("/", ".")
    return dotted if _DOTTED.fullmatch(dotted) else "handler"
