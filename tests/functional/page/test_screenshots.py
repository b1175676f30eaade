"""The pictures in `docs/` can be taken, and are small."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests import screenshots
from tests.local_runtime import RunningServer

pytestmark = pytest.mark.long

SIZE_MAX = 60_000  # bytes
WIDTH_MAX = 1_000  # pixels


def width(picture: Path) -> int:
    """As the head of a PNG says it."""
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG")
    return int(struct.unpack_from(">I", data, 16)[0])


def test_they_are_taken_as_they_are_in_docs(browser: Browser, server: RunningServer, tmp_path: Path) -> None:
    taken = screenshots.take(browser, server, tmp_path)
    assert sorted(each.name for each in taken) == sorted(each.name for each in screenshots.FOLDER.glob("*.png"))
    readme = (screenshots.FOLDER.parent / "README.md").read_text()
    for picture in taken:
        kept = screenshots.FOLDER / picture.name
        assert f"docs/{picture.name}" in readme
        for each in (picture, kept):
            assert each.stat().st_size < SIZE_MAX
            assert width(each) <= WIDTH_MAX
