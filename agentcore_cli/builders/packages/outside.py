"""A project as the installer sees it: where building a local package would write into it, another folder.

The other folder is laid out as the project is, from the outermost folder that its requirements lead to (or its git
repository: versions may come from there). Local packages and the files that the installer reads are copies; all else
are links to what is there, so that whatever a build looks for beside a package is found. Its name is a new one each
time: the installer's cache, which goes by names and times, knows nothing of what was built from another state.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentcore_cli import files
from agentcore_cli.builders.packages import installer, local_packages
from agentcore_cli.builders.packages.requirement_lines import ARCHIVES, REPOSITORY
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.errors import AgentcoreError

_READ_BY_THE_INSTALLER: Final = ("pyproject.toml", "uv.toml", "uv.lock", "setup.py", "setup.cfg")
_WRITTEN: Final = ".agentcore-requirements.txt"
_PINS: Final = ".agentcore-constraints.txt"
_EDITABLE_REPOSITORY: Final = re.compile(
    rf"^([ \t]*)(?:-e|--editable)[ \t=]+(?={REPOSITORY.pattern})", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Outside:
    """`root` is the project's folder or stands for it, `file` what to install from. `prefix` stands before the paths
    of what was laid out; it is empty where nothing was."""

    root: Path
    file: Path
    prefix: str
    requirements: Requirements

    def run(
        self, arguments: Sequence[str], *, tell: installer.Tell, stopping: installer.Stopping, writes_to: Path
    ) -> None:
        """Run uv with the project's folder as its own. Raises as `installer.run`; the paths told are the user's."""
        fresh = ["--refresh"] if self.requirements.resolved else []
        try:
            installer.run(
                [*arguments, *fresh],
                folder=self.root,
                tell=lambda line: tell(self.told(line)),
                stopping=stopping,
                writes_to=writes_to,
            )
        except AgentcoreError as error:
            error.message = self.told(error.message)
            error.hint = self.told(error.hint) if error.hint else None
            raise

    def told(self, text: str) -> str:
        return text.replace(self.prefix, "") if self.prefix else text

    def forget(self, packages: Path) -> None:
        """Let what was installed name the user's own folder as the place where it came from (PEP 610)."""
        for file in packages.glob("*.dist-info/direct_url.json") if self.prefix else ():
            address = json.loads(file.read_text())
            address["url"] = self.told(address["url"])
            file.write_text(json.dumps(address))

    def path(self, original: Path) -> Path:
        """Where a file of the project is here."""
        return Path(f"{self.prefix}{os.path.abspath(original)}") if self.prefix else original


@contextmanager
def project(requirements: Requirements) -> Iterator[Outside]:
    """The project, laid out outside its folder if its requirements lead to packages that lie on this machine.

    Raises InputError for requirements that can't be read, AgentcoreError for a full disk.
    """
    reading = requirements.checked()
    is_built = bool(reading.places or requirements.folders or (requirements.is_project and reading.remote))
    is_rewritten = any(line.is_editable_repository for line in reading.lines)
    if not (is_built or is_rewritten) and reading.written is None:
        yield Outside(requirements.root, requirements.path, "", requirements)
        return
    temporary = Path(tempfile.gettempdir())
    with (
        files.told_when_full(temporary),
        tempfile.TemporaryDirectory(prefix="agentcore-", ignore_cleanup_errors=True) as folder,
    ):
        prefix = os.path.realpath(folder)
        _Layout(requirements, Path(prefix)).make()
        root = Path(f"{prefix}{requirements.root.resolve()}")
        made = Outside(root, root / os.path.relpath(requirements.path, requirements.root), prefix, requirements)
        yield made if reading.written is None else _with_written(made)


def _with_written(made: Outside) -> Outside:
    """Its requirements as a file of their own, with constraints."""
    written = made.requirements.reading.written
    assert written
    (made.root / _PINS).write_text("".join(f"{line}\n" for line in written.constraints))
    file = made.root / _WRITTEN
    file.write_text("".join(f"{line}\n" for line in (f"-c {_PINS}", *written.requirements)))
    return Outside(made.root, file, made.prefix, made.requirements)


@dataclass(frozen=True, slots=True)
class _Layout:
    requirements: Requirements
    prefix: Path

    def make(self) -> None:
        root = self.requirements.root.resolve()
        packages = self.requirements.folders
        read = [path.resolve().parent for path in self.requirements.files()]
        workspace = local_packages.workspace_of(self.requirements.path.parent)
        others = local_packages.members(workspace) if workspace else []
        places = [place if place.is_dir() else place.parent for place in self.requirements.reading.places]
        shown = {root, *packages, *read, *others, *places}
        self._lay(self._top(shown), {folder for path in shown for folder in (path, *path.parents)})

    def _top(self, shown: set[Path]) -> Path:
        common = Path(os.path.commonpath(shown))
        return next((above for above in (common, *common.parents) if (above / ".git").exists()), common)

    def _lay(self, folder: Path, ways: set[Path]) -> None:
        """Copy a package; link what is in another folder, but for the ways to the rest, and copy what is read."""
        for above in reversed(folder.parents):
            self._copy_settings(above)
        self._lay_below(folder, ways)

    def _lay_below(self, folder: Path, ways: set[Path]) -> None:
        here = self._place(folder)
        here.mkdir(parents=True, exist_ok=True)
        if folder in self.requirements.folders:
            local_packages.copy(folder, here)
            self._rewrite(here.glob("*.toml"))
        known = {path.resolve() for path in (*self.requirements.files(), *self.requirements.reading.places)}
        for entry in sorted(folder.iterdir()):
            if entry in ways and entry.is_dir():
                self._lay_below(entry, ways)
            elif not (here / entry.name).exists() and self._belongs(folder, entry):
                self._bring(entry, here / entry.name, is_read=entry in known or entry.name in _READ_BY_THE_INSTALLER)

    def _belongs(self, folder: Path, entry: Path) -> bool:
        """Of a package what counts has been copied; its repository is linked, for its version."""
        return folder not in self.requirements.folders or entry.name == ".git"

    def _bring(self, entry: Path, target: Path, *, is_read: bool) -> None:
        if is_read and entry.is_file():
            shutil.copy2(entry, target)
            self._rewrite([target] if entry.suffix not in ARCHIVES else [])
        else:
            target.symlink_to(entry)

    def _copy_settings(self, folder: Path) -> None:
        for name in _READ_BY_THE_INSTALLER[:2]:
            if os.access(folder / name, os.R_OK):
                self._place(folder).mkdir(parents=True, exist_ok=True)
                shutil.copy2(folder / name, self._place(folder) / name)

    def _rewrite(self, copies: Sequence[Path] | Iterator[Path]) -> None:
        """Let absolute paths of packages lead to the copies, and repositories be installed like any package."""
        for copy in copies:
            text = changed = copy.read_text(encoding="utf-8", errors="surrogateescape")
            for package in self.requirements.folders:
                changed = changed.replace(str(package), str(self._place(package)))
            changed = _EDITABLE_REPOSITORY.sub(r"\1", changed)
            if changed != text:
                copy.chmod(0o644)
                copy.write_text(changed, encoding="utf-8", errors="surrogateescape")

    def _place(self, original: Path) -> Path:
        return Path(f"{self.prefix}{original}")
