"""The image that generated Dockerfiles start from, for arm64, in the shape that a registry serves it."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agentcore_cli.files import lock
from tests.stage import debian_root

REPOSITORY: Final = "docker/library/python"
TAG: Final = f"{debian_root.PYTHON}-slim"
_EPOCH: Final = "1970-01-01T00:00:00Z"
_CONFIG_TYPE: Final = "application/vnd.docker.container.image.v1+json"
_LAYER_TYPE: Final = "application/vnd.docker.image.rootfs.diff.tar.gzip"
MANIFEST_TYPE: Final = "application/vnd.docker.distribution.manifest.v2+json"
INDEX_TYPE: Final = "application/vnd.docker.distribution.manifest.list.v2+json"


@dataclass(frozen=True, slots=True)
class BaseImage:
    """The files of an image: its one layer, its config, its manifest, and an index with that manifest alone."""

    folder: Path

    @property
    def blobs(self) -> tuple[Path, Path]:
        return self.folder / "layer.tar.gz", self.folder / "config.json"

    @property
    def manifest(self) -> bytes:
        return (self.folder / "manifest.json").read_bytes()

    @property
    def index(self) -> bytes:
        return (self.folder / "index.json").read_bytes()


def base_image(architecture: str = "arm64") -> BaseImage:
    """The image from the cache, else made now (about half a minute, and the packages from Debian's archive).

    The cache is $AGENTCORE_E2E_CACHE, else ~/.cache/agentcore-e2e, keyed by the code that makes images.
    """
    cache = Path(os.environ.get("AGENTCORE_E2E_CACHE") or Path.home() / ".cache" / "agentcore-e2e")
    folder = cache / f"{TAG}-{architecture}-{_key()}"
    with lock(cache / f"{folder.name}.lock", purpose="making of the base image", wait=True):
        if not folder.exists():
            _make(folder, architecture)
    return BaseImage(folder)


def _key() -> str:
    code = Path(debian_root.__file__).read_bytes() + Path(__file__).read_bytes()
    return hashlib.sha256(code).hexdigest()[:12]


def _make(folder: Path, architecture: str) -> None:
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        (work / "root").mkdir()
        (work / "image").mkdir()
        (work / "apt").mkdir()
        debian_root.make_root(work / "root", work / "apt", architecture)
        _pack(work / "root", work / "image", architecture)
        (work / "image").rename(folder)
    finally:
        shutil.rmtree(work)


def _pack(root: Path, image: Path, architecture: str) -> None:
    layer = image / "layer.tar.gz"
    stable = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"]
    archive = subprocess.Popen(["tar", "-C", root, *stable, "-cf", "-", "."], stdout=subprocess.PIPE)
    assert archive.stdout
    plain = hashlib.sha256()
    with archive.stdout, gzip.GzipFile(layer, "wb", compresslevel=1, mtime=0) as packed:
        while chunk := archive.stdout.read(1 << 20):
            plain.update(chunk)
            packed.write(chunk)
    if archive.wait():
        raise RuntimeError("the root file system can't be packed")
    config = _write(image / "config.json", _config(architecture, f"sha256:{plain.hexdigest()}"))
    layers = [_describe(layer, _LAYER_TYPE)]
    content = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": _describe(config, _CONFIG_TYPE)}
    manifest = _write(image / "manifest.json", content | {"layers": layers})
    listed = _describe(manifest, MANIFEST_TYPE) | {"platform": _platform(architecture)}
    _write(image / "index.json", {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [listed]})


def _config(architecture: str, diff_id: str) -> dict[str, Any]:
    search = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {
        **_platform(architecture),
        "created": _EPOCH,
        "config": {"Env": [search, "LANG=C.UTF-8"], "Cmd": ["python3"]},
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        "history": [{"created": _EPOCH, "created_by": "agentcore-e2e"}],
    }


def _platform(architecture: str) -> dict[str, str]:
    return {"architecture": architecture, "os": "linux"} | ({"variant": "v8"} if architecture == "arm64" else {})


def _describe(path: Path, media_type: str) -> dict[str, Any]:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"mediaType": media_type, "size": path.stat().st_size, "digest": f"sha256:{digest}"}


def _write(path: Path, content: dict[str, Any]) -> Path:
    path.write_bytes(json.dumps(content, separators=(",", ":")).encode())
    return path
