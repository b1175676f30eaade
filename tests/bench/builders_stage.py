"""The registry's base image for the builders: Debian's Python with this machine's authorities, for pip's index."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Final

from agentcore_cli.builders.images.image import ImageProject
from agentcore_cli.builders.oci.blobs import Blobs
from agentcore_cli.builders.oci.builder import OciBuilder
from agentcore_cli.builders.oci.push import RegistryPublisher
from agentcore_cli.builders.registry.registry import Registry
from agentcore_cli.builders.registry.upload import Upload
from tests.bench.build_and_push import BASE, Quiet
from tests.stage.base_image import MANIFEST_TYPE, base_image

_AUTHORITIES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
_PLAIN: Final = "base/plain"


def publish_base(folder: Path, host: str) -> None:
    """Put it there as `HOST/base/python:3.13`."""
    _publish_plain(host)
    project = folder / "base"
    project.mkdir()
    shutil.copy(_AUTHORITIES, project / "authorities")
    place = _AUTHORITIES.as_posix()
    (project / "Dockerfile").write_text(f"FROM {host}/{_PLAIN}:1\nCOPY authorities {place}\nENV PIP_CERT={place}\n")
    (project / "main.py").touch()
    what = ImageProject(project, "base", ("main.py",), Path("main.py"), 8080, "3.13", "")
    builder = OciBuilder(what, folder / "cache", Blobs(folder / "layers"), lambda host: None)
    RegistryPublisher(builder.bases, lambda: None).publish(builder.build(Quiet()), f"{host}/{BASE}", Quiet())


def set_base(folder: Path, name: str) -> None:
    """Let the project's config say so."""
    path = folder / ".agentcore.yaml"
    path.write_text(path.read_text().replace("    entrypoint:", f"    base_image: {name}\n    entrypoint:"))


def _publish_plain(host: str) -> None:
    image = base_image()
    manifest = json.loads(image.manifest)
    with closing(Registry(host, lambda host: None, lambda: False)) as registry:
        for blob, described in zip(image.blobs, (*manifest["layers"], manifest["config"]), strict=True):
            Upload(registry, _PLAIN, described["digest"], blob, lambda more: None).run()
        registry.put_manifest(_PLAIN, "1", MANIFEST_TYPE, image.manifest)
