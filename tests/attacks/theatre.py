"""Where attacks are played: a local runtime's sandbox in a process of its own, as root and as an ordinary user.

What the user of it has is there to be stolen: a HOME with credentials, variables with a key, a process that waits.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.attacks.test_ordinary_user import NOBODY, PYTHON, REPOSITORY

SECRET = "stolen-" + "x" * 12
USERS = ("root", "nobody")


@dataclass(frozen=True, slots=True)
class Theatre:
    """`root` is the user's own folder; `home` in it holds ~/.aws/credentials, with SECRET. `code` is everybody's."""

    user: str
    root: Path
    code: Path

    @property
    def home(self) -> Path:
        return self.root / "home-of-the-user"

    def play(
        self,
        *sessions: Sequence[str],
        modules: Mapping[str, str] | None = None,
        needs: Sequence[str] = (),
    ) -> list[list[Any]]:
        """What each session's sources left as `result`; skips, by its name, where the machine lacks what is needed.

        `modules` are installed in the agent's environment and imported by it, name and source.
        """
        asked = {
            "sessions": [list(each) for each in sessions],
            "modules": dict(modules or {}),
            "fights": {},
            "silent": [],
        }
        results: list[list[Any]] = self._run(asked, needs)["results"]
        return results

    def fight(self, acts: Mapping[str, str], silent: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
        """What comes of acts that a session may not survive, by their names; `hostile_session.fight` says what is told.

        After those that are `silent` nobody answers. Skips where there are no namespaces.
        """
        asked = {"sessions": [], "modules": {}, "fights": dict(acts), "silent": list(silent)}
        fights: dict[str, dict[str, Any]] = self._run(asked, ())["fights"]
        return fights

    def _run(self, asked: Mapping[str, Any], needs: Sequence[str]) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.run("hostile_session.py", json.dumps(asked)))
        if told["level"] != "namespaces":
            pytest.skip(f"level namespaces as {self.user}: {told['reason']}")
        for name in needs:
            if name in told["missing"]:
                pytest.skip(f"{name} as {self.user}: {told['missing'][name]}")
        return told

    def run(self, script: str, said: str = "") -> str:
        """What a script of this folder answers, run by this user in a state folder of its own."""
        done = subprocess.run(
            [*self._as_user(), PYTHON, self.code / "tests" / "attacks" / script, self.root / "state"],
            input=said,
            capture_output=True,
            text=True,
            timeout=120,
            env={"PATH": os.defpath, "HOME": str(self.home), "AWS_SECRET_ACCESS_KEY": SECRET, "USERS_OWN": SECRET},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _as_user(self) -> list[str]:
        if self.user == "root":
            return []
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


@contextmanager
def code_for_all() -> Iterator[Path]:
    """A folder with a copy of the code that every user may read; root's processes keep in it what they compile."""
    folder = Path(tempfile.mkdtemp(prefix="agentcore-code-"))
    without_caches: Callable[..., set[str]] = shutil.ignore_patterns("__pycache__")
    try:
        for name in ("agentcore_cli", "tests"):
            shutil.copytree(REPOSITORY / name, folder / name, ignore=without_caches)
        shutil.copytree(Path(msgspec.__file__).parent, folder / "msgspec", ignore=without_caches)
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def theatre(user: str, code: Path) -> Iterator[Theatre]:
    """A folder of that user's."""
    if os.geteuid() != 0:
        pytest.skip("only root can play both root and an ordinary user")
    if user == "nobody" and not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    if subprocess.run([PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]).returncode:
        pytest.skip(f"{PYTHON} is older than 3.11")
    root = Path(tempfile.mkdtemp(prefix="agentcore-theatre-"))
    try:
        _furnish(Theatre(user, root, code))
        yield Theatre(user, root, code)
    finally:
        shutil.rmtree(root)


def _furnish(stage: Theatre) -> None:
    (stage.home / ".aws").mkdir(parents=True)
    (stage.home / ".aws" / "credentials").write_text(f"[default]\naws_secret_access_key = {SECRET}\n")
    (stage.root / "state").mkdir()
    stage.root.chmod(0o755)
    if stage.user == "nobody":
        for path in (stage.root, stage.root / "state", *stage.home.rglob("*"), stage.home):
            os.chown(path, NOBODY, NOBODY)
