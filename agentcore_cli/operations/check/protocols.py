"""Whether the servers that an agent makes are where AgentCore looks: protocol, port, address, transport.

A server on loopback works here, where the session is reached from inside, and is reached by nobody on AWS. An MCP
server that speaks over stdin listens nowhere. Sources: runtime-service-contract; runtime-mcp-protocol-contract.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from agentcore_cli.config import Start
from agentcore_cli.contract import PROTOCOLS, Protocol
from agentcore_cli.operations.check.findings import Finding
from agentcore_cli.operations.check.project import ReadProject
from agentcore_cli.operations.check.servers import Bind, ServerCall, Servers

_ALL: Final = "0.0.0.0"
_LOOPBACK: Final = ("localhost", "::1")
_COMPATIBLE: Final = {("HTTP", "AGUI"), ("AGUI", "HTTP")}  # the same port and paths


def speaks(project: ReadProject, environment: Mapping[str, str]) -> ServerCall | None:
    """The server of a project that tells its protocol, if one does."""
    return Servers.of(project.sources, environment).speaks()


def protocol_findings(
    project: ReadProject, start: Start, protocol: Protocol, environment: Mapping[str, str]
) -> Iterator[Finding]:
    """What AgentCore would not reach, or would not find there."""
    servers = Servers.of(project.sources, environment)
    telling = servers.speaks()
    if telling is not None and (mismatch := _other_protocol(telling, protocol)):
        yield mismatch
        return
    if start.attribute is not None:
        return  # uvicorn serves it, where it should
    yield from _transport_findings(servers)
    listening = [bind for bind in servers.binds if bind.transport != "stdio"]
    needed = PROTOCOLS[protocol].port
    at_place = [bind for bind in listening if bind.address.port.value in (needed, None)]
    for bind in at_place:
        yield from _loopback_findings(bind, needed)
    if not at_place:
        for bind in listening:
            yield _other_port(bind, protocol, needed)
            yield from _loopback_findings(bind, needed)


def _other_protocol(server: ServerCall, protocol: Protocol) -> Finding | None:
    own = server.kind.protocol
    if own is None or own == protocol or (own, protocol) in _COMPATIBLE:
        return None
    problem = f"{server.kind.name} makes an agent of the protocol {own}, and it is configured as {protocol}: "
    return _doubt(server.source.shown, server.line, f"{problem}agentcore configure --protocol {own}")


def _transport_findings(servers: Servers) -> Iterator[Finding]:
    runs = [bind for bind in servers.binds if bind.server.kind.protocol == "MCP"]
    telling = servers.speaks()
    if telling is not None and telling.kind.protocol != "MCP":
        return
    is_stdio_alone = all(bind.transport == "stdio" for bind in servers.binds)
    for bind in runs:
        if bind.transport == "stdio" and is_stdio_alone:
            problem = f"{bind.call}() speaks over stdin and stdout, so nothing listens and the session ends at once"
            is_known = bind.server.kind.address != "here"
            mend = f"write {_mcp_run(bind)}" if is_known else "serve it by StreamableHTTPSessionManager"
            yield Finding(bind.source.shown, bind.line, f"{problem}; {mend}", certain=is_known)
        elif bind.transport == "sse":
            problem = f'AgentCore calls POST /mcp, which the transport "sse" does not have; write {_mcp_run(bind)}'
            yield _doubt(bind.source.shown, bind.line, problem)


def _mcp_run(bind: Bind) -> str:
    run = bind.call.rpartition(".")[0] + ".run"
    if bind.server.kind.address == "made":
        return f'{run}(transport="streamable-http"), and {bind.server.kind.name}(…, host="{_ALL}")'
    return f'{run}(transport="streamable-http", host="{_ALL}")'


def _loopback_findings(bind: Bind, needed: int) -> Iterator[Finding]:
    host = bind.address.host.value
    if not isinstance(host, str) or not (host in _LOOPBACK or host.startswith("127.")):
        return
    default = ", the default" if bind.address.host_by_default else ""
    where = (
        bind.server if bind.server.kind.address == "made" and bind.address.host == bind.server.address.host else bind
    )
    call = bind.server.kind.name if isinstance(where, ServerCall) else bind.call
    mend = f"write {bind.server.kind.having(call, _ALL, needed)}" + _by_variable(bind.address.host.variable, _ALL)
    problem = f"it listens on {host}{default}, which works here, but on AWS nothing reaches it there; {mend}"
    yield _doubt(where.source.shown, where.line, problem)


def _other_port(bind: Bind, protocol: Protocol, needed: int) -> Finding:
    port = bind.address.port
    where = bind.server if bind.server.kind.address == "made" and port == bind.server.address.port else bind
    call = bind.server.kind.name if isinstance(where, ServerCall) else bind.call
    mend = f"write {bind.server.kind.having(call, None, needed)}" + _by_variable(port.variable, str(needed))
    problem = f"it listens on port {port.value}, but {protocol} on AgentCore needs {needed}; {mend}"
    return _doubt(where.source.shown, where.line, problem)


def _by_variable(variable: str | None, value: str) -> str:
    return f", or give the variable: agentcore configure --env {variable}={value}" if variable else ""


def _doubt(file: str, line: int, problem: str) -> Finding:
    return Finding(file, line, problem, certain=False)
