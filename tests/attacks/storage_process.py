"""Run as root or as an ordinary user: sessions with storage, the second after the secrets of the first, as JSON.

The argument is a folder of the caller's own, in which `canary` is a file that has to stay as it is.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from agentcore_cli.local.clock import Clock
from agentcore_cli.local.sandbox import SessionProcess
from agentcore_cli.local.storage import Kept, Storages, Whose
from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in

PLACE = "/mnt/data"
LEAVE_A_SECRET = f"open('{PLACE}/secret', 'w').write('of-the-first-session'); result = 'left'"
SEARCH = """
import glob, os
found = []
for top, folders, files in os.walk('/'):
    folders[:] = [name for name in folders if os.path.join(top, name) not in ('/usr', '/proc', '/sys', '/opt')]
    if 'secret' in files:
        found.append(top)
for door in glob.glob('/proc/*/root') + glob.glob('/proc/*/cwd') + glob.glob('/proc/*/fd/*'):
    for path in ('mnt/data/secret', 'secret', '../files/secret'):
        if not door.startswith('/proc/self') and os.path.exists(os.path.join(door, path)):
            found.append(os.path.join(door, path))
result = found
"""
MOUNT = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
done = []
for name, call in {
    'umount': lambda: libc.umount2(b'/mnt/data', 2),
    'bind': lambda: libc.mount(b'/', b'/tmp', None, 4096, None),
    'remount': lambda: libc.mount(None, b'/mnt/data', None, 32 | 4096, None),
    'open_tree': lambda: libc.syscall(428, -100, b'/mnt/data', 1),
    'fsopen': lambda: libc.syscall(430, b'ext4', 0),
    'unshare': lambda: libc.unshare(0x10000000 | 0x20000),
}.items():
    if call() >= 0:
        done.append(name)
for path in ('/dev/loop0', '/dev/loop-control', '/dev/fuse'):
    if os.path.exists(path):
        done.append(path)
result = done
"""
VANDALIZE = """
import os
os.chdir('/mnt/data')
os.symlink('/etc', 'etc'); os.symlink('CANARY', 'canary'); os.symlink('/', 'root'); os.symlink('..', 'up')
os.symlink('CANARY', 'files'); os.symlink('CANARY', 'image')
open(b'no-text-\\xff\\xfe', 'w').close()
os.mkdir(b'folder-\\xff\\n\\r'); open(b'folder-\\xff\\n\\r/x', 'w').close()
for number in range(2000):
    open(f'many-{number}', 'w').close()
os.mkdir('closed'); open('closed/x', 'w').close(); os.chmod('closed', 0)
open('mine', 'w').close(); os.chmod('mine', 0)
here = os.open('.', os.O_RDONLY)
for number in range(1500):
    os.mkdir('deep', dir_fd=here)
    below = os.open('deep', os.O_RDONLY, dir_fd=here)
    os.symlink('CANARY', 'link', dir_fd=below)
    os.close(here)
    here = below
os.close(here)
os.chmod('.', 0)
result = 'done'
"""
SUID = """
import os, shutil
shutil.copy('/bin/sh', '/mnt/data/sh'); os.chmod('/mnt/data/sh', 0o6755)
with open('/proc/self/mountinfo') as file:
    options = [line.split()[5] for line in file if line.split()[4] == '/mnt/data']
result = sorted(options[0].split(','))[:2]
"""
KINDS = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
os.chdir('/mnt/data')
open('plain', 'w').close()
open('renamed', 'w').close()
made = []
for name, call in {
    'hard link': lambda: os.link('plain', 'linked'),
    'hard link of a file without a name': lambda: os.link(
        f'/proc/self/fd/{os.open(".", os.O_TMPFILE | os.O_RDWR)}', 'found', follow_symlinks=True),
    'pipe': lambda: os.mkfifo('pipe'),
    'socket': lambda: socket.socket(socket.AF_UNIX).bind('stream'),
    'socket of datagrams': lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind('datagrams'),
    'device': lambda: os.mknod('device', 0o20666, os.makedev(1, 3)),
    'whiteout': lambda: os.mknod('whiteout', 0o20000, 0),
    'attribute': lambda: os.setxattr('plain', 'user.overlay.opaque', b'y'),
}.items():
    try:
        call()
        made.append(name)
    except OSError:
        pass
libc.renameat2(-100, b'renamed', -100, b'to', 4)
result = made + [name for name in os.listdir('.') if not os.path.isfile(name) and not os.path.isdir(name)]
"""


class Play:
    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.storages = Storages(stage.home, Clock(), lambda kept, excess: None)
        self.program = dataclasses.replace(stage.program(AGENTS / "obedient.py"), storage=PLACE)

    async def session(self, session_id: str) -> tuple[SessionProcess, Kept]:
        kept = await self.storages.open(
            Whose("runtime", "DEFAULT", session_id, "1"), PLACE, self.stage.sandbox.storage_means
        )
        session = await self.stage.start(self.program)
        self.storages.mounted(kept, await self.stage.sandbox.attach(session, kept.storage))
        return session, kept

    async def end(self, session: SessionProcess, kept: Kept) -> None:
        await session.stop(grace=0)
        await self.storages.close(kept, 0)


async def play(stage: Stage, canary: Path) -> dict[str, Any]:
    house = Play(stage)
    first, first_kept = await house.session("one")
    second, second_kept = await house.session("two")
    without = await stage.start(stage.program(AGENTS / "obedient.py"))
    told: dict[str, Any] = {
        "image": first_kept.storage.is_image,
        "left": await run_in(first, LEAVE_A_SECRET),
        "by itself": await run_in(first, SEARCH),
        "by the second": await run_in(second, SEARCH),
        "without storage": await run_in(without, SEARCH),
        "mounts": await run_in(second, MOUNT),
        "options": await run_in(second, SUID),
        "kinds": await run_in(second, KINDS),
        "vandalized": await run_in(second, VANDALIZE.replace("CANARY", str(canary))),
    }
    await house.end(second, second_kept)
    await house.end(first, first_kept)
    third, third_kept = await house.session("three")
    told["by the third"] = await run_in(third, SEARCH)
    await house.end(third, third_kept)
    await house.storages.forget("runtime")
    told["left on the disk"] = [path.name for path in stage.home.storage.iterdir()]
    told["canary"] = canary.read_text()
    await house.storages.shut()
    return told


async def main() -> None:
    root = Path(sys.argv[1])
    canary = root / "canary"
    canary.write_text("alive")
    async with Stage(root) as stage:
        level = stage.sandbox.level
        played = await play(stage, canary) if level.name == "namespaces" else {}
        missing = [each.name for each in level.protections if not each.active]
    print(json.dumps({"level": level.name, "reason": level.reason, "missing": missing, "played": played}))


asyncio.run(main())
