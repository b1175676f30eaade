"""Packages for uv to resolve from, so that no test needs a package index."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest


@pytest.fixture
def uv_settings(tmp_path: Path) -> Path:
    """A uv.toml (for UV_CONFIG_FILE) that knows a few wheels without code and no index."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    _wheel(folder, "bedrock_agentcore", ("uvicorn", "httpx-mock"))
    for name in ("acme_sdk", "uvicorn", "httpx_mock"):
        _wheel(folder, name, ())
    settings = folder / "uv.toml"
    settings.write_text(f'no-index = true\nfind-links = ["{folder}"]\n')
    return settings


def _wheel(folder: Path, name: str, requires: tuple[str, ...]) -> None:
    information = f"{name}-1.0.dist-info"
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        "Version: 1.0",
        *(f"Requires-Dist: {wanted}" for wanted in requires),
    ]
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{information}/METADATA", "\n".join(lines) + "\n")
        wheel.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{information}/RECORD", "")
