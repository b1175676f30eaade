"""Where the local runtime keeps what it knows: one folder, readable by its owner alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from agentcore_cli import user_folder
from agentcore_cli.errors import InputError

_HINT: Final = "set AGENTCORE_HOME to a folder of yours"


class Home(NamedTuple):
    """`$AGENTCORE_HOME`, else `$XDG_STATE_HOME/agentcore`, else `~/.local/state/agentcore`."""

    root: Path

    @classmethod
    def default(cls) -> Home:
        return cls(user_folder.location())

    def check(self) -> Home:
        """Itself. Raises InputError when it is there and can't be used, or is not ours."""
        if fault := user_folder.fault(self.root):
            raise InputError(f"{self.root}: can't be used: {fault}", hint=_HINT)
        return self

    def create(self) -> Home:
        """Make the folder and its rooms, mode 0700. Raises InputError as `claim` does."""
        rooms = self.artifacts, self.snapshots, self.environments, self.sessions, self.storage, self.sockets, self.logs
        return self.claim(*rooms)

    def claim(self, *rooms: Path) -> Home:
        """Make the folder, mode 0700, known by its marker, and these rooms in it. Raises InputError where that can't
        be, or what is there is not ours: nothing of it is changed then.
        """
        from agentcore_cli.files import told_when_unusable

        self.check()
        with told_when_unusable(self.root, hint=_HINT):
            user_folder.make(self.root)
            for room in rooms:
                room.mkdir(exist_ok=True, mode=0o700)
        return self

    @property
    def server_file(self) -> Path:
        """`server.json`: pid, its start time, port, version and key of the running server (0600)."""
        return self.root / "server.json"

    @property
    def server_log(self) -> Path:
        return self.root / "server.log"

    @property
    def start_lock(self) -> Path:
        return self.root / "start.lock"

    @property
    def database(self) -> Path:
        return self.root / "runtime.db"

    @property
    def memories(self) -> Path:
        """The database of the memories, which outlive the runtimes."""
        return self.root / "memory.db"

    @property
    def traces(self) -> Path:
        """The database of the traces; `.calls` beside it are those that are not in it yet."""
        return self.root / "traces.db"

    @property
    def artifacts(self) -> Path:
        """The content store: `<sha256>.zip`, and `<sha256>.json` that names the environment it runs in."""
        return self.root / "artifacts"

    @property
    def snapshots(self) -> Path:
        """Unpacked artifacts, read-only: `<sha256>/`."""
        return self.root / "snapshots"

    @property
    def packages(self) -> Path:
        """Packages for images, installed for linux/arm64: `<hash>/`."""
        return self.root / "packages"

    @property
    def archives(self) -> Path:
        """Zips for AWS, and what packages make of them: `<hash>.zip`, `<hash>.packages`."""
        return self.root / "archives"

    @property
    def layers(self) -> Path:
        """Layers and base images that the builder oci packed and fetched: `sha256/<hash>`, and notes about them."""
        return self.root / "layers"

    @property
    def environments(self) -> Path:
        """Installed packages, addressed by the hash of what was asked for: `<hash>/`; several homes may share them."""
        return (self.root / "environments").resolve()

    def share_environments(self, other: Home) -> None:
        """Have the packages of `other`, another local runtime of the user. To be called before anything is there."""
        own = self.root / "environments"
        own.rmdir()
        own.symlink_to(other.create().environments)

    @property
    def sessions(self) -> Path:
        """The writable layers of the sessions that are alive, one folder each."""
        return self.root / "sessions"

    @property
    def storage(self) -> Path:
        """What sessions keep for the next one of their id, one folder each."""
        return self.root / "storage"

    @property
    def sockets(self) -> Path:
        return self.root / "run"

    @property
    def invitations(self) -> Path:
        """Files that let a browser in, once; made with the first."""
        return self.root / "invitations"

    @property
    def logs(self) -> Path:
        """Log files in a tree that is named like the service's log groups and streams."""
        return self.root / "logs"
