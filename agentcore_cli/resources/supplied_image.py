"""An image that the config or the command line names: looked at, used by its digest, never changed or deleted."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli import keys
from agentcore_cli.aws.repositories import Manifest, Repositories
from agentcore_cli.builders.images import launcher
from agentcore_cli.builders.images.image_limits import ARM64, require_arm64, require_small
from agentcore_cli.contract import EcrRepository
from agentcore_cli.engine import Found, JournalRecord
from agentcore_cli.errors import DeniedError, InputError
from agentcore_cli.events import Listener, Note
from agentcore_cli.resources.supplied import Supplied

_REFERENCE: Final = re.compile(r"(?P<name>[^@]+?)(:(?P<tag>[\w][\w.-]*))?(@(?P<digest>sha256:[0-9a-f]{64}))?")


@dataclass(frozen=True, slots=True)
class SuppliedImage(Supplied):
    """`address` is None for public.ecr.aws, where there is nobody to ask; `client` is of the repository's region.

    `running` is the image that the runtime was given last: what runs already is not looked at again. `launches`: the
    agent has secrets, which the launcher in its image has to fetch.
    """

    uri: str
    address: EcrRepository | None
    client: Repositories
    registry: str | None
    running: str | None
    listener: Listener
    launches: bool = False
    key: str = keys.IMAGE
    depends_on: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset()

    def read(self, recorded: JournalRecord | None) -> Found:
        """Raises InputError for an image that is not there, is not for arm64, or is above 2 GB."""
        uri = self._resolved() if self.address and (self.uri != self.running or self.launches) else self.uri
        return Found({}, {"uri": uri}, uri, supplied=True)

    def _resolved(self) -> str:
        """The URI by digest. Who may deploy an image may well not be allowed to look at it: that is only told."""
        parsed = _REFERENCE.fullmatch(self.uri)
        if parsed is None:
            raise InputError(f"image {self.uri}: not an image's name", hint="REPOSITORY:TAG or REPOSITORY@sha256:...")
        try:
            manifest = self._manifest(parsed["tag"] or "latest", parsed["digest"])
            uri = f"{parsed['name']}@{manifest.digest}"
            if uri != self.running:
                self._check(manifest)
            if self.launches:
                self._check_launcher(manifest)
        except DeniedError as error:
            self.listener(Note(f"image {self.uri}: it can't be looked at: {error.message}", "warning"))
            return self.uri
        return uri

    def _manifest(self, tag: str | None, digest: str | None) -> Manifest:
        assert self.address
        tag = None if digest else tag
        found = self.client.manifest(self.address.name, tag=tag, digest=digest, registry=self.registry)
        if found is None:
            raise InputError(
                f"image {self.uri}: no such image in {self.address.uri}",
                hint="push it, or leave the image out: then deploy builds one",
            )
        return found

    def _check(self, manifest: Manifest) -> None:
        """An index has a manifest for each processor; a manifest alone says in its config which one it is for."""
        name = f"image {self.uri}"
        if platforms := _platforms(manifest):
            require_arm64(name, ARM64 if ARM64 in platforms else ", ".join(sorted(platforms)))
            manifest = self._manifest(None, platforms[ARM64])
        else:
            require_arm64(name, str(self._config(manifest)["architecture"]))
        require_small(name, sum(layer["size"] for layer in manifest.content["layers"]))

    def _config(self, manifest: Manifest) -> dict[str, Any]:
        assert self.address
        text = self.client.blob(self.address.name, manifest.content["config"]["digest"], registry=self.registry)
        config: dict[str, Any] = json.loads(text)
        return config

    def _check_launcher(self, manifest: Manifest) -> None:
        platforms = _platforms(manifest)
        own = self._manifest(None, platforms[ARM64]) if ARM64 in platforms else manifest
        entrypoint = self._config(own).get("config", {}).get("Entrypoint") or ()
        if not any(launcher.PLACE in word for word in entrypoint):
            raise InputError(
                f"image {self.uri}: it does not start by the launcher that fetches the agent's secrets",
                hint="build it with `agentcore deploy`, which puts the launcher in; or fetch them in the agent's code, "
                "by its role (`role_policy`), and take them out of `secrets`",
            )


def _platforms(manifest: Manifest) -> dict[str, str]:
    """Digest by architecture; attestations have `unknown` for one (OCI image index specification)."""
    items = manifest.content.get("manifests", ())
    return {item["platform"]["architecture"]: item["digest"] for item in items if "platform" in item}
