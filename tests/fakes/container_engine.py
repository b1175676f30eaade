"""A Docker Engine without containers: its API on a Unix socket, in this event loop, and what was asked of it."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

JSON = {"Content-Type": "application/json"}


@dataclass
class FakeContainer:
    """`ended` is set when it has; `output` holds what is still to be written, None at the end."""

    id: str
    body: dict[str, Any]
    state: dict[str, Any] = field(default_factory=lambda: {"Pid": 4711, "ExitCode": 0, "OOMKilled": False})
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    output: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)

    def says(self, text: bytes, stream: int = 1) -> None:
        self.output.put_nowait(struct.pack(">BxxxI", stream, len(text)) + text)

    def end(self, code: int = 0, *, out_of_memory: bool = False) -> None:
        """As if its first process had ended."""
        self.state |= {"ExitCode": code, "OOMKilled": out_of_memory, "Pid": 0}
        self.ended.set()
        self.output.put_nowait(None)


class FakeEngine:
    """`images` are by every name that leads to them; `refusals` by the asked path's start: status and message.

    `held` are the answers that wait, by the path's start, each until its event is set.
    """

    def __init__(self, architecture: str = "amd64") -> None:
        self.architecture = architecture
        self.images: dict[str, dict[str, Any]] = {}
        self.containers: dict[str, FakeContainer] = {}
        self.networks: dict[str, dict[str, Any]] = {}
        self.joined: list[tuple[str, str]] = []  # network and container
        self.refusals: dict[str, tuple[int, str]] = {}
        self.held: dict[str, asyncio.Event] = {}
        self.pull: list[dict[str, Any]] = [{"error": "no basic auth credentials"}]
        self.asked: list[str] = []
        self.has_init = True
        self.takes_filters = True
        self._tasks: set[asyncio.Task[None]] = set()

    def add_image(self, *names: str, id: str = "sha256:" + "a" * 64, **told: Any) -> None:
        """An arm64 image; its id is one of its names."""
        shown = {"Id": id, "Architecture": "arm64", "Os": "linux", "Config": {"Labels": None}, "RepoTags": []} | told
        self.images |= dict.fromkeys((id, *names), shown)

    def calls(self, of: str) -> list[str]:
        return [asked for asked in self.asked if of in asked]

    @asynccontextmanager
    async def serve(self, address: Path) -> AsyncIterator[FakeEngine]:
        server = await asyncio.start_unix_server(self._accept, address)
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *headers = head.split("\r\n")
        length = next(int(h.partition(": ")[2]) for h in headers if h.startswith("content-length"))
        body = json.loads(await reader.readexactly(length) or b"null")
        method, target, _ = line.split(" ")
        path = unquote(urlsplit(target).path)
        self.asked.append(f"{method} {path}")
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        for start, released in self.held.items():
            if f"{method} {path}".startswith(start):
                await released.wait()
        for start, (status, message) in self.refusals.items():
            if f"{method} {path}".startswith(start):
                return _tell(writer, status, {"message": message})
        return await self._serve(writer, method, path.strip("/").split("/"), query, body)

    async def _serve(
        self, writer: asyncio.StreamWriter, method: str, path: list[str], query: dict[str, str], body: Any
    ) -> None:
        match method, path:
            case "GET", ["version"]:
                _tell(writer, 200, {"Arch": self.architecture})
            case "GET", ["info"]:
                _tell(writer, 200, {"NCPU": 4})
            case "GET", ["images", *name, "json"]:
                image = self.images.get("/".join(name))
                _tell(writer, 200 if image else 404, image or {"message": "No such image"})
            case "POST", ["images", "create"]:
                _tell(writer, 200, None, "".join(json.dumps(line) + "\r\n" for line in self.pull))
            case _, ["networks", *rest]:
                self._serve_networks(writer, method, rest, query, body)
            case _, ["containers", *rest]:
                await self._serve_containers(writer, method, rest, query, body)

    def _serve_networks(
        self, writer: asyncio.StreamWriter, method: str, path: list[str], query: dict[str, str], body: Any
    ) -> None:
        if method == "POST" and path[1:] == ["connect"]:
            self.joined.append((path[0], body["Container"]))
            return _tell(writer, 200, None)
        if method == "POST":
            self.networks[body["Name"]] = body
            return _tell(writer, 201, {"Id": body["Name"]})
        if method == "DELETE" and path[0] not in self.networks:
            return _tell(writer, 404, {"message": "no such network"})
        if method == "DELETE":
            del self.networks[path[0]]
            return _tell(writer, 204, None)
        if path:
            return _tell(writer, 200, {"IPAM": {"Config": [{"Subnet": "127.0.0.0/8", "Gateway": "127.0.0.1"}]}})
        found = [network for network in self.networks.values() if _labelled(network.get("Labels", {}), query)]
        return _tell(writer, 200, [{"Id": network["Name"]} for network in found])

    async def _serve_containers(
        self, writer: asyncio.StreamWriter, method: str, path: list[str], query: dict[str, str], body: Any
    ) -> None:
        if path == ["create"] and body["HostConfig"]["Init"] and not self.has_init:
            return _tell(writer, 500, {"message": "container-init binary not found on the host"})
        filtered = path == ["create"] and any(each.startswith("seccomp=") for each in body["HostConfig"]["SecurityOpt"])
        if filtered and not self.takes_filters:
            return _tell(writer, 500, {"message": "opening seccomp profile failed: file name too long"})
        if path == ["create"]:
            made = FakeContainer(f"{len(self.asked):064x}", body)
            self.containers[made.id] = made
            return _tell(writer, 201, {"Id": made.id})
        if path == ["json"]:
            found = [c for c in self.containers.values() if _labelled(c.body["Labels"], query)]
            return _tell(writer, 200, [{"Id": container.id} for container in found])
        container = self.containers.get(path[0])
        if container is None:
            return _tell(writer, 404, {"message": f"No such container: {path[0]}"})
        return await self._serve_container(writer, method, path[1:], container)

    async def _serve_container(
        self, writer: asyncio.StreamWriter, method: str, path: list[str], container: FakeContainer
    ) -> None:
        match method, path:
            case "DELETE", []:
                container.end(137)
                del self.containers[container.id]
                _tell(writer, 204, None)
            case "POST", ["start"]:
                _tell(writer, 204, None)
            case "POST", ["stop"]:
                container.end(143)
                _tell(writer, 204, None)
            case "POST", ["attach"]:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n")
                while (piece := await container.output.get()) is not None:
                    writer.write(piece)
                    await writer.drain()
                writer.close()
                await writer.wait_closed()
            case "POST", ["wait"]:
                await container.ended.wait()
                _tell(writer, 200, {"StatusCode": container.state["ExitCode"]})
            case "GET", ["json"]:
                ports = {port: [{"HostPort": "49153"}] for port in container.body["ExposedPorts"]}
                _tell(writer, 200, {"State": container.state, "NetworkSettings": {"Ports": ports}})


def _tell(writer: asyncio.StreamWriter, status: int, value: Any, text: str | None = None) -> None:
    body = (text if text is not None else "" if value is None else json.dumps(value)).encode()
    writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


def _labelled(labels: dict[str, str], query: dict[str, str]) -> bool:
    wanted = json.loads(query["filters"])["label"]
    return all(labels.get(name) == value for name, _, value in (label.partition("=") for label in wanted))
