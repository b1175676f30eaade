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
    None for a file that starts its own server; `module` is the name by which Python knows the file, None for a script.
    `path` are folders, relative to the project, that are put on the import path.
    """

    argv: tuple[str, ...]
    entry_point: tuple[str, ...]
    file: Path
    attribute: str | None = None
    module: str | None = None
    path: tuple[str, ...] = ()

    @classmethod
    def of(cls, entrypoint: str, protocol: Protocol, root: Path) -> Start:
        """`handler.py`, `-m package.module`, or `package.module:app`, which uvicorn serves on the protocol's port.

        How a file is started follows from where its imports resolve in the project `root`. Raises EntrypointError for a
        malformed one; whether the file exists is not asked.
        """
        from agentcore_cli.config import layout  # reads code: an invoke has no need of it

        check_form(entrypoint)
        if ":" in entrypoint:
            return cls._of_application(entrypoint, PROTOCOLS[protocol].port, root)
        if module := _named_module(entrypoint):
            file, found = layout.of_module(root, module)
        else:
            file = Path(entrypoint)
            found = layout.of_file(root, file)
        argv = ("-m", found.module) if found.module else (file.as_posix(),)
        return cls(argv=argv, entry_point=argv, file=file, module=found.module, path=found.path)

    @classmethod
    def _of_application(cls, entrypoint: str, port: int, root: Path) -> Start:
        from agentcore_cli.config import layout

        module, _, attribute = entrypoint.partition(":")
        argv = ("-m", "uvicorn", entrypoint, "--host", "0.0.0.0", "--port", str(port))
        file, found = layout.of_module(root, module)
        entry_point = ("-m", shlex.join(argv[1:]))
        return cls(argv=argv, entry_point=entry_point, file=file, attribute=attribute, module=module, path=found.path)


def check_form(entrypoint: str) -> None:
    """Raise EntrypointError unless it is a Python file inside the project, `-m module` or `module:app`."""
    if ":" in entrypoint:
        _check_application(entrypoint)
    elif not _named_module(entrypoint):
        _check_file(entrypoint)


def named_file(entrypoint: str) -> Path:
    """The file that an entrypoint names, wherever its package may be. Raises EntrypointError as `check_form` does."""
    check_form(entrypoint)
    module = _named_module(entrypoint) or (entrypoint.partition(":")[0] if ":" in entrypoint else None)
    return Path(*module.split(".")).with_suffix(".py") if module else Path(entrypoint)


def _named_module(entrypoint: str) -> str | None:
    """The module of `-m module`, as on Python's own command line."""
    option, _, module = entrypoint.partition(" ")
    return module.strip() if option == "-m" and _DOTTED.fullmatch(module.strip()) else None


def _check_file(entrypoint: str) -> None:
    path = PurePosixPath(entrypoint)
    if path.suffix == ".ipynb":
        raise EntrypointError(
            f"{entrypoint} is a notebook, not a Python file",
            hint=f"jupyter nbconvert --to script {shlex.quote(entrypoint)}, "
            f"then --entrypoint {shlex.quote(str(path.with_suffix('.py')))}",
        )
    if path.suffix != ".py":
        raise EntrypointError(
            f"{entrypoint!r} is neither a Python file nor module:app", hint="write handler.py or handler:app"
        )
    if path.is_absolute() or ".." in path.parts:
        raise EntrypointError(
            f"{entrypoint} lies outside the project", hint="give a path relative to the folder of the config"
        )


def _check_application(entrypoint: str) -> None:
    module, _, attribute = entrypoint.partition(":")
    if not (_DOTTED.fullmatch(module) and _DOTTED.fullmatch(attribute)) or module.endswith(".py"):
        hint = f"write {_module_of(module)}:{attribute if _DOTTED.fullmatch(attribute) else 'app'}"
        raise EntrypointError(f"{entrypoint!r} is not of the form module:app", hint=hint)


def _module_of(text: str) -> str:
    """The dotted name somebody meant by `text`, a path perhaps; `handler` when nothing can be made of it."""
    dotted = text.removesuffix(".py").strip("./").replace("/", ".")
    return dotted if _DOTTED.fullmatch(dotted) else "handler"
