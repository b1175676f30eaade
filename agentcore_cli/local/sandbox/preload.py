"""The modules that a program's sessions were seen to import, remembered for the next start of the server.

One small file per runtime and interpreter: the next version imports much the same. Nothing is lost with them but time.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from agentcore_cli.files import write_atomically
from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox.program import Program


class Preload:
    def __init__(self, home: Home) -> None:
        self._folder = home.root / "learned"

    def of(self, program: Program) -> list[str] | None:
        """The modules, or None when nothing was learned yet."""
        try:
            modules = json.loads(self._file(program).read_text())
        except (FileNotFoundError, ValueError):  # a broken file is as good as none
            return None
        return [str(name) for name in modules] if isinstance(modules, list) else None

    def remember(self, program: Program, modules: list[str]) -> None:
        write_atomically(self._file(program), json.dumps(modules), mode=0o600)

    def _file(self, program: Program) -> Path:
        identity = json.dumps([str(program.code.parent), str(program.interpreter), list(program.start)])
        return self._folder / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.json"
