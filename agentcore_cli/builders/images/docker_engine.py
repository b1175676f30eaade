"""The Docker Engine of this machine, or another that serves its API (Podman), through the Docker SDK.

The SDK takes a sixth of a second to import, so it is imported where it is used. It speaks the API's classic builder.
Errors of a build or a push come inside the stream of what it says; here they are raised.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from agentcore_cli.builders.packages.installer import Stopping
from agentcore_cli.docker_context import engine_address
from agentcore_cli.errors import AgentcoreError

if TYPE_CHECKING:
    from docker import APIClient

Event = Mapping[str, Any]

_START: Final = "start Docker (Docker Desktop, or `sudo systemctl start docker`), or set DOCKER_HOST to another engine"
_ALLOW: Final = "let yourself use Docker: `sudo usermod -aG docker $USER`, then log in anew"
_AGAIN: Final = "see that it runs, then run the same command again"
_ANSWER_SECONDS: Final = 60
_POLL_SECONDS: Final = 0.2
_PING_SECONDS: Final = 5.0
_STATUS_LINE: Final = 64  # bytes
_END: Final = object()


class EngineMissingError(AgentcoreError):
    """No Docker Engine can be reached."""


@contextmanager
def connected(*, seconds: float = _ANSWER_SECONDS) -> Iterator[APIClient]:
    """A client of the engine that DOCKER_HOST, DOCKER_CONTEXT or Docker's current context names.

    An answer may take `seconds`.

    Raises EngineMissingError when there is none, with what to do, AgentcoreError for every error that the engine
    answers with, and when it goes away meanwhile.
    """
    import docker
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    try:
        _knock()
        client = docker.APIClient(**_settings(), version="auto", timeout=seconds)
    except (DockerException, OSError) as error:
        raise _unreachable(error) from error
    try:
        yield client
    except APIError as error:
        raise AgentcoreError(f"the Docker Engine refused: {error.explanation or error}") from error
    except DockerException as error:
        raise AgentcoreError(f"the Docker Engine: {error}") from error
    except (RequestException, HTTPError) as error:  # which the SDK lets through
        raise AgentcoreError(f"the Docker Engine does not answer any more: {error}", hint=_AGAIN) from error
    finally:
        client.close()


def address() -> str:
    """Where the engine is looked for."""
    return engine_address().host


def absence() -> str | None:
    """Why no engine answers within seconds, None where one does. Without the SDK where it is on a socket here."""
    kind, _, path = engine_address().host.partition("://")
    try:
        if kind == "unix":
            _ping(path)
        else:
            with connected(seconds=_PING_SECONDS) as client:
                client.ping()
    except (OSError, EngineMissingError) as error:
        return (error if isinstance(error, EngineMissingError) else _unreachable(error)).message
    except AgentcoreError as error:
        return error.message
    return None


def is_on_this_machine() -> bool:
    """Whether what the kernel here says holds for the engine, too."""
    return engine_address().host.startswith(("unix://", "/"))


def architecture(client: APIClient) -> str:
    """The engine's own, as images name it: `amd64`, `arm64`."""
    return str(client.version()["Arch"])


def events(stream: Iterable[Event], stopping: Stopping) -> Iterator[Event]:
    """What the engine says, one event at a time, until it ends or `stopping` says so: then AgentcoreError.

    It is read in a thread of its own, since the engine may be silent for minutes.
    """
    said: queue.Queue[Any] = queue.Queue()
    threading.Thread(target=_read, args=(stream, said), name="docker-events", daemon=True).start()
    while True:
        try:
            event = said.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            if stopping():
                raise AgentcoreError("interrupted") from None
            continue
        if event is _END:
            return
        if isinstance(event, BaseException):
            raise event
        yield event


def _read(stream: Iterable[Event], said: queue.Queue[Any]) -> None:
    try:
        for event in stream:
            said.put(event)
        said.put(_END)
    except BaseException as error:
        said.put(error)


def _settings() -> dict[str, Any]:
    """The SDK's words for the engine's address and TLS."""
    from docker.tls import TLSConfig
    from docker.utils import kwargs_from_env

    at = engine_address()
    if at.from_environment:
        return dict(kwargs_from_env())
    if (folder := at.certificates) is None:
        return {"base_url": at.host}
    pair = (str(folder / "cert.pem"), str(folder / "key.pem"))
    return {
        "base_url": at.host,
        "tls": TLSConfig(client_cert=pair, ca_cert=str(folder / "ca.pem"), verify=at.verified),
    }


def _knock() -> None:
    """Raises OSError when nobody listens at a Unix socket: docker-py would leave its own end of it open then."""
    kind, _, path = engine_address().host.partition("://")
    if "unix" in kind:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)


def _ping(path: str) -> None:
    """Raises OSError unless what listens there answers as an engine does."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_PING_SECONDS)
        connection.connect(path)
        connection.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
        if b" 200 " not in connection.recv(_STATUS_LINE):
            raise ConnectionError(f"what listens at {path} is not a Docker Engine")


def _unreachable(error: BaseException) -> EngineMissingError:
    text = str(error)
    if "Permission denied" in text or "PermissionError" in text:
        return EngineMissingError("the Docker Engine can't be used: its socket may not be opened", hint=_ALLOW)
    return EngineMissingError(f"no Docker Engine: nothing answers at {engine_address().host}", hint=_START)
