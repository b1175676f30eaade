"""The file that lets a browser in goes by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

from agentcore_cli.local.page import PageEntrance
from agentcore_cli.local.page.visits import TOKEN_SECONDS
from tests.virtual_time import runner

__all__ = ["runner"]


async def test_it_goes_when_its_time_is_over(tmp_path: Path) -> None:
    entrance = PageEntrance(8757, tmp_path / "invitations")
    invitation = entrance.page.invite()
    file = Path(invitation.file)
    assert invitation.url in file.read_text()
    await asyncio.sleep(TOKEN_SECONDS - 1)
    assert file.exists()
    await asyncio.sleep(2)
    assert not file.exists()


def test_an_entrance_that_nobody_used_has_nothing_to_close(tmp_path: Path) -> None:
    PageEntrance(8757, tmp_path / "invitations").close()
    assert not (tmp_path / "invitations").exists()


async def test_no_token_is_shown_by_what_holds_it(tmp_path: Path) -> None:
    invitation = PageEntrance(8757, tmp_path / "invitations").page.invite()
    token = invitation.url.partition("#")[2]
    assert token not in repr(invitation)
    assert token not in invitation.file
