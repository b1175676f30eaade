"""The account of session storage where it is kept in folders; that it is the same with images, the server shows."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agentcore_cli.local.clock import Clock
from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox import SandboxError, StorageMeans
from agentcore_cli.local.sandbox.attachment import image_refusal
from agentcore_cli.local.storage import Kept, Storages, Whose, images
from agentcore_cli.local.storage.reserve import Disk, Reserve
from agentcore_cli.local.storage.storages import IDLE_SECONDS_MAX
from agentcore_cli.local.storage.usage import measure
from agentcore_cli.local.storage.watch import StorageWatch

FOLDERS = StorageMeans(is_image=False, mounted="serving", owner=None)
IMAGES = StorageMeans(is_image=True, mounted="serving", owner=None)
ONE = Whose("runtime-1", "DEFAULT", "session-1", "1")
PLACE = "/mnt/data"


class House:
    """Storages, with a clock that stands where it is put."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.now = 1_000_000_000.0
        self.storages = Storages(home, Clock(lambda: self.now, lambda: self.now), lambda kept, excess: None)

    async def keep(self, whose: Whose, *names: str) -> None:
        """A session that leaves files behind."""
        kept = await self.open(whose)
        for name in names:
            (kept.storage.source / name).touch()
        await self.close(kept)

    async def open(self, whose: Whose, means: StorageMeans = FOLDERS) -> Kept:
        return await self.storages.open(whose, PLACE, means)

    async def close(self, kept: Kept) -> None:
        await self.storages.close(kept, self.now)

    async def found(self, whose: Whose) -> list[str]:
        """What a session of these finds."""
        kept = await self.open(whose)
        names = sorted(os.listdir(kept.storage.source))
        await self.close(kept)
        return names

    def on_disk(self) -> int:
        return len(list(self.home.storage.iterdir()))


@asynccontextmanager
async def opened(home: Home) -> AsyncIterator[House]:
    house = House(home)
    yield house
    await house.storages.shut()


@pytest.mark.parametrize(
    "other",
    [
        ONE._replace(session_id="session-2"),
        ONE._replace(endpoint="other"),
        ONE._replace(runtime_id="runtime-2"),
    ],
    ids=["session", "endpoint", "runtime"],
)
async def test_it_is_found_by_all_three(home: Home, other: Whose) -> None:
    async with opened(home) as house:
        await house.keep(ONE, "mine")
        await house.keep(other, "theirs")
        assert await house.found(ONE) == ["mine"]
        assert await house.found(other) == ["theirs"]


async def test_another_version_finds_none_and_going_back_finds_none(home: Home) -> None:
    async with opened(home) as house:
        await house.keep(ONE, "mine")
        assert await house.found(ONE._replace(version="2")) == []
        assert await house.found(ONE) == []


async def test_a_moved_endpoint_takes_back_what_no_session_has(home: Home) -> None:
    async with opened(home) as house:
        await house.keep(ONE, "mine")
        living = await house.open(ONE._replace(session_id="living"))
        house.storages.moved("runtime-1", "DEFAULT", "2")
        late = await house.open(ONE._replace(session_id="late"))  # it began before the endpoint had moved
        await house.storages.wait()
        assert (house.on_disk(), living.storage.source.is_dir()) == (2, True)
        house.storages.moved("runtime-1", "DEFAULT", "1")
        await house.close(living)
        house.storages.moved("runtime-1", "DEFAULT", "2")
        await house.close(late)
        await house.storages.wait()
        assert house.on_disk() == 0


async def test_it_goes_after_fourteen_days_without_a_call(home: Home) -> None:
    async with opened(home) as house:
        await house.keep(ONE, "mine")
        house.now += IDLE_SECONDS_MAX
        assert await house.found(ONE) == ["mine"]
        house.now += IDLE_SECONDS_MAX + 1
        house.storages.expire()
        await house.storages.wait()
        assert house.on_disk() == 0
        assert await house.found(ONE) == []


async def test_a_server_that_starts_removes_what_has_no_owner(home: Home) -> None:
    async with opened(home) as house:
        await house.keep(ONE, "mine")
    async with opened(home) as house:
        (home.storage / "nobodys").mkdir()
        (home.storage / "nobodys" / "file").touch()
        (home.storage / "link").symlink_to(home.root)
        house.storages.sweep()
        await house.storages.wait()
        assert house.on_disk() == 1
        assert await house.found(ONE) == ["mine"]
        assert home.database.exists()


async def test_what_was_struck_and_not_removed_is_nobody_s(home: Home) -> None:
    """As if the server had been killed between the two."""
    async with opened(home) as house:
        await house.keep(ONE, "mine")
        copy = home.root / "copy"
        (folder,) = home.storage.iterdir()
        folder.rename(copy)
        await house.storages.forget("runtime-1")
        copy.rename(folder)
        assert await house.found(ONE) == []


async def test_a_folder_that_holds_too_much_at_the_start_is_refused(home: Home) -> None:
    async with opened(home) as house:
        kept = await house.open(ONE)
        with (kept.storage.source / "big").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 2**31 + 2**20)
        await house.close(kept)
        with pytest.raises(SandboxError, match="holds too much, more than 2 GB: another session id"):
            await house.open(ONE)


async def test_what_was_an_image_is_not_taken_for_an_empty_folder(home: Home) -> None:
    if reason := image_refusal():
        pytest.skip(reason)
    async with opened(home) as house:
        await house.close(await house.open(ONE, IMAGES))
        with pytest.raises(SandboxError, match="can't be mounted: no loop devices today"):
            await house.open(ONE, FOLDERS._replace(reason="no loop devices today"))


def test_an_image_takes_little_of_the_disk_and_is_whole_or_not_there(tmp_path: Path) -> None:
    if reason := image_refusal():
        pytest.skip(reason)
    images.make(tmp_path / "image", 1_900_000_000)
    found = (tmp_path / "image").stat()
    assert found.st_size > 2**30
    assert found.st_blocks * 512 < 2**20
    assert images.released(tmp_path / "image")
    assert [path.name for path in tmp_path.iterdir()] == ["image"]


def test_a_disk_that_is_gone_is_told(tmp_path: Path) -> None:
    if reason := image_refusal():
        pytest.skip(reason)
    (tmp_path / "image.new").mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        images.make(tmp_path / "image", None)


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A folder with 3 MB in two files, and a link to a larger one."""
    folder = tmp_path / "full"
    (folder / "below").mkdir(parents=True)
    for path, megabytes in ((folder / "a", 1), (folder / "below" / "b", 2), (tmp_path / "outside", 8)):
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, megabytes * 2**20)
    (folder / "link").symlink_to(tmp_path / "outside")
    (folder / "below" / "up").symlink_to("..")
    return folder


def test_what_a_folder_holds_is_counted_without_following_links(full: Path) -> None:
    usage = measure(full)
    assert 3 * 2**20 <= usage.bytes < 4 * 2**20
    assert (usage.files, usage.excess) == (5, "")
    assert measure(full, bytes_max=2**20).excess == "more than 0.000977 GB"


def test_folders_in_folders_without_end_are_too_much(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    assert measure(tmp_path).excess == "folders deeper than 200"


def watching(reserve: Reserve, told: asyncio.Queue[str]) -> StorageWatch:
    """A watch that looks all the time, and tells into the queue."""
    return StorageWatch(
        reserve, lambda kept, excess: told.put_nowait(f"{kept.whose.session_id}: {excess}"), lambda kept: None, 0.01, 1
    )


async def test_a_folder_that_grows_too_large_is_told_once(home: Home) -> None:
    async with opened(home) as house:
        told: asyncio.Queue[str] = asyncio.Queue()
        watch = watching(Reserve(home.storage), told)
        small, large = await house.open(ONE), await house.open(ONE._replace(session_id="large"))
        watch.add(small, 0)
        watch.add(large, 0)
        with (large.storage.source / "big").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 2**30 + 2**20)
        assert await asyncio.wait_for(told.get(), 60) == "large: more than 1 GB"
        assert watch.size(large) is None
        (large.storage.source / "big").unlink()
        watch.remove(small)
        watch.close()
        assert told.empty()
        await house.close(small)
        await house.close(large)


GIGABYTE = 1024**3


def test_of_a_disk_a_gigabyte_is_kept_back_and_of_a_small_one_a_part(tmp_path: Path) -> None:
    def refusal(free: int, whole: int) -> str:
        return Reserve(tmp_path, lambda folder: Disk(free, whole)).refusal

    assert refusal(GIGABYTE, 500 * GIGABYTE) == ""
    assert "has 1,023 MB left, and 1,024 MB are kept back" in refusal(GIGABYTE - 2**20, 500 * GIGABYTE)
    assert refusal(5 * 2**20, 100 * 2**20) == ""
    assert "kept back" in refusal(4 * 2**20, 100 * 2**20)
    assert Reserve(tmp_path).free > 0


async def test_at_the_end_of_the_disk_nothing_new_is_made_and_what_is_there_is_found(home: Home) -> None:
    async with opened(home) as house:
        disk = [Disk(2 * GIGABYTE, 500 * GIGABYTE)]
        reserve = Reserve(home.storage, lambda folder: disk[0])
        storages = Storages(home, Clock(lambda: house.now, lambda: house.now), lambda kept, excess: None, reserve)
        await storages.close(await storages.open(ONE, PLACE, FOLDERS), house.now)
        disk[0] = Disk(GIGABYTE - 1, 500 * GIGABYTE)
        with pytest.raises(SandboxError, match="kept back"):
            await storages.open(ONE._replace(session_id="new"), PLACE, FOLDERS)
        await storages.wait()
        assert house.on_disk() == 1
        disk[0] = Disk(2 * GIGABYTE, 500 * GIGABYTE)
        await storages.close(await storages.open(ONE._replace(session_id="new"), PLACE, FOLDERS), house.now)
        await storages.shut()


async def test_at_the_end_of_the_disk_the_greediest_session_is_ended_and_no_other(home: Home) -> None:
    async with opened(home) as house:
        told: asyncio.Queue[str] = asyncio.Queue()
        disk = [Disk(2 * GIGABYTE, 500 * GIGABYTE)]
        watch = watching(Reserve(home.storage, lambda folder: disk[0]), told)
        names = ("small", "large", "still")
        small, large, still = [await house.open(ONE._replace(session_id=name)) for name in names]
        for kept in (small, large, still):
            watch.add(kept, 0)
        (small.storage.source / "a").write_bytes(b"x" * 2**16)
        (large.storage.source / "a").write_bytes(b"x" * 2**21)
        disk[0] = Disk(GIGABYTE - 1, 500 * GIGABYTE)
        first, second = await asyncio.wait_for(told.get(), 60), await asyncio.wait_for(told.get(), 60)
        assert first.startswith("large: 2 MB more than at its beginning: the disk of ")
        assert second.startswith("small: ")
        assert watch.size(still) == 0
        watch.close()
        for kept in (small, large, still):
            await house.close(kept)
