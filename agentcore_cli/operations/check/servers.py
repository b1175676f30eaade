"""The servers that an agent's files make: of which protocol, and on which address and port each of them listens.

What is known of the libraries is in the two tables; a value that can't be read is None, and nothing is said of it.
Sources: mcp 1.30 and 2.3, fastmcp 4.2, strands-agents 1.62, a2a-sdk 0.3 and 1.3, uvicorn, Flask, aiohttp, waitress,
bottle 0.13, sanic 25.12, gevent 26.9, granian 2.8 and the standard library, each by the signature of what starts it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from agentcore_cli.contract import Protocol
from agentcore_cli.operations.check.calls import calls
from agentcore_cli.operations.check.source import SourceFile
from agentcore_cli.operations.check.values import UNKNOWN, LiteralValue, Values

SDK: Final = "BedrockAgentCoreApp"
_LOOPBACK: Final = "127.0.0.1"
_AUTO: Final = "0.0.0.0"  # what the SDK chooses by itself in an image

Transport = Literal["stdio", "sse", "http"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A class or function that makes a server: `root` is its package, `name` its own.

    `address` says where its address is named: in the call that starts it, which is this one (`here`) or one of its
    methods (`run`), or already where it is made (`made`). `first` are the parameters that may be given by position
    (`pair`: host and port as one tuple), `host` and `port` the defaults, `host_name` what the host's parameter is
    called.
    """

    root: str
    name: str
    protocol: Protocol | None
    address: Literal["here", "made", "run", "nowhere"] = "nowhere"
    first: tuple[str, ...] = ()
    host: str | None = None
    port: int | None = None
    transport: Transport | None = None
    host_name: str = "host"

    def having(self, call: str, host: str | None, port: int) -> str:
        """A call that starts it there, as it is written in code; without `host` the one that it has stays."""
        if "pair" in self.first:
            return f'{call}(("{host or _AUTO}", {port}), …)'
        return f'{call}(…, {self.host_name}="{host}")' if host else f"{call}(…, port={port})"


KINDS: Final = (
    Kind("bedrock_agentcore", SDK, "HTTP", "run", ("port", "host"), _AUTO, 8080),
    Kind("mcp", "FastMCP", "MCP", "made", (), _LOOPBACK, 8000),
    Kind("mcp", "MCPServer", "MCP", "run", ("transport",), _LOOPBACK, 8000),
    Kind("fastmcp", "FastMCP", "MCP", "run", ("transport",), _LOOPBACK, 8000),
    Kind("mcp", "StreamableHTTPSessionManager", "MCP"),
    Kind("mcp", "stdio_server", "MCP", "here", transport="stdio"),
    Kind("strands", "A2AServer", "A2A", "made", (), _LOOPBACK, 9000),
    Kind("bedrock_agentcore", "serve_a2a", "A2A", "here", ("executor", "agent_card"), _AUTO, 9000),
    Kind("bedrock_agentcore", "build_a2a_app", "A2A"),
    Kind("a2a", "A2AStarletteApplication", "A2A"),
    Kind("a2a", "A2AFastAPIApplication", "A2A"),
    Kind("a2a", "create_jsonrpc_routes", "A2A"),
    Kind("google", "to_a2a", "A2A"),
    Kind("bedrock_agentcore", "serve_ag_ui", "AGUI", "here", ("agent",), _AUTO, 8080),
    Kind("bedrock_agentcore", "build_ag_ui_app", "AGUI"),
    Kind("bedrock_agentcore", "AGUIApp", "AGUI", "run", ("port", "host"), _AUTO, 8080),
    Kind("uvicorn", "run", None, "here", ("app",), _LOOPBACK, 8000),
    Kind("uvicorn", "Config", None, "here", ("app", "host", "port"), _LOOPBACK, 8000),
    Kind("flask", "Flask", None, "run", ("host", "port"), _LOOPBACK, 5000),
    Kind("quart", "Quart", None, "run", ("host", "port"), _LOOPBACK, 5000),
    Kind("aiohttp", "run_app", None, "here", ("app",), _AUTO, 8080),
    Kind("waitress", "serve", None, "here", ("app",), _AUTO, 8080),
    Kind("werkzeug", "run_simple", None, "here", ("host", "port", "app")),
    Kind("wsgiref", "make_server", None, "here", ("host", "port", "app")),
    Kind("http", "HTTPServer", None, "here", ("pair",)),
    Kind("http", "ThreadingHTTPServer", None, "here", ("pair",)),
    Kind("socketserver", "TCPServer", None, "here", ("pair",)),
    Kind("socketserver", "ThreadingTCPServer", None, "here", ("pair",)),
    Kind("gevent", "WSGIServer", None, "here", ("pair",)),
    Kind("bottle", "run", None, "here", ("app", "server", "host", "port"), _LOOPBACK, 8080),
    Kind("bottle", "Bottle", None, "run", (), _LOOPBACK, 8080),
    Kind("sanic", "Sanic", None, "run", ("host", "port"), _LOOPBACK, 8000),
    Kind("granian", "Granian", None, "made", ("target", "address", "port"), _LOOPBACK, 8000, host_name="address"),
)
_RUNS: Final = frozenset(
    {"run", "run_async", "run_http_async", "run_streamable_http_async", "run_stdio_async", "serve"}
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a call lets a server listen, as far as it can be read."""

    host: LiteralValue = UNKNOWN
    port: LiteralValue = UNKNOWN
    host_by_default: bool = False


@dataclass(frozen=True, slots=True)
class ServerCall:
    """A call that makes a server. `name` is the variable that holds it, else the call's own."""

    kind: Kind
    source: SourceFile
    line: int
    name: str
    address: Address = Address()


@dataclass(frozen=True, slots=True)
class Bind:
    """A call that has a server listen. `transport` is an MCP server's, None where it is no choice or can't be read."""

    server: ServerCall
    source: SourceFile
    line: int
    call: str
    address: Address
    transport: Transport | None = None


@dataclass
class Servers:
    """What the files of a project make and start. `serves_invocations`: one of them has a route of that name."""

    made: list[ServerCall] = field(default_factory=list)
    binds: list[Bind] = field(default_factory=list)
    serves_invocations: bool = False

    @classmethod
    def of(cls, sources: list[SourceFile], environment: Mapping[str, str]) -> Servers:
        """`environment` is the agent's: it may give the address."""
        found = cls()
        readers = [_Reader(source, environment) for source in sources]
        variables: dict[str, ServerCall] = {}
        for reader in readers:
            for server in reader.made():
                found.made.append(server)
                variables.setdefault(server.name, server)
        for reader in readers:
            found.binds += reader.binds({**variables, **reader.variables})
            found.serves_invocations |= reader.names_invocations()
        return found

    def speaks(self) -> ServerCall | None:
        """The server that tells the protocol; None where none does. What answers /invocations or is the SDK's counts
        first: an agent may have an MCP server of its own beside.
        """
        telling = [server for server in self.made if server.kind.protocol]
        if own := next((server for server in telling if server.kind.protocol == "HTTP"), None):
            return own
        return None if self.serves_invocations else next(iter(telling), None)


class _Reader:
    """One file: what its names stand for, what it makes and starts."""

    def __init__(self, source: SourceFile, environment: Mapping[str, str]) -> None:
        self._source = source
        self._imported = dict(imported(source.tree))
        self._values = Values(source.tree, environment)
        self._calls = list(calls(source))
        self.variables: dict[str, ServerCall] = {}

    def made(self) -> Iterator[ServerCall]:
        targets = {id(value): target for target, value in _assigned(self._source.tree)}
        for call in self._calls:
            if (kind := self._kind(call.func)) is not None:
                name = targets.get(id(call), ast.unparse(call.func))
                server = ServerCall(kind, self._source, call.lineno, name, self._address(kind, call))
                self.variables[name] = server
                yield server

    def binds(self, variables: Mapping[str, ServerCall]) -> Iterator[Bind]:
        """`variables` are the servers of the project by the names that they have."""
        for call in self._calls:
            shown = ast.unparse(call.func)
            if (kind := self._kind(call.func)) and kind.address == "here":
                address = self._address(kind, call)
                server = ServerCall(kind, self._source, call.lineno, shown, address)
                yield Bind(server, self._source, call.lineno, shown, address, kind.transport)
            elif isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
                held = variables.get(call.func.value.id)
                if held is not None and call.func.attr in _RUNS and held.kind.address in ("made", "run"):
                    transport = self._transport(call, held.kind) if held.kind.protocol == "MCP" else None
                    address = self._address_of_run(held, call)
                    yield Bind(held, self._source, call.lineno, shown, address, transport)

    def names_invocations(self) -> bool:
        return any(
            isinstance(node, ast.Constant) and node.value == "/invocations" for node in ast.walk(self._source.tree)
        )

    def _transport(self, call: ast.Call, kind: Kind) -> Transport | None:
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if method in ("run_http_async", "run_streamable_http_async"):
            return "http"
        if method == "run_stdio_async":
            return "stdio"
        given = self._argument(call, "transport", ("transport",))
        if given is None:
            return None if kind.root == "fastmcp" and self._values.has("FASTMCP_TRANSPORT") else "stdio"
        text = self._values.of(given).value
        if text in ("stdio", "sse"):
            return text  # type: ignore[return-value]
        return "http" if isinstance(text, str) else None

    def _address_of_run(self, server: ServerCall, call: ast.Call) -> Address:
        """What a server's own method names, or what it was made with."""
        if server.kind.address == "run":
            return self._address(server.kind, call)
        host, port = self._argument(call, "host", ()), self._argument(call, "port", ())
        made = server.address
        return Address(
            self._values.of(host) if host else made.host,
            self._values.of(port) if port else made.port,
            host is None and made.host_by_default,
        )

    def _address(self, kind: Kind, call: ast.Call) -> Address:
        host, port = self._argument(call, kind.host_name, kind.first), self._argument(call, "port", kind.first)
        if isinstance(pair := self._argument(call, "pair", kind.first), ast.Tuple) and len(pair.elts) == 2:
            host, port = pair.elts
        is_whole = all(keyword.arg is not None for keyword in call.keywords)  # no **options
        variable = "FASTMCP_HOST" if kind.root == "fastmcp" else None
        return Address(
            self._values.of(host) if host else self._default(kind.host, variable, known=is_whole),
            self._values.of(port) if port else self._default(kind.port, None, known=is_whole),
            host is None and is_whole,
        )

    def _default(self, value: str | int | None, variable: str | None, *, known: bool) -> LiteralValue:
        if not known or (variable and self._values.has(variable)):
            return UNKNOWN
        return LiteralValue(value)

    def _argument(self, call: ast.Call, name: str, first: tuple[str, ...]) -> ast.expr | None:
        for keyword in call.keywords:
            if keyword.arg == name or (name == "host" and keyword.arg == "hostname"):
                return keyword.value
        place = first.index(name) if name in first else len(call.args)
        return call.args[place] if place < len(call.args) else None

    def _kind(self, function: ast.expr) -> Kind | None:
        dotted = self._dotted(function)
        root, _, rest = dotted.partition(".")
        name = rest.rpartition(".")[2]
        return next((kind for kind in KINDS if kind.root == root and kind.name == name), None)

    def _dotted(self, function: ast.expr) -> str:
        """The full name of what is called, by the imports of the file; what it does not import has none."""
        first, _, rest = ast.unparse(function).partition(".")
        if first not in self._imported:
            return ""
        return f"{self._imported[first]}.{rest}" if rest else self._imported[first]


def imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The names that imports bind, each with what it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.partition(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value
