"""A reader of docs/projects.md."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.docs.kitchen import Kitchen, kitchen
from tests.local_runtime import nothing_is_served


@pytest.fixture(scope="module")
def reader() -> Iterator[Kitchen]:
    """A kitchen for the tests of one file. When its last agent is destroyed nothing may run any more."""
    home = Path(tempfile.mkdtemp(prefix="ac-"))  # a short path: a Unix socket's may not be long
    with kitchen(home) as made:
        yield made
    nothing_is_served(home)
    shutil.rmtree(home)
