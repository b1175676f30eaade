"""Which files belong to an agent, and a hash that stays the same as long as they do.

What is out: what `.dockerignore` says, by Docker's rules; and, whatever it says, what no agent needs and what looks
like a secret, unless a `!` line names it. Folders called `docs`, `build` or `env` are nobody's business but the user's;
a virtual environment is known by its `pyvenv.cfg`.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from agentcore_cli.builders.source.git_ignore import GitIgnore
from agentcore_cli.builders.source.ignore import Ignore
from agentcore_cli.confines import require_inside
from agentcore_cli.contract import CODE_UNZIPPED_MAX
from agentcore_cli.decoding import text_of
from agentcore_cli.errors import EntrypointError, InputError
from agentcore_cli.exclusions import BUILD_FILES, CLUTTER, IGNORE_FILE, NO_SECRETS, SECRETS

_NEVER_NEEDED: Final = Ignore.of([*BUILD_FILES, *(f"**/{name}" for name in CLUTTER)])
_SECRET: Final = Ignore.of([*(f"**/{name}" for name in SECRETS), *(f"!**/{name}" for name in NO_SECRETS)])


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One file or empty folder. `digest` is of its content, None for a folder."""

    path: Path
    executable: bool
    size: int
    digest: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """The files of an agent by their relative paths (with /), in order. `secrets` were left out for what they look."""

    root: Path
    entries: Mapping[str, SourceEntry]
    secrets: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """The same for the same names, modes and contents; times and owners don't count."""
        digest = hashlib.sha256()
        for name, entry in self.entries.items():
            digest.update(f"{name}\0{'x' if entry.executable else '-'}\0{entry.digest or '/'}\n".encode())
        return digest.hexdigest()

    @property
    def fingerprints(self) -> dict[str, str]:
        """A short text per file that changes when the file does."""
        return {name: (entry.digest or "/")[:12] + ("x" * entry.executable) for name, entry in self.entries.items()}

    def largest(self, count: int) -> list[tuple[str, int]]:
        """The names and sizes (bytes) of the largest files, largest first."""
        sizes = sorted(((entry.size, name) for name, entry in self.entries.items()), reverse=True)
        return [(name, size) for size, name in sizes[:count]]


def read(root: Path, *, ignore_file: str = IGNORE_FILE, limit: int = CODE_UNZIPPED_MAX) -> Source:
    """Look at the files of the agent in `root`, but for those that `ignore_file` leaves out.

    Raises InputError that names a file which can't be packed (a link that leaves the folder, a socket, one that can't
    be read), or the largest ones when they are above `limit` bytes in all.
    """
    walk = _Walk(root, root / ignore_file)
    entries = dict(sorted(walk.below(root, "")))
    _check_size(entries, limit)
    hashed = {name: _hashed(name, entry) for name, entry in entries.items()}
    return Source(root, hashed, tuple(sorted(walk.secrets)))


@dataclass(frozen=True, slots=True)
class Survey:
    """What a person may not expect: `left_out` look like secrets, `git_ignored` are folders, and files at the top, that
    go along though git ignores them or files in them, by the sizes of these (bytes).
    """

    left_out: tuple[str, ...]
    git_ignored: Mapping[str, int]


def survey(root: Path, *, ignore_file: str = IGNORE_FILE) -> Survey:
    """Look at what belongs to an agent without reading it. Raises InputError as `read` does."""
    walk = _Walk(root, root / ignore_file)
    entries = dict(walk.below(root, ""))
    git, sizes = GitIgnore(root), Counter[str]()
    for name, entry in entries.items():
        if part := git.ignored_part(name, is_folder=entry.digest is None):
            folder = part if part != name else part.rpartition("/")[0]
            sizes[folder or name] += entry.size
    return Survey(tuple(sorted(walk.left_out)), sizes)


def folders(root: Path) -> set[Path]:
    """Where the files of an agent lie, `root` among them, and those that can't be packed as long as they are as they
    are. Raises InputError when `root` can't be read.
    """
    entries = _Walk(root, root / IGNORE_FILE, passes_over=True).below(root, "")
    return {root} | {entry.path if entry.digest is None else entry.path.parent for _, entry in entries}


def goes_along(root: Path, name: str, ignore_file: str = IGNORE_FILE) -> bool:
    """Whether a file of this name in `root` would belong to the agent."""
    return _Walk(root, root / ignore_file).takes(name)


def require_entry(source: Source, entry: Path, ignore_file: str = IGNORE_FILE) -> None:
    """Raise EntrypointError unless `entry`, the file that is started, is among the files."""
    name = entry.as_posix()
    if name not in source.entries:
        raise EntrypointError(
            f"{name}: the entrypoint is not among the agent's files",
            hint=f"see that it exists and that no line of {ignore_file} leaves it out",
        )


@dataclass(slots=True)
class _Walk:
    root: Path
    ignore_file: Path
    passes_over: bool = False  # what can't be packed
    secrets: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    _ignore: Ignore = field(init=False)
    _above: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        file = self.ignore_file
        require_inside(file, self.root, file.name)
        self._ignore = Ignore.of(_lines(file) if file.exists() else [])

    def takes(self, name: str) -> bool:
        """Whether a file of this name belongs to the agent, by its name."""
        return not self._is_out(name) and not self._ignore.ignores(name)

    def below(self, folder: Path, name: str) -> Iterator[tuple[str, SourceEntry]]:
        """The entries of a folder and of those in it; the folder itself when there are none."""
        real = os.path.realpath(folder)
        if real in self._above:
            raise InputError(f"{name}: the link leads back to a folder above it", hint=_ignore_hint(name))
        items = _listed(folder, name)
        self._above.append(real)
        empty = True
        for item in items:
            path = f"{name}/{item.name}" if name else item.name
            try:
                for found in self._entries(Path(item.path), path):
                    yield found
                    empty = False
            except InputError:
                if not self.passes_over:
                    raise
        self._above.pop()
        if empty and name and not self._ignore.ignores(name):
            yield name, SourceEntry(folder, executable=False, size=0, digest=None)

    def _entries(self, path: Path, name: str) -> Iterator[tuple[str, SourceEntry]]:
        if self._is_out(name):
            return
        if path.is_symlink():
            self._check_link(path, name)
        if path.is_dir():
            if not (self._ignore.prunes(name) or os.path.exists(path / "pyvenv.cfg")):
                _check_name(name)
                yield from self.below(path, name)
        elif not self._ignore.ignores(name):
            yield name, _file(path, name)

    def _is_out(self, name: str) -> bool:
        """Out whatever the ignore file says, but for a `!` line that names this very path or one below it."""
        secret = _SECRET.ignores(name.lower())
        if not (secret or _NEVER_NEEDED.ignores(name)) or self._ignore.takes_back_by_name(name):
            return False
        if secret:
            self.left_out.append(name)
        if secret and not self._ignore.ignores(name):
            self.secrets.append(name)
        return True

    def _check_link(self, path: Path, name: str) -> None:
        if self._ignore.ignores(name):
            return
        target = os.path.realpath(path)
        if not os.path.exists(target):
            raise InputError(f"{name}: a link to {os.readlink(path)}, which is not there", hint=_ignore_hint(name))
        if os.path.commonpath((target, os.path.realpath(self.root))) != os.path.realpath(self.root):
            raise InputError(f"{name}: a link that leaves the folder, to {target}", hint=_ignore_hint(name))


def _listed(folder: Path, name: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as items:
            return sorted(items, key=lambda item: item.name)
    except OSError as error:
        raise _unreadable(name or str(folder), error) from error


def _check_name(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{name!r}: the name is not UTF-8", hint="rename or remove it") from error


def _file(path: Path, name: str) -> SourceEntry:
    """A file that is not hashed yet: first it must be known that all of them are not too much."""
    _check_name(name)
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(name, error) from error
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{name}: {_kind(status.st_mode)}, which can't be packed", hint=_ignore_hint(name))
    return SourceEntry(path, bool(status.st_mode & stat.S_IXUSR), status.st_size, "")


def _hashed(name: str, entry: SourceEntry) -> SourceEntry:
    if entry.digest is None:
        return entry
    try:
        with entry.path.open("rb") as file:
            return replace(entry, digest=hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: OSError) -> InputError:
    allow = f"chmod u+rX {shlex.quote(name)}, or " if isinstance(error, PermissionError) else ""
    return InputError(f"{name}: can't be read: {error.strerror}", hint=allow + _ignore_hint(name))


def _kind(mode: int) -> str:
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a named pipe" if stat.S_ISFIFO(mode) else "a device"


def _ignore_hint(name: str) -> str:
    return f"add a line {name} to {IGNORE_FILE}, or remove it"


def _check_size(entries: Mapping[str, SourceEntry], limit: int) -> None:
    total = sum(entry.size for entry in entries.values())
    if total <= limit:
        return
    largest = sorted(entries.items(), key=lambda item: -item[1].size)[:3]
    named = ", ".join(f"{name} ({_megabytes(entry.size)})" for name, entry in largest)
    raise InputError(
        f"the agent's folder holds {_megabytes(total)}, above {_megabytes(limit)}; the largest: {named}",
        hint=f"list in {IGNORE_FILE} what the agent does not need",
    )


def _megabytes(size: int) -> str:
    return f"{size / 1024**2:.0f} MB"


def _lines(file: Path) -> list[str]:
    """What is no text matches nothing."""
    data = file.read_bytes()
    try:
        return text_of(data).splitlines()
    except UnicodeDecodeError:
        return data.decode(errors="replace").splitlines()
