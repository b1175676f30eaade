"""The options that hold everywhere, before and after the verb."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typer

    from agentcore_cli.operations.selection import Options
    from agentcore_cli.ui import Output


@dataclass
class Globals:
    config: Path | None = None
    target: str | None = None
    local: bool = False
    agent: str | None = None
    profile: str | None = None
    region: str | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False

    @classmethod
    def names(cls) -> set[str]:
        return {field.name for field in fields(cls)}

    @classmethod
    def of(cls, ctx: typer.Context) -> Globals:
        """What was said before and after the verb."""
        obj: Globals = ctx.find_root().obj
        return obj

    def set(self, name: str, value: Any) -> None:
        """Take what was said after the verb, as the command line's parser gives it."""
        setattr(self, name, Path(value) if name == "config" else value)

    def output(self) -> Output:
        from agentcore_cli.ui import Output

        return Output(json=self.json, quiet=self.quiet, verbose=self.verbose)

    def options(self) -> Options:
        """What chooses the config, the target and the agent. Raises InputError for `--local` with another target."""
        from agentcore_cli.errors import InputError
        from agentcore_cli.operations.selection import Options

        if self.local and self.target not in (None, "local"):
            raise InputError(f"--local and --target {self.target}: choose one of them")
        return Options(
            config=self.config,
            target="local" if self.local else self.target,
            agent=self.agent,
            profile=self.profile,
            region=self.region,
        )
