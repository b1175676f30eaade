"""The command line: options that hold everywhere, verbs imported on demand, errors turned into exit codes.

A verb's module (`commands/<verb>.py`) is imported when the verb is asked for and never to print `--help`: the table
below holds each name and its one line. This is also the one place where an exception becomes an exit code.
"""

from __future__ import annotations

import importlib
import os
import sys
from copy import copy
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from agentcore_cli import __version__
from agentcore_cli.commands.globals import Globals
from agentcore_cli.errors import BAD_INPUT, DONE, FAILED, INTERRUPTED, AgentcoreError, InputError, ReaderLeft

VERBS = {
    "init": "Start a new project with a working agent in it.",
    "configure": "Write .agentcore.yaml for an agent: one Python file.",
    "plan": "Show what deploy would do.",
    "deploy": "Make what the agent needs and run it, or change what differs.",
    "invoke": "Send a payload to the agent and print its answer.",
    "status": "Show the agent's runtime, endpoints, versions and drift.",
    "sessions": "List, show and stop sessions.",
    "logs": "Print the agent's log lines.",
    "versions": "List the versions of the agent's runtime.",
    "destroy": "Remove what deploy made, and nothing else.",
    "local": "Start, stop and steer the local runtime.",
    "doctor": "Check this machine and this project, with a fix for each fault.",
}

# Newer versions of typer carry a Click of their own, so typer is asked for the base class of usage errors.
_CLICK_ERRORS: tuple[type[Exception], ...] = tuple(
    cls for cls in typer.BadParameter.__mro__ if cls.__name__ in ("ClickException", "TyperException")
)


class Verbs(TyperGroup):
    """A group that knows the name and one line of each verb and imports a verb when it is run."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in VERBS:
            return None
        return _accept_globals(_load(cmd_name), self.params)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and args[0] not in VERBS:
            raise InputError(f"{args[0]}: no such command", hint=_did_you_mean(args[0]))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


def _load(verb: str) -> Any:
    """The Click command of a verb: its module holds a function of the verb's name, or a Typer called `app`."""
    module = importlib.import_module(f"agentcore_cli.commands.{verb}")
    app = getattr(module, "app", None)
    if app is None:
        app = typer.Typer(rich_markup_mode=None, add_completion=False)
        app.command(verb, help=getattr(module, verb).__doc__)(getattr(module, verb))
    command = get_command(app)
    command.name = verb
    return command


def _did_you_mean(word: str) -> str:
    import difflib

    close = difflib.get_close_matches(word, VERBS, n=1, cutoff=0.5)
    return f"did you mean agentcore {close[0]}?" if close else "agentcore --help lists the commands"


def _accept_globals(command: Any, options: list[Any]) -> Any:
    """Let the options that hold everywhere stand after the verb too."""
    taken = {name for param in command.params for name in getattr(param, "opts", [])}
    for option in options:
        if option.name in Globals.names() and not taken & set(option.opts):
            after = copy(option)
            after.expose_value, after.callback, after.hidden, after.default = False, _remember, True, None
            command.params.append(after)
    for child in getattr(command, "commands", {}).values():
        _accept_globals(child, options)
    return command


def _remember(ctx: Any, param: Any, value: Any) -> Any:
    if value is not None:
        ctx.find_root().obj.set(param.name, value)
    return value


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"agentcore {__version__}")
        raise typer.Exit


def agentcore(
    ctx: typer.Context,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The project's config file.")] = None,
    target: Annotated[str | None, typer.Option("--target", metavar="NAME", help="A target of the config.")] = None,
    local: Annotated[bool, typer.Option("--local", help="The local runtime: the target that always exists.")] = False,
    agent: Annotated[str | None, typer.Option("--agent", metavar="NAME", help="An agent of the config.")] = None,
    profile: Annotated[str | None, typer.Option("--profile", metavar="P", help="A profile of the AWS config.")] = None,
    region: Annotated[str | None, typer.Option("--region", metavar="R", help="An AWS region.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress, no notes.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="More; a traceback with an error.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="The version.")] = False,
) -> None:
    """Run a Python agent on Amazon Bedrock AgentCore Runtime, or on this machine with the same session promises.

    Start with: agentcore configure --entrypoint agent.py, agentcore deploy --local, agentcore invoke --local "hello"
    """
    ctx.obj = Globals(
        config=config,
        target=target,
        local=local,
        agent=agent,
        profile=profile,
        region=region,
        json=json,
        quiet=quiet,
        verbose=verbose,
    )


def _app() -> Any:
    app = typer.Typer(rich_markup_mode=None, add_completion=True, no_args_is_help=True)
    app.callback(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})(agentcore)
    return get_command(app)


def main(argv: list[str]) -> int:
    """Run one command line; gives the exit code. Nothing below this function turns an error into one."""
    wants_json = "--json" in argv
    try:
        code = _app().main(argv, prog_name="agentcore", standalone_mode=False)
        return code if isinstance(code, int) else DONE
    except AgentcoreError as error:
        return _fail(error, wants_json, argv)
    except (KeyboardInterrupt, typer.Abort):
        return _fail(_Interrupted("interrupted"), wants_json, argv)
    except ReaderLeft:
        # Keep the interpreter's last flush quiet too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except _CLICK_ERRORS as error:
        return _fail(_usage(error), wants_json, argv)
    except Exception as error:
        return _fail(_Unexpected(f"{type(error).__name__}: {error}", hint="run it again with -v"), wants_json, argv)


def _usage(error: Any) -> InputError:
    context = getattr(error, "ctx", None)
    return InputError(error.format_message(), hint=f"{context.command_path if context else 'agentcore'} --help")


class _Interrupted(AgentcoreError):
    code = "Interrupted"
    exit_code = INTERRUPTED


class _Unexpected(AgentcoreError):
    code = "InternalError"
    exit_code = FAILED


def _fail(error: AgentcoreError, wants_json: bool, argv: list[str]) -> int:
    from agentcore_cli.ui.failures import show_failure

    show_failure(error, as_json=wants_json, traceback="-v" in argv or "--verbose" in argv)
    return error.exit_code


__all__ = ["BAD_INPUT", "VERBS", "main"]
