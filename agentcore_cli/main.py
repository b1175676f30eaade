"""The command line: options that hold everywhere, verbs imported on demand, errors turned into exit codes.

A verb's module (`commands/<verb>.py`) is imported when the verb is asked for and never to print `--help`: the table
below holds each name and its one line. This is also the one place where an exception becomes an exit code.
"""

from __future__ import annotations

import importlib
import keyword
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.main import get_command

from agentcore_cli import __version__
from agentcore_cli.commands.globals import Globals
from agentcore_cli.commands.groups import CommandGroup
from agentcore_cli.errors import (
    BAD_INPUT,
    DONE,
    FAILED,
    AgentcoreError,
    ExecFailed,
    InputError,
    Interrupted,
    ReaderLeft,
)

VERBS = {
    "init": "Start a new project with a working agent in it.",
    "configure": "Write .agentcore.yaml for an agent: one Python file.",
    "plan": "Show what deploy would do.",
    "build": "Make the artifact that deploy would push, and stop there.",
    "deploy": "Make what the agent needs and run it, or change what differs.",
    "invoke": "Send a payload to the agent and print its answer.",
    "dev": "Talk with the agent while you write it: what is saved is what new sessions run.",
    "chat": "Talk with the agent, turn by turn, in one session.",
    "status": "Show the agent's runtime, endpoints, versions and drift.",
    "exec": "Run a shell command in a session of the agent.",
    "sessions": "List, show and stop sessions.",
    "logs": "Print the agent's log lines.",
    "traces": "See what calls did: models, tools, tokens, times.",
    "open": "Look at agents, sessions and traces in a browser, and talk with them there.",
    "versions": "List the versions of the agent's runtime.",
    "rollback": "Go back to an earlier version.",
    "endpoints": "List, make, move and delete named endpoints of the runtime.",
    "memory": "Make, read, search, move and delete AgentCore memories.",
    "destroy": "Remove what deploy made, and nothing else.",
    "permissions": "Print the least IAM policy that deploying the agent needs.",
    "local": "Start, stop and steer the local runtime.",
    "auth": "Let callers show a token: a Cognito user pool, its users, and tokens.",
    "import": "Move in from AWS's earlier toolkit, or from a runtime that exists.",
    "doctor": "Check this machine and this project, with a fix for each fault.",
}

# Newer versions of typer carry a Click of their own, so typer is asked for the base class of usage errors.
_CLICK_ERRORS: tuple[type[Exception], ...] = tuple(
    cls for cls in typer.BadParameter.__mro__ if cls.__name__ in ("ClickException", "TyperException")
)


class Verbs(CommandGroup):
    """A group that knows the name and one line of each verb and imports a verb when it is run."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in VERBS:
            return None
        return _accept_globals(_load(cmd_name), self.params)

    def one_line(self, name: str) -> str:
        return VERBS[name]

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # typer would make a bare exit code of it
            raise Interrupted("interrupted") from None


def _load(verb: str) -> Any:
    """The Click command of a verb: its module holds a function of the verb's name, or a Typer called `app`.

    A verb that is a word of Python has an underscore behind it there.
    """
    name = f"{verb}_" if keyword.iskeyword(verb) else verb
    module = importlib.import_module(f"agentcore_cli.commands.{name}")
    app = getattr(module, "app", None)
    if app is None:
        app = typer.Typer(rich_markup_mode=None, add_completion=False)
        app.command(verb, help=getattr(module, name).__doc__)(getattr(module, name))
    command = get_command(app)
    command.name = verb
    return command


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
    if value not in (None, ()):
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
    trust: Annotated[
        list[str] | None,
        typer.Option("--trust", metavar="URL", help="An address outside AWS that may get credentials."),
    ] = None,
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
        trust=trust,
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
    try:
        code = _app().main(argv, prog_name="agentcore", standalone_mode=False)
        return code if isinstance(code, int) else DONE
    except AgentcoreError as error:
        return _fail(error, argv)
    except ReaderLeft:
        return DONE
    except SystemExit as ending:
        if isinstance(ending.__context__, BrokenPipeError):  # Click's answer to a reader of --help who left
            return DONE
        raise
    except _CLICK_ERRORS as error:
        if _is_bare_group(error) and not _wants_json(argv):
            typer.echo(error, err=True)
            return BAD_INPUT
        return _fail(_usage(error), argv)
    except Exception as error:
        return _fail(_Unexpected(f"{type(error).__name__}: {error}", hint="run it again with -v"), argv)


def _is_bare_group(error: Exception) -> bool:
    """Whether a command was named that has commands, and none of those; the message is then the whole help."""
    return type(error).__name__ == "NoArgsIsHelpError"


def _usage(error: Any) -> AgentcoreError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "agentcore"
    message = "which command?" if _is_bare_group(error) else error.format_message()
    usage = InputError(message, hint=f"{path} --help")
    return ExecFailed.of(usage) if path.endswith(" exec") else usage


class _Unexpected(AgentcoreError):
    code = "InternalError"
    exit_code = FAILED


def _fail(error: AgentcoreError, argv: list[str]) -> int:
    """Show the error that is being handled."""
    from agentcore_cli.ui.failures import show_failure

    ours = _ours(argv)
    with suppress(BrokenPipeError):
        show_failure(error, as_json=_wants_json(argv), traceback="-v" in ours or "--verbose" in ours)
    return error.exit_code


def _wants_json(argv: list[str]) -> bool:
    return "--json" in _ours(argv)


def _ours(argv: list[str]) -> list[str]:
    """The part of a command line that is not another program's, which stands behind `--`."""
    return argv[: argv.index("--")] if "--" in argv else argv


__all__ = ["VERBS", "main"]
