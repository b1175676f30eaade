"""The clients of what an agent's target offers: sessions, planes, the local runtime and its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentcore_cli.wiring.selection import Selection, region

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentcore_cli.aws.data_plane import DataPlane
    from agentcore_cli.aws.identity import Identity
    from agentcore_cli.aws.memories import MemoryControl
    from agentcore_cli.aws.memory_contents import MemoryContents
    from agentcore_cli.aws.runtimes import RuntimeControl
    from agentcore_cli.aws.session import Access, AwsSession
    from agentcore_cli.config import Target
    from agentcore_cli.contract import MustStart
    from agentcore_cli.local.client import AdminClient
    from agentcore_cli.local.home import Home


def local_data_plane(region: str, *, timeout: float, bearer: str | None = None) -> DataPlane:
    """The local runtime's, signed with its own key or with a token; starts the server if need be."""
    from agentcore_cli.aws.data_plane import DataPlane
    from agentcore_cli.aws.signing import Bearer, LocalKey
    from agentcore_cli.local import daemon

    server = daemon.ensure_running(home())
    key = LocalKey(server.key, region)
    return DataPlane(server.url, Bearer(bearer) if bearer else key, timeout, daemon.ANEW)


def aws_data_plane(
    region: str, target: Target, *, endpoint: str | None, timeout: float, bearer: str | None = None
) -> DataPlane:
    """AWS's, signed with the target's credentials, which are looked up when they are needed, or with a token.

    `endpoint` replaces AWS's address; the person has agreed to it.
    """
    from functools import partial

    from agentcore_cli.aws import credentials, endpoints
    from agentcore_cli.aws.data_plane import DataPlane
    from agentcore_cli.aws.signing import Bearer
    from agentcore_cli.aws.sigv4 import SigV4

    find = partial(credentials.find, target.profile, region, assume_role=target.assume_role)
    url = endpoint or endpoints.data_plane_url(region)
    return DataPlane(url, Bearer(bearer) if bearer else SigV4(find, region), timeout)


def local_runtime() -> AdminClient:
    """The client of the local server's own extension; starts the server if need be."""
    from agentcore_cli.local import daemon
    from agentcore_cli.local.client import AdminClient

    return AdminClient(daemon.ensure_running(home()))


def running_local_runtime() -> AdminClient | None:
    """The same if a server runs; it is not started."""
    from agentcore_cli.local import daemon
    from agentcore_cli.local.client import AdminClient

    server = daemon.running(home())
    return AdminClient(server) if server else None


def let_go_of_local_runtime() -> None:
    """Without any agent it ends soon, even if it was started only to look for one."""
    from agentcore_cli.local import daemon

    daemon.let_go(home())


def home() -> Home:
    """The local runtime's folder. Raises InputError when it can't be used."""
    from agentcore_cli.local.home import Home

    return Home.default().check()


def session(selected: Selection, *, must_start: MustStart = "") -> AwsSession:
    """The boto3 session of the target; the caller closes it. `must_start`: see `locator`."""
    from agentcore_cli.aws.session import AwsSession

    return AwsSession(locator(selected, must_start=must_start))


def session_in(region: str, profile: str | None) -> AwsSession:
    """A boto3 session of AWS itself, where no target is chosen yet; the caller closes it."""
    from agentcore_cli.aws.session import Access, AwsSession

    return AwsSession(lambda: Access(region, profile=profile))


def locator(selected: Selection, *, must_start: MustStart = "") -> Callable[[], Access]:
    """What says where the target's services are now; it starts the local runtime if need be.

    With `must_start` that leads no endpoint to a version of this session's making that does not start.
    Raises UntrustedError for an address of the config that the person has not agreed to.
    """
    from agentcore_cli.aws.session import Access
    from agentcore_cli.local import daemon

    chosen = region(selected)
    if not selected.is_local:
        target = selected.target
        access = Access(chosen, url=selected.agreed_endpoint(), profile=target.profile, assume_role=target.assume_role)
        return lambda: access

    def locate() -> Access:
        server = daemon.ensure_running(home())
        return Access(
            chosen,
            url=server.url,
            access_key=server.access_key,
            secret_key=server.secret_key,
            must_start=must_start,
            advice=daemon.ANEW,
        )

    return locate


def runtimes(session: AwsSession) -> RuntimeControl:
    from agentcore_cli.aws.runtimes import RuntimeControl

    return RuntimeControl(session)


def identity(session: AwsSession) -> Identity:
    from agentcore_cli.aws.identity import Identity

    return Identity(session)


def memories(session: AwsSession) -> MemoryControl:
    from agentcore_cli.aws.memories import MemoryControl

    return MemoryControl(session)


def memory_contents(session: AwsSession, memory_id: str) -> MemoryContents:
    from agentcore_cli.aws.memory_contents import MemoryContents

    return MemoryContents(session, memory_id)
