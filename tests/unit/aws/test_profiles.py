"""The profiles in AWS's two files, for accounts of every kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.aws.profiles import read_profile
from agentcore_cli.errors import InputError


def test_a_home_that_may_not_be_looked_into_has_no_profiles() -> None:
    """HOME is another user's after `su`; a name that is too long fails for root, too."""
    assert not read_profile(None, {"HOME": f"/{'x' * 300}"}).is_there


def test_a_file_that_is_there_and_no_settings_is_named(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text("no section")
    with pytest.raises(InputError, match=r"\.aws/config: can't be read"):
        read_profile(None, {"HOME": str(tmp_path)})
