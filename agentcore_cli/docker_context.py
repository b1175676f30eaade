"""Which container engine the docker command would use: the one place that knows.

The Docker SDK finds contexts too, but not without a config.json, and what has no SDK (the local server) asks as well.
Source: docs.docker.com/engine/manage-resources/contexts: DOCKER_HOST goes before DOCKER_CONTEXT, that before
`currentContext`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

DEFAULT_HOST: Final = "unix:///var/run/docker.sock"


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """`host` is like `unix:///PATH` or `tcp://HOST:PORT`; `certificates` holds ca.pem, cert.pem and key.pem.

    `verified`: the engine's own certificate is looked at. Both say nothing where `from_environment`, whose DOCKER_TLS_*
    variables hold then.
    """

    host: str
    from_environment: bool = False
    certificates: Path | None = None
    verified: bool = True


def engine_address(environ: Mapping[str, str] = os.environ) -> EngineAddress:
    """Where the engine is. A context that is not there, or can't be read, leaves the usual socket."""
    if host := environ.get("DOCKER_HOST"):
        return EngineAddress(host, from_environment=True)
    folder = Path(environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker"))
    try:
        name = environ.get("DOCKER_CONTEXT") or _read(folder / "config.json")["currentContext"]
        key = hashlib.sha256(name.encode()).hexdigest()
        endpoint = _read(folder / "contexts" / "meta" / key / "meta.json")["Endpoints"]["docker"]
        host = str(endpoint["Host"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return EngineAddress(DEFAULT_HOST)
    certificates = folder / "contexts" / "tls" / key / "docker"
    has_all = all((certificates / f"{part}.pem").exists() for part in ("ca", "cert", "key"))
    return EngineAddress(
        host, certificates=certificates if has_all else None, verified=not endpoint.get("SkipTLSVerify", False)
    )


def _read(path: Path) -> Any:
    return json.loads(path.read_bytes())
