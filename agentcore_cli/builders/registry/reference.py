"""Names of images, as the docker command reads them: `python:3.13-slim`, `ghcr.io/me/agent@sha256:…`."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from agentcore_cli.errors import InputError

_NAME: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE: Final = re.compile(
    rf"(?:(?P<host>(?:localhost|[\w-]+(?:\.[\w-]+)+|[\w.-]+(?=:\d+/))(?::\d+)?)/)?(?P<repository>{_NAME}(?:/{_NAME})*)"
    r"(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_HUB: Final = "registry-1.docker.io"
_HUB_NAMES: Final = frozenset({"docker.io", "index.docker.io", _HUB})


class Reference(NamedTuple):
    """`host` may have a port; of `tag` and `digest` the digest counts where there are both."""

    host: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def of(cls, text: str) -> Reference:
        """Raises InputError for what is no name of an image."""
        parsed = _REFERENCE.fullmatch(text)
        if parsed is None:
            raise InputError(f"{text}: not the name of an image", hint="HOST/REPOSITORY:TAG, as `docker pull` takes it")
        host, repository = parsed["host"] or "docker.io", parsed["repository"]
        if host in _HUB_NAMES:
            host, repository = _HUB, repository if "/" in repository else f"library/{repository}"
        tag = parsed["tag"] or (None if parsed["digest"] else "latest")
        return cls(host, repository, tag, parsed["digest"])

    @property
    def version(self) -> str:
        """What follows the repository in the API's paths."""
        return self.digest or self.tag or "latest"

    @property
    def place(self) -> str:
        """Host and repository."""
        return f"{self.host}/{self.repository}"

    def __str__(self) -> str:
        return f"{self.place}@{self.digest}" if self.digest else f"{self.place}:{self.tag}"


def is_hub(host: str) -> bool:
    return host == _HUB
