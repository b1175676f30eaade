"""One boto3 session per target, and calls that are repeated where that is safe."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from agentcore_cli.aws.access import Access, Clients
from agentcore_cli.aws.errors import patience, patience_when_refused, translate
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.waiting import Waiter

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0


class AwsSession:
    """The clients of one target. `locate` is asked before each call, as the local runtime may have moved."""

    def __init__(self, locate: Callable[[], Access]) -> None:
        self._locate = locate
        self._clients: Clients | None = None
        self._elsewhere: dict[str, AwsSession] = {}
        self._making = threading.Lock()

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """One operation, by boto3's name for it; repeated while the service is busy, failing or out of reach.

        Only for operations that are safe to repeat: reads, deletes, and writes with a clientToken. Raises what
        `errors.translate` makes of the service's error.
        """
        return self._call(patience, service, operation, parameters)

    def call_once(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """As `call`, for an operation that makes another thing each time: repeated only where nothing was made."""
        return self._call(patience_when_refused, service, operation, parameters)

    def _call(
        self,
        patience_for: Callable[[ClientError | BotoCoreError], float],
        service: str,
        operation: str,
        parameters: dict[str, Any],
    ) -> dict[str, Any]:
        waiter = Waiter(_FIRST_PAUSE, _LONGEST_PAUSE, jitter=True)
        while True:
            try:
                answer: dict[str, Any] = getattr(self._client(service), operation)(**parameters)
                return answer
            except (ClientError, BotoCoreError) as error:
                if waiter.is_over(patience_for(error)):
                    raise self._failure(error, service, operation, parameters) from error
            waiter.pause()

    def _failure(
        self, error: ClientError | BotoCoreError, service: str, operation: str, parameters: dict[str, Any]
    ) -> AgentcoreError:
        access = self._locate()
        failure = translate(error, service, operation, parameters, access.region)
        if access.advice and failure.hint:
            failure.hint = access.advice
        return failure

    def pages(
        self, service: str, operation: str, key: str, *, following: str = "nextToken", **parameters: Any
    ) -> list[dict[str, Any]]:
        """Every item of a list operation that pages by a token, whose name is `following`."""
        items: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            page = self.call(service, operation, **parameters, **token)
            items += page[key]
            if not page.get(following):
                return items
            token = {following: page[following]}

    def in_region(self, region: str) -> AwsSession:
        """The same credentials in another region; closed with this one."""
        if region == self._locate().region:
            return self
        with self._making:
            return self._elsewhere.setdefault(region, AwsSession(lambda: replace(self._locate(), region=region)))

    def close(self) -> None:
        """Close the connections that the clients keep open."""
        with self._making:
            if self._clients:
                self._clients.close()
            for session in self._elsewhere.values():
                session.close()

    def _client(self, service: str) -> Any:
        access = self._locate()
        with self._making:
            if self._clients is None or access != self._clients.access:
                self._clients = Clients(access)
            return self._clients.get(service)


__all__ = ["Access", "AwsSession"]
