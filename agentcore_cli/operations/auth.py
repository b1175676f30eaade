"""Inbound auth: a Cognito user pool for an agent's callers, tokens for them, and the pool's end.

The pool is found by its name and owned by its tags, as everything that this tool makes; run again after an
interruption, `create_pool` goes on with what is there. Passwords and secrets are in a result once and nowhere else.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Final

from agentcore_cli import files, names, wiring
from agentcore_cli.aws.user_pools import AppClient, UserPool, UserPools
from agentcore_cli.config import Authorizer
from agentcore_cli.config.write import ABSENT, Edit, changed
from agentcore_cli.decoding import text_of
from agentcore_cli.errors import ConflictError, InputError, NotFoundError
from agentcore_cli.events import Listener, Step
from agentcore_cli.operations.selection import Selected
from agentcore_cli.trust import Trust, is_loopback

_USERS: Final = "users"
_SERVICE: Final = "service"
_SCOPE: Final = "invoke"
_NEVER_SIGNED_IN: Final = "FORCE_CHANGE_PASSWORD"
_PASSWORD_LENGTH: Final = 24
_CLASSES: Final = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#$%*+-=?@_")


@dataclass(frozen=True, slots=True)
class CreatePoolRequest:
    """`users` are their names; with `service` there is a client with a secret, for programs."""

    users: tuple[str, ...] = ()
    service: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """`password` is None for one that was there before: it is known to nobody here."""

    name: str
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ServiceClient:
    """A program that gets tokens for itself."""

    client_id: str
    client_secret: str = field(repr=False)
    scope: str


@dataclass(frozen=True, slots=True)
class PoolResult:
    """`client_id` is the client that users sign in through."""

    agent: str
    pool_id: str
    discovery_url: str
    client_id: str
    users: tuple[User, ...]
    service: ServiceClient | None


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; not shown by repr."""

    access_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeletedPool:
    agent: str
    pool_id: str


def create_pool(request: CreatePoolRequest, selected: Selected, listener: Listener) -> PoolResult:
    """Make the pool with its clients and users, and write the authorizer into the config.

    Raises ConflictError for a pool of that name that is not ours, and for a config that names another issuer.
    """
    with _pools(selected) as pools:
        pool = _our_pool(pools, selected)
        present = selected.agent.authorizer
        if present and (pool is None or present.discovery_url != pool.discovery_url):
            raise ConflictError(
                f"agents.{selected.agent_name}.authorizer: names another issuer, {present.discovery_url}",
                hint="remove the authorizer from the config first",
            )
        if pool is None:
            pool = pools.create(_name(selected), {**selected.agent.tags, **wiring.owner(selected).tags})
        listener(Step("pool", "done", pool.id))
        client = _client(pools, pool, _USERS) or pools.create_user_client(pool.id, _USERS)
        users = tuple(_user(pools, pool, name) for name in request.users)
        service = _service_client(pools, pool, selected) if request.service else None
    clients = [client.id, *([service.client_id] if service else [])]
    _write(selected, _authorizer_changes(selected, pool, clients))
    Trust().add("addresses", pool.discovery_url)  # the person made it
    return PoolResult(selected.agent_name, pool.id, pool.discovery_url, client.id, users, service)


def user_token(user: str, password: str, selected: Selected) -> Token:
    """An access token for a user of the pool in the config. Raises CredentialsError for a wrong password."""
    authorizer = _authorizer(selected)
    if not authorizer.clients:
        raise InputError(f"agents.{selected.agent_name}.authorizer.clients: there is none to sign in through")
    selected.require_trust(_provider_key(selected), authorizer.discovery_url, address=authorizer.discovery_url)
    with _pools(selected) as pools:
        return Token(pools.access_token(authorizer.clients[0], user, password))


def service_token(client_id: str, client_secret: str, scopes: Collection[str], selected: Selected) -> Token:
    """An access token for a program, from the provider that the config names, whichever it is."""
    from agentcore_cli.aws.token_endpoint import client_token, token_endpoint

    discovery_url = _authorizer(selected).discovery_url
    selected.require_trust(_provider_key(selected), discovery_url, address=discovery_url)
    endpoint = token_endpoint(discovery_url)
    if is_loopback(discovery_url):
        selected.require_trust(f"the token endpoint that {discovery_url} names", endpoint, address=endpoint)
    return Token(client_token(endpoint, client_id, client_secret, scopes))


def delete_pool(consent: Callable[[str], bool], selected: Selected) -> DeletedPool:
    """Delete the agent's pool with its users, if its tags say that it is ours, and take it out of the config.

    `consent` is told the pool's name. Raises NotFoundError when there is none, ConflictError for somebody else's.
    """
    with _pools(selected) as pools:
        pool = _our_pool(pools, selected)
        if pool is None:
            raise NotFoundError(f"{selected.agent_name}: there is no user pool {_name(selected)}")
        if not consent(f"{pool.name} ({pool.id})"):
            raise InputError("nothing was deleted: the answer was no")
        pools.delete(pool)
    present = selected.agent.authorizer
    if present and present.discovery_url == pool.discovery_url:
        _write(selected, [Edit(("agents", selected.agent_name, "authorizer"), ABSENT)])
    return DeletedPool(selected.agent_name, pool.id)


@contextmanager
def _pools(selected: Selected) -> Iterator[UserPools]:
    if selected.is_local:
        raise InputError(
            "auth: Cognito is in AWS, the local runtime has none",
            hint="give an AWS target, --target NAME; the local runtime checks the tokens that it issues",
        )
    with closing(wiring.session(selected)) as session:
        yield UserPools(session)


def _provider_key(selected: Selected) -> str:
    return f"agents.{selected.agent_name}.authorizer.discovery_url"


def _our_pool(pools: UserPools, selected: Selected) -> UserPool | None:
    """The pool of our name; one of that name with other tags is refused only where there is none of ours."""
    found = pools.find(_name(selected))
    owner = wiring.owner(selected)
    refusals = {
        pool.id: owner.refusal(f"user pool {pool.name} ({pool.id})", pool.tags, recorded=False) for pool in found
    }
    ours = next((pool for pool in found if refusals[pool.id] is None), None)
    if ours is None and found:
        refusal = refusals[found[0].id]
        assert refusal
        raise refusal
    return ours


def _client(pools: UserPools, pool: UserPool, name: str) -> AppClient | None:
    return next((client for client in pools.clients(pool.id) if client.name == name), None)


def _user(pools: UserPools, pool: UserPool, name: str) -> User:
    """One that has no password yet was made by a call that went no further, and goes on here."""
    status = pools.user_status(pool.id, name)
    if status not in (None, _NEVER_SIGNED_IN):
        return User(name, None)
    password = _password()
    if status is None:
        pools.create_user(pool.id, name)
    pools.set_password(pool.id, name, password)
    return User(name, password)


def _service_client(pools: UserPools, pool: UserPool, selected: Selected) -> ServiceClient:
    """The program's client; it needs a resource server for its scope and a domain for the token endpoint."""
    scope = f"{selected.agent_name}/{_SCOPE}"
    if not pools.has_resource_server(pool.id, selected.agent_name):
        pools.create_resource_server(pool.id, selected.agent_name, _SCOPE)
    if pool.domain is None:
        pools.create_domain(pool.id, pool.name)
    there = _client(pools, pool, _SERVICE)
    client = pools.client(pool.id, there.id) if there else pools.create_service_client(pool.id, _SERVICE, [scope])
    return ServiceClient(client.id, client.secret or "", scope)


def _authorizer_changes(selected: Selected, pool: UserPool, clients: list[str]) -> list[Edit]:
    present = selected.agent.authorizer
    kept = [client for client in (present.clients if present else ()) if client not in clients]
    key = ("agents", selected.agent_name, "authorizer")
    return [
        Edit((*key, "discovery_url"), pool.discovery_url),
        Edit((*key, "clients"), [*clients, *kept]),
    ]


def _write(selected: Selected, changes: list[Edit]) -> None:
    path = selected.loaded.path
    files.write_atomically(path, changed(text_of(path.read_bytes()), changes))


def _authorizer(selected: Selected) -> Authorizer:
    if selected.agent.authorizer is None:
        raise NotFoundError(
            f"agents.{selected.agent_name}.authorizer: there is none",
            hint="agentcore auth create-pool, or agentcore configure --jwt-discovery-url URL",
        )
    return selected.agent.authorizer


def _name(selected: Selected) -> str:
    return names.user_pool_name(selected.agent_name, selected.loaded.config.project, selected.target_name)


def _password() -> str:
    """One that every policy of Cognito takes: each class of characters at least once."""
    letters = [secrets.choice(characters) for characters in _CLASSES]
    letters += [secrets.choice("".join(_CLASSES)) for _ in range(_PASSWORD_LENGTH - len(letters))]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)
