"""An image made of a Dockerfile's instructions: layers, and the config that says how it is run."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from agentcore_cli.builders.builder import BuildWork
from agentcore_cli.builders.images.context import TIME, FileOwner, Folder, Item
from agentcore_cli.builders.images.image_limits import PLATFORM
from agentcore_cli.builders.oci import arguments, copying, layers, variables
from agentcore_cli.builders.oci.base import Base
from agentcore_cli.builders.oci.blobs import Blobs
from agentcore_cli.builders.oci.dockerfile import Instruction
from agentcore_cli.builders.oci.layers import Content, Layer

CREATED: Final = "1980-01-01T00:00:00Z"  # of every image and layer of ours: a time would differ between two builds
_MODE: Final = 0o755
_SHELL: Final = ("/bin/sh", "-c")
_PORTS: Final = re.compile(r"(\d+)(?:-(\d+))?(?:/([A-Za-z]+))?")
_PORT_MAX: Final = 65535
_COPY_FLAGS: Final = frozenset({"chown", "chmod", "link"})


@dataclass(frozen=True, slots=True)
class Assembled:
    """`config` is the image's document; `added` are our layers, which lie upon those of the base."""

    config: Mapping[str, Any]
    added: tuple[Layer, ...]
    files: Mapping[str, Item]


def base_name(instructions: list[Instruction], build_args: Mapping[str, str]) -> str:
    """What FROM says. Raises InputError for a platform that AgentCore does not run."""
    known = arguments.outer(instructions, build_args)
    each = next(each for each in instructions if each.name == "FROM")
    flags = dict(each.flags)
    platform = variables.expanded(flags.pop("platform", PLATFORM), known)
    if not platform.startswith(PLATFORM) and platform:
        raise each.fault(f"--platform={platform}, and AgentCore runs {PLATFORM} only")
    if flags:
        raise each.fault(f"--{next(iter(flags))} is not known here")
    return variables.expanded(variables.words(each.rest)[0], known)


@dataclass
class Assembly:
    """`items` is the build context. Raises InputError for what can't be done, with the line."""

    base: Base
    items: Mapping[str, Item]
    build_args: Mapping[str, str]
    blobs: Blobs
    work: BuildWork
    _config: dict[str, Any] = field(init=False)
    _outer: Mapping[str, str] = field(init=False)
    _arguments: dict[str, str] = field(default_factory=dict)
    _added: list[Layer] = field(default_factory=list)
    _history: list[dict[str, Any]] = field(default_factory=list)
    _folders: dict[str, Folder] = field(init=False)
    _files: dict[str, Item] = field(default_factory=dict)
    _has_command: bool = False

    def __post_init__(self) -> None:
        self._config = deepcopy(dict(self.base.config.get("config") or {}))
        self._folders = dict(self.base.root.folders)

    def run(self, instructions: list[Instruction], labels: Mapping[str, str]) -> Assembled:
        """`labels` are set besides those of the Dockerfile."""
        if self._config.get("OnBuild"):
            raise instructions[0].fault("the base image has ONBUILD instructions")
        self._outer = arguments.outer(instructions, self.build_args)
        started = False
        for each in instructions:
            started = started or each.name == "FROM"
            if started and each.name != "FROM":
                self._steps[each.name](each)
        if labels:
            self._config["Labels"] = {**(self._config.get("Labels") or {}), **labels}
        return Assembled(self._document(), tuple(self._added), self._files)

    @property
    def _steps(self) -> Mapping[str, Callable[[Instruction], None]]:
        return {
            "ARG": self._arg,
            "COPY": self._copy,
            "ENV": self._env,
            "WORKDIR": self._workdir,
            "USER": self._user,
            "LABEL": self._label,
            "EXPOSE": self._expose,
            "ENTRYPOINT": self._entrypoint,
            "CMD": self._cmd,
        }

    def _arg(self, each: Instruction) -> None:
        self._arguments |= arguments.of(each, self._known, self.build_args, self._outer)

    def _env(self, each: Instruction) -> None:
        pairs, known = _pairs(each), self._known
        there = [pair.partition("=") for pair in self._config.get("Env") or []]
        values = {name: value for name, _, value in there}
        values |= {variables.expanded(name, known): variables.expanded(value, known) for name, value in pairs}
        self._config["Env"] = [f"{name}={value}" for name, value in values.items()]
        self._note(each)

    def _label(self, each: Instruction) -> None:
        known = self._known
        said = {variables.expanded(name, known): variables.expanded(value, known) for name, value in _pairs(each)}
        self._config["Labels"] = {**(self._config.get("Labels") or {}), **said}
        self._note(each)

    def _user(self, each: Instruction) -> None:
        self._config["User"] = variables.expanded(each.rest, self._known)
        self._note(each)

    def _expose(self, each: Instruction) -> None:
        words = [variables.expanded(word, self._known) for word in variables.words(each.rest)]
        said: dict[str, Any] = {port: {} for word in words for port in _ports(each, word)}
        self._config["ExposedPorts"] = {**(self._config.get("ExposedPorts") or {}), **said}
        self._note(each)

    def _entrypoint(self, each: Instruction) -> None:
        self._config["Entrypoint"] = self._command(each)
        if not self._has_command:
            self._config.pop("Cmd", None)  # the base image's was for its own entrypoint
        self._note(each)

    def _cmd(self, each: Instruction) -> None:
        self._config["Cmd"] = self._command(each)
        self._has_command = True
        self._note(each)

    def _command(self, each: Instruction) -> list[str]:
        """The other form is for the shell, which the base image may have chosen (SHELL)."""
        return each.array if each.array is not None else [*(self._config.get("Shell") or _SHELL), each.rest]

    def _workdir(self, each: Instruction) -> None:
        said = variables.expanded(each.rest, self._known)
        whole = f"/{posixpath.normpath(posixpath.join(self._config.get('WorkingDir') or '/', said)).lstrip('/')}"
        self._config["WorkingDir"] = whole
        place = self.base.root.place(whole)
        if place and place not in self._folders:
            self._pack(each, {place: Item(None)}, FileOwner())
        else:
            self._note(each)

    def _copy(self, each: Instruction) -> None:
        flags = dict(each.flags)
        if "from" in flags:
            raise each.fault("--from another image or stage")
        if other := set(flags) - _COPY_FLAGS:
            raise each.fault(f"--{min(other)} is not known here")
        known = self._known
        said = each.array or variables.words(each.rest)
        if len(said) < 2:
            raise each.fault("it needs what to copy, and where to")
        *sources, target = (word if each.array else variables.expanded(word, known) for word in said)
        if each.array:
            *sources, target = (_in_array(word, known) for word in said)
        place = self.base.root.place(posixpath.join(self._config.get("WorkingDir") or "/", target))
        is_folder = not place or place in self._folders or target.endswith("/.") or target in (".", "./")
        put = copying.copied(each, sources, target, self.items, is_folder=is_folder)
        items = {f"{place}/{name}".strip("/") if name else place: item for name, item in put.items()}
        items.pop("", None)
        mode = variables.expanded(flags.get("chmod", ""), known)
        if mode:
            items = {name: _with_mode(each, item, mode) for name, item in items.items()}
        if (
            "" not in put or put[""].content is not None
        ):  # files alone: whose they are, the folders are that are made for them
            items |= dict.fromkeys(set(copying.folders_above(items)) - self._folders.keys() - items.keys(), Item(None))
        if not mode:  # a folder that is there keeps what it is
            items = {
                name: item for name, item in items.items() if item.content is not None or name not in self._folders
            }
        self._pack(each, items, self._owner(each, variables.expanded(flags.get("chown", ""), known)))

    def _owner(self, each: Instruction, said: str) -> FileOwner:
        """By number, or by a name that the base image knows."""
        if not said:
            return FileOwner()
        user, _, group = said.partition(":")
        root = self.base.root
        number = int(user) if user.isdecimal() else root.number(user, "etc/passwd")
        if number is None:
            raise each.fault(f"--chown={said}: the base image has no user {user}; take its number")
        if not group:
            return FileOwner(number, number if user.isdecimal() else (root.group_of(number) or 0))
        group_number = int(group) if group.isdecimal() else root.number(group, "etc/group")
        if group_number is None:
            raise each.fault(f"--chown={said}: the base image has no group {group}; take its number")
        return FileOwner(number, group_number)

    def _pack(self, each: Instruction, items: dict[str, Item], owner: FileOwner) -> None:
        above = set(copying.folders_above(items))
        self.work.tell(f"packing {each.rest}")
        content = Content(items, owner, {name: self._folders[name] for name in above if name in self._folders})
        self._added.append(layers.pack(content, self.blobs, self.work))
        for name in above - self._folders.keys():
            self._folders[name] = Folder(_MODE, *FileOwner(), TIME)
        for name, item in items.items():
            if item.content is None:
                self._folders[name] = Folder(_MODE if item.mode is None else item.mode, *owner, TIME)
            else:
                self._files[name] = item
        self._note(each, has_layer=True)

    def _note(self, each: Instruction, *, has_layer: bool = False) -> None:
        flags = "".join(f"--{name}={value} " if value else f"--{name} " for name, value in each.flags)
        entry = {"created": CREATED, "created_by": f"{each.name} {flags}{each.rest}"}
        self._history.append(entry if has_layer else {**entry, "empty_layer": True})

    @property
    def _known(self) -> dict[str, str]:
        """What a variable may be: the environment goes before arguments."""
        there = (pair.partition("=") for pair in self._config.get("Env") or [])
        return {**self._arguments, **{name: value for name, _, value in there}}

    def _document(self) -> dict[str, Any]:
        base = self.base.config
        kept = {name: base[name] for name in ("architecture", "os", "variant", "os.version") if name in base}
        diff_ids = [*base["rootfs"]["diff_ids"], *(layer.diff_id for layer in self._added)]
        return {
            **kept,
            "created": CREATED,
            "config": self._config,
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [*(base.get("history") or []), *self._history],
        }


def _pairs(each: Instruction) -> list[tuple[str, str]]:
    """`A=1 B=2`, or the old form `A 1` for one."""
    words = variables.words(each.rest)
    if "=" not in words[0]:
        if len(words) == 1:
            raise each.fault(f"{words[0]} has no value")
        name, value = each.rest.split(maxsplit=1)
        return [(name, value.strip())]
    parted = [word.partition("=") for word in words]
    if wrong := [name for name, mark, _ in parted if not mark]:
        raise each.fault(f"{wrong[0]} has no value")
    return [(name, value) for name, _, value in parted]


def _ports(each: Instruction, said: str) -> list[str]:
    """`8080`, `8080/udp`, or each of a range, `8080-8082/tcp`."""
    found = _PORTS.fullmatch(said)
    if found is None:
        raise each.fault(f"{said}: a port is a number, or two with - between them, and /tcp or /udp")
    first, last = int(found[1]), int(found[2] or found[1])
    if not 0 < first <= last <= _PORT_MAX:
        raise each.fault(f"{said}: ports are from 1 to {_PORT_MAX}")
    return [f"{port}/{(found[3] or 'tcp').lower()}" for port in range(first, last + 1)]


def _in_array(word: str, known: Mapping[str, str]) -> str:
    """Variables count in the exec form of COPY, too; quotes and blanks stand for themselves."""
    return variables.expanded(json.dumps(word, ensure_ascii=False), known) if "$" in word else word


def _with_mode(each: Instruction, item: Item, mode: str) -> Item:
    if not mode.strip("01234567") and mode:
        return Item(item.content, item.executable, item.digest, int(mode, 8))
    raise each.fault(f"--chmod={mode}: a number is taken here, as 755")
