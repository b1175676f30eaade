"""Debian's docker-registry on a port of loopback: plain or over TLS, open or with a password."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bcrypt

from tests.addresses import free_port
from tests.stage.certificates import Authority

USER: Final = "AWS"
PASSWORD: Final = "stand-in"
_SECONDS: Final = 60
_MANIFESTS: Final = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"


def is_installed() -> bool:
    return shutil.which("docker-registry") is not None


@dataclass(frozen=True, slots=True)
class RegistryServer:
    """`host` has its port; `authority` is the file of the authority of its certificate, None where it is plain."""

    host: str
    folder: Path
    authority: Path | None

    def ask(self, path: str, method: str = "GET") -> tuple[int, bytes]:
        """Whether it holds something is asked past our own client."""
        name, _, port = self.host.partition(":")
        if self.authority:
            context = ssl.create_default_context(cafile=str(self.authority))
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(name, int(port), context=context)
        else:
            connection = http.client.HTTPConnection(name, int(port))
        import base64

        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        try:
            connection.request(method, path, headers={"Authorization": f"Basic {basic}", "Accept": _MANIFESTS})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def tags(self, repository: str) -> list[str]:
        status, body = self.ask(f"/v2/{repository}/tags/list")
        return sorted(json.loads(body)["tags"] or []) if status == 200 else []

    def manifest(self, repository: str, version: str) -> Any:
        status, body = self.ask(f"/v2/{repository}/manifests/{version}")
        return json.loads(body) if status == 200 else None

    def blob(self, repository: str, digest: str) -> bytes | None:
        status, body = self.ask(f"/v2/{repository}/blobs/{digest}")
        return body if status == 200 else None


@contextmanager
def running(
    folder: Path,
    *,
    tls: bool = False,
    password: bool = False,
    token: Mapping[str, str] | None = None,
    names: Sequence[str] = ("localhost",),
) -> Iterator[RegistryServer]:
    """`token` is the registry's own `auth: token` section, for Bearer tokens; its certificate is for `names`."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    configuration: dict[str, Any] = {
        "version": "0.1",
        "log": {"accesslog": {"disabled": True}, "level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}, "delete": {"enabled": True}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    authority = None
    if tls:
        authority, certificate, key = folder / "authority.crt", folder / "server.crt", folder / "server.key"
        maker = Authority()
        maker.write_certificate(authority)
        maker.issue(names, certificate, key)
        configuration["http"]["tls"] = {"certificate": str(certificate), "key": str(key)}
    if password:
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        (folder / "htpasswd").write_text(f"{USER}:{hashed}\n")
        configuration["auth"] = {"htpasswd": {"realm": "here", "path": str(folder / "htpasswd")}}
    if token:
        configuration["auth"] = {"token": dict(token)}
    (folder / "registry.yml").write_text(json.dumps(configuration))
    with (folder / "log").open("wb") as log:
        command = ["docker-registry", "serve", str(folder / "registry.yml")]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait(port, process)
        yield RegistryServer(f"localhost:{port}", folder, authority)
    finally:
        process.terminate()
        process.wait(_SECONDS)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"docker-registry did not start: exit code {process.poll()}")
