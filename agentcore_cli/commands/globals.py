"""The options that hold everywhere, before and after the verb."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typer

    from agentcore_cli.operations.selection import Options, Selected
    from agentcore_cli.ui import Output


@dataclass
class Globals:
    config: Path | None = None
    target: str | None = None
    local: bool = False
    agent: str | None = None
    profile: str | None = None
    region: str | None = None
    trust: list[str] | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    _output: Output | None = field(default=None, init=False, repr=False)

    @classmethod
    def names(cls) -> set[str]:
        return {option.name for option in fields(cls) if option.init}

    @classmethod
    def of(cls, ctx: typer.Context) -> Globals:
        """What was said before and after the verb."""
        obj: Globals = ctx.find_root().obj
        return obj

    def set(self, name: str, value: Any) -> None:
        """Take what was said after the verb, as the command line's parser gives it."""
        setattr(self, name, Path(value) if name == "config" else value)

    def output(self) -> Output:
        """The one object that the command talks through, so that a question stops the progress that is shown."""
        from agentcore_cli.ui import Output

        if self._output is None:
            self._output = Output(json=self.json, quiet=self.quiet, verbose=self.verbose)
        return self._output

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
            trust=tuple(self.trust or ()),
            ask=self._ask if self.output().can_ask() else None,
        )

    def select(self) -> Selected:
        """The agent and the target that they choose. Raises what `operations.selection.select` raises."""
        from agentcore_cli.operations.selection import select

        return select(self.options())

    def _ask(self, about: str) -> bool:
        return self.output().confirm(about, "Do you trust that address?", option="--trust ADDRESS")
