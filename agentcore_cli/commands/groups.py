"""A group of commands: each with the whole of its first lines, a mistyped one answered with the nearest."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from agentcore_cli.errors import InputError

_CLOSE_ENOUGH = 0.7  # of difflib's ratio: `deploi` is near deploy, `bogus` is not near logs


class CommandGroup(TyperGroup):
    """What `agentcore` and its verbs with commands of their own have in common."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        names = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in names:
            raise InputError(f"{args[0]}: no such command", hint=_instead(args[0], names, ctx.command_path))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.one_line(name)) for name in self.list_commands(ctx)])

    def one_line(self, name: str) -> str:
        """What a command does, in the words of its help."""
        return (self.commands[name].help or "").partition("\n\n")[0].replace("\n", " ")


def command_group(about: str) -> typer.Typer:
    """The commands of a verb that has several; `about` is its help."""
    return typer.Typer(cls=CommandGroup, rich_markup_mode=None, add_completion=False, no_args_is_help=True, help=about)


def _instead(word: str, names: list[str], path: str) -> str:
    import difflib

    close = difflib.get_close_matches(word, names, n=1, cutoff=_CLOSE_ENOUGH)
    return f"did you mean {path} {close[0]}?" if close else f"{path} --help lists the commands"
