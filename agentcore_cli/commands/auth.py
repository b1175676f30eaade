"""`agentcore auth`: a Cognito user pool for the agent's callers, and tokens."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.commands.groups import command_group
from agentcore_cli.decoding import text_of
from agentcore_cli.errors import InputError

if TYPE_CHECKING:
    from agentcore_cli.operations.auth import PoolResult
    from agentcore_cli.ui import Output

_PASSWORD: Final = "AGENTCORE_PASSWORD"  # noqa: S105 (the names of variables)
_CLIENT_SECRET: Final = "AGENTCORE_CLIENT_SECRET"  # noqa: S105

app = command_group("Let callers show a token: a Cognito user pool, its users, and tokens for them.")


@app.command("create-pool")
def create_pool(
    ctx: typer.Context,
    user: Annotated[list[str] | None, typer.Option("--user", metavar="NAME", help="A user to make.")] = None,
    service: Annotated[bool, typer.Option("--service", help="A client with a secret too, for programs.")] = False,
) -> None:
    """Make a Cognito user pool for the agent's callers and write it into the config.

    The passwords are shown this once. Run again, it goes on with what is there.
    """
    from agentcore_cli.operations.auth import CreatePoolRequest
    from agentcore_cli.operations.auth import create_pool as run

    said = Globals.of(ctx)
    out = said.output()
    selected = said.select()
    with out.progress() as listener:
        result = run(CreatePoolRequest(tuple(user or ()), service), selected, listener)
    out.result(result, _human(result))
    out.note(
        f"next: {selected.deploy_command()}, then agentcore auth token | agentcore invoke --bearer-token - PAYLOAD"
    )


@app.command()
def token(
    ctx: typer.Context,
    user: Annotated[str | None, typer.Option("--user", metavar="NAME", help="A user of the pool.")] = None,
    password: Annotated[
        str | None, typer.Option("--password", metavar="-|@FILE", help=f"Or {_PASSWORD}, or asked for.")
    ] = None,
    client_id: Annotated[str | None, typer.Option("--client-id", metavar="ID", help="A program's client.")] = None,
    client_secret: Annotated[
        str | None, typer.Option("--client-secret", metavar="-|@FILE", help=f"Or {_CLIENT_SECRET}, or asked for.")
    ] = None,
    scope: Annotated[list[str] | None, typer.Option("--scope", help="With --client-id: what the token is for.")] = None,
) -> None:
    """Print an access token, for a user of the pool or for a program (--client-id) of any OpenID provider."""
    from agentcore_cli.operations.auth import service_token, user_token

    said = Globals.of(ctx)
    out = said.output()
    if (user is None) == (client_id is None):
        raise InputError(
            "auth token: say who the token is for: --user or --client-id", hint="agentcore auth token --user NAME"
        )
    selected = said.select()
    if user is not None:
        secret = _secret(password, "--password", _PASSWORD, f"Password of {user}", out)
        got = user_token(user, secret, selected)
    else:
        secret = _secret(client_secret, "--client-secret", _CLIENT_SECRET, f"Secret of {client_id}", out)
        got = service_token(str(client_id), secret, tuple(scope or ()), selected)
    out.result(got, got.access_token)


@app.command("delete-pool")
def delete_pool(
    ctx: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Answer yes to the question.")] = False,
) -> None:
    """Delete the agent's user pool with all its users, if it is ours, and take it out of the config."""
    from agentcore_cli.operations.auth import delete_pool as run

    said = Globals.of(ctx)
    out = said.output()
    selected = said.select()
    result = run(lambda pool: yes or out.confirm(f"- user pool {pool}, with all its users", "Delete it?"), selected)
    out.result(result, f"{result.agent}: user pool {result.pool_id} deleted")
    out.note(f"next: {selected.deploy_command()} lets callers in by IAM again")


def _secret(said: str | None, option: str, variable: str, question: str, out: Output) -> str:
    """A secret from stdin, a file, the environment or a person; never from the command line, which others can read."""
    if said is None:
        return os.environ.get(variable) or out.ask_secret(question, option=f"{option} -, or {variable}")
    if said == "-":
        from agentcore_cli.ui.keyboard import read_line

        return read_line().removeprefix("\ufeff").rstrip("\r\n")
    if not said.startswith("@"):
        raise InputError(
            f"{option}: not on the command line, which others can read", hint=f"{option} - or {option} @FILE"
        )
    try:
        return text_of(Path(said[1:]).read_bytes()).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{option} {said}: can't be read: {error}") from None


def _human(result: PoolResult) -> str:
    from agentcore_cli.ui.tables import fields, table

    service = result.service
    text = fields(
        [
            ("pool", result.pool_id),
            ("discovery url", result.discovery_url),
            ("client", result.client_id),
            ("service client", service and service.client_id),
            ("service secret", service and service.client_secret),
            ("service scope", service and service.scope),
        ]
    )
    rows = [(user.name, user.password or "(was there before)") for user in result.users]
    return f"{text}\n{table(('user', 'password, shown this once'), rows)}" if rows else text
