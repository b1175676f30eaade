"""What local sessions may be shown of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.builders.bundles import mounts
from agentcore_cli.builders.bundles.mounts import StorageMount
from agentcore_cli.errors import InputError


def test_a_folder_may_be_shown(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    mounts.check([StorageMount(str(tmp_path / "data"), writable=True)])


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file or folder"):
        mounts.check([StorageMount(str(tmp_path / "no"), writable=False)])


@pytest.mark.parametrize("path", ["/", "/tmp", "/usr", "/etc", "/proc", "/home"])
def test_what_would_cover_the_session_s_own_is_an_error(path: str) -> None:
    with pytest.raises(InputError, match="sessions have a"):
        mounts.check([StorageMount(path, writable=False)])


def test_a_link_to_it_is_none_either(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/")
    with pytest.raises(InputError, match="sessions have a"):
        mounts.check([StorageMount(str(tmp_path / "link"), writable=False)])
