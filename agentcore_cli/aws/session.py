"""One boto3 session per target, and calls that are repeated where that is safe."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from agentcore_cli.aws.errors import patience, translate

_CONNECT_SECONDS: Final = 10
_READ_SECONDS: Final = 60
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Access:
    """Where a target's services are and who calls them.

    With `access_key` those credentials are used and nothing of the caller's AWS environment is; without, boto3's own
    chain with `profile`. `url` replaces AWS's endpoints.
    """

    region: str
    url: str | None = None
    access_key: str | None = None
    secret_key: str = ""
    profile: str | None = None


class Session:
    """The clients of one target. `locate` is asked before each call, as the local runtime may have moved."""

    def __init__(self, locate: Callable[[], Access]) -> None:
        self._locate = locate
        self._access: Access | None = None
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """One operation, by boto3's name for it; repeated while the service is busy, failing or out of reach.

        Only for operations that are safe to repeat: reads, deletes, and writes with a clientToken. Raises what
        `errors.translate` makes of the service's error.
        """
        started, pause = time.monotonic(), _FIRST_PAUSE
        while True:
            try:
                answer: dict[str, Any] = getattr(self._client(service), operation)(**parameters)
                return answer
            except (ClientError, BotoCoreError) as error:
                if time.monotonic() - started + pause > patience(error):
                    raise translate(error, service, operation, parameters, self._locate().region) from error
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> list[dict[str, Any]]:
        """Every item of a list operation that pages by nextToken."""
        items: list[dict[str, Any]] = []
        following: dict[str, str] = {}
        while True:
            page = self.call(service, operation, **parameters, **following)
            items += page[key]
            if not page.get("nextToken"):
                return items
            following = {"nextToken": page["nextToken"]}

    def close(self) -> None:
        """Close the connections that the clients keep open."""
        with self._making:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _client(self, service: str) -> Any:
        access = self._locate()
        with self._making:
            if access != self._access:
                self._access, self._clients = access, {}
            if service not in self._clients:
                self._clients[service] = _new_client(access, service)
            return self._clients[service]


def _new_client(access: Access, service: str) -> Any:
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"total_max_attempts": 1},
        user_agent_extra="agentcore-toolkit",
    )
    if access.access_key is None:
        session = boto3.Session(profile_name=access.profile, region_name=access.region)
        return session.client(service, endpoint_url=access.url, config=config)
    # The caller's profile, proxies and endpoint choices are about AWS, and may be broken: none of them counts here.
    core = botocore.session.Session(
        session_vars={"profile": (None, None, None, None), "config_file": (None, None, None, None)}
    )
    session = boto3.Session(access.access_key, access.secret_key, region_name=access.region, botocore_session=core)
    own = Config(proxies={}, use_fips_endpoint=False, use_dualstack_endpoint=False)
    return session.client(service, endpoint_url=access.url, config=config.merge(own))
