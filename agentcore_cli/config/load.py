"""Find the config, read it, and say everything that is wrong with it at once."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from agentcore_cli import confines, project_folder
from agentcore_cli.config.faults import ConfigFault, config_error
from agentcore_cli.config.paths import paths_outside
from agentcore_cli.config.remembered import recall, remember
from agentcore_cli.config.rules import broken_rules
from agentcore_cli.config.schema import Config
from agentcore_cli.decoding import text_of
from agentcore_cli.errors import ConfigError

if TYPE_CHECKING:
    from agentcore_cli.config.document import Document

FILE_NAME: Final = ".agentcore.yaml"
_START_HINT: Final = "agentcore configure --entrypoint FILE"
_SIZE_MAX: Final = 1024 * 1024  # bytes
_CONVERTING: Final = threading.Lock()  # msgspec crashes when two threads meet a type for the first time


class Loaded(Struct, frozen=True):
    """A config, the file it came from, and that file's folder, which paths in it are relative to."""

    config: Config
    path: Path
    root: Path


def find(explicit: Path | None, start: Path) -> Path:
    """The config file: `explicit`, else that of `start` or its nearest parent. Raises ConfigError if there is none."""
    if explicit is not None:
        if not explicit.exists():
            raise ConfigError(f"{explicit}: there is no such config file", hint=_START_HINT)
        return explicit.absolute()
    if (found := nearest(start)) is None:
        raise ConfigError(f"no {FILE_NAME} in {start} or a folder above it", hint=_START_HINT)
    return found


def nearest(start: Path) -> Path | None:
    """The config file of `start` or its nearest parent, None if there is none."""
    folders = (start.absolute(), *start.absolute().parents)
    return next((folder / FILE_NAME for folder in folders if (folder / FILE_NAME).exists()), None)


def load(path: Path) -> Loaded:
    """The config in `path`. Raises ConfigError that lists every fault as `file:line: key: problem`.

    The project may be a stranger's: InputError for a link in `.agentcore`, and nothing outside the project is read.
    """
    absolute = path.absolute()
    shown = _shown(absolute)
    confines.require_in_repository(absolute, absolute.parent, shown)
    project_folder.check(absolute.parent)
    text = _read(absolute, shown)
    values = recall(text)
    if values is not None:
        config = msgspec.convert(values, Config)
        _refuse_paths_outside(config, absolute, shown)
        return Loaded(config, absolute, absolute.parent)
    document, config = _parsed(_decoded(text, shown), shown, with_lines=True)
    _refuse_paths_outside(config, absolute, shown, document)
    remember(text, document.value)
    return Loaded(config, absolute, absolute.parent)


def _refuse_paths_outside(config: Config, path: Path, shown: str, document: Document | None = None) -> None:
    """What leads out of the project through a link: the file says nothing of it, so it is looked at each time."""
    faults = list(paths_outside(config, path.parent))
    if faults and document is None:
        from agentcore_cli.config.document import read

        document = read(_decoded(_read(path, shown), shown), shown)
    if faults and document is not None:
        raise config_error(_located(faults, document, shown))


def parse(text: str, shown: str, *, with_lines: bool = True) -> Config:
    """The config in `text`, which a person knows as `shown`.

    Without `with_lines` faults begin with the key: for a text that is in no file yet.
    """
    return _parsed(text, shown, with_lines=with_lines)[1]


def _parsed(text: str, shown: str, *, with_lines: bool) -> tuple[Document, Config]:
    from agentcore_cli.config.document import read

    document = read(text, shown)
    if not isinstance(document.value, dict):
        problem = "the file is empty" if document.value is None else "not a mapping of keys to values"
        raise ConfigError(f"{shown}: {problem}", hint=_START_HINT)
    config, faults = _converted(document)
    if config is None or faults:
        raise config_error(_located(faults, document, shown) if with_lines else map(str, faults))
    return document, config


def _converted(document: Document) -> tuple[Config | None, list[ConfigFault]]:
    faults = list(document.duplicates)
    try:
        with _CONVERTING:
            config = msgspec.convert(document.value, Config)
    except msgspec.ValidationError as error:
        from agentcore_cli.config.explain import explain

        explained = explain(document.value, Config)
        return None, faults + (explained or [ConfigFault((), str(error))])
    return config, faults + list(broken_rules(config))


def _located(faults: list[ConfigFault], document: Document, shown: str) -> list[str]:
    located = [(fault.line or document.line(fault.path), str(fault)) for fault in faults]
    return [f"{shown}:{line}: {problem}" for line, problem in sorted(located, key=lambda pair: pair[0])]


def _read(path: Path, shown: str) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read(_SIZE_MAX + 1)
    except FileNotFoundError:
        raise ConfigError(f"{shown}: there is no such file", hint=_START_HINT) from None
    except IsADirectoryError:
        raise ConfigError(f"{shown}: is a folder, not a file") from None
    except OSError as error:
        raise ConfigError(f"{shown}: can't be read: {error.strerror}") from error
    if len(text) > _SIZE_MAX:
        raise ConfigError(f"{shown}: larger than {_SIZE_MAX // 1024**2} MB, which no config is")
    return text


def _decoded(data: bytes, shown: str) -> str:
    try:
        return text_of(data)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{shown}:{line}: not UTF-8 text", hint="save the file as UTF-8") from error


def _shown(path: Path) -> str:
    """`path` as a person in the working directory would write it."""
    try:
        return str(path.relative_to(os.getcwd()))
    except ValueError:
        return str(path)
