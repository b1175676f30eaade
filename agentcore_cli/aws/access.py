"""Where a target's services are and who calls them, and the one boto3 session that comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import NoCredentialsError
from botocore.loaders import Loader, create_loader

from agentcore_cli.contract import HEADER_MUST_START, USER_AGENT, MustStart

_CONNECT_SECONDS: Final = 10
_READ_SECONDS: Final = 30  # control planes answer within seconds; what they start goes on behind a status
_SESSION_NAME: Final = "agentcore"  # who an assumed role says it is, as CloudTrail shows it


@dataclass(frozen=True, slots=True)
class Access:
    """Where a target's services are and who calls them.

    With `access_key` those credentials are used and nothing of the caller's AWS environment is; without, boto3's own
    chain with `profile`, and on top of it `assume_role`, taken on anew before it expires. `url` replaces AWS's
    endpoints. `must_start` asks the local runtime to lead no endpoint to a version that does not start. `advice` stands
    for the hints that are about AWS, where the services are others.
    """

    region: str
    url: str | None = None
    access_key: str | None = None
    secret_key: str = field(default="", repr=False)
    profile: str | None = None
    assume_role: str | None = None
    must_start: MustStart = ""
    advice: str | None = None


class Clients:
    """The clients of one access, all from one boto3 session. Not for two threads at once."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._session: boto3.Session | None = None
        self._made: dict[str, Any] = {}

    def get(self, service: str) -> Any:
        if service not in self._made:
            self._session = self._session or _session(self.access)
            client = self._session.client(service, endpoint_url=self.access.url, config=_config(self.access))
            if self.access.must_start:
                client.meta.events.register("before-call", partial(_require_start, self.access.must_start))
            self._made[service] = client
        return self._made[service]

    def close(self) -> None:
        """Close the connections that they keep open."""
        for client in self._made.values():
            client.close()
        self._made.clear()


class _AssumedRole(CredentialProvider):  # type: ignore[misc]
    """The role that deploys, taken on with the credentials that the chain finds."""

    METHOD = "assume-role"
    CANONICAL_NAME = None

    def __init__(self, core: Any, access: Access) -> None:
        super().__init__(core)
        self._access = access
        self._chain = core.get_component("credential_provider")

    def load(self) -> Any:
        source = self._chain.load_credentials()
        if source is None:
            raise NoCredentialsError
        sts = partial(self.session.create_client, region_name=self._access.region, endpoint_url=self._access.url)
        fetcher = AssumeRoleCredentialFetcher(
            sts, source, self._access.assume_role, extra_args={"RoleSessionName": _SESSION_NAME}
        )
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)


def _session(access: Access) -> boto3.Session:
    if access.access_key is not None:
        # The caller's profile, proxies and endpoint choices are about AWS, and may be broken: none of them counts here.
        core = _core(session_vars={"profile": (None, None, None, None), "config_file": (None, None, None, None)})
        return boto3.Session(access.access_key, access.secret_key, region_name=access.region, botocore_session=core)
    core = _core(profile=access.profile)
    if access.assume_role is not None:
        core.register_component("credential_provider", CredentialResolver([_AssumedRole(core, access)]))
    return boto3.Session(region_name=access.region, botocore_session=core)


def _core(**settings: Any) -> botocore.session.Session:
    core = botocore.session.Session(**settings)
    core.register_component("data_loader", _descriptions(core.get_config_variable("data_path")))
    return core


@cache
def _descriptions(data_path: str | None) -> Loader:
    """botocore's descriptions of the services: a second operation of one process does not read them again (0.1 s)."""
    return create_loader(data_path)


def _require_start(how: MustStart, params: dict[str, Any], **_: Any) -> None:
    params["headers"][HEADER_MUST_START] = how


def _config(access: Access) -> Config:
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"total_max_attempts": 1},
        user_agent_extra=USER_AGENT,
    )
    if access.access_key is None:
        return config
    return config.merge(Config(proxies={}, use_fips_endpoint=False, use_dualstack_endpoint=False))
