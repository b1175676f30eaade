"""A dependency that was taken over runs in the warm parent, before any session: what it finds there is as little."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.attacks.test_violence import processes_with
from tests.attacks.theatre import SECRET, Theatre
from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in

# Its first lines are what a package does when it is imported.
DEPENDENCY = """
import os
space = os.stat('/proc/self/ns/pid').st_ino
found = {}

def tried(name, act):
    try:
        found[name] = act()
    except OSError:
        found[name] = 'refused'

def write(path):
    with open(path, 'w') as file:
        file.write('x')
    return 'written'

tried('credentials', lambda: open(HOME + '/.aws/credentials').read())
tried('home', lambda: os.listdir(HOME))
tried('state', lambda: os.listdir(STATE))
tried('write to the environment', lambda: write(__file__))
tried('write to the system', lambda: write('/usr/lib/new'))
tried('write to HOME', lambda: write(HOME + '/.profile'))
tried('processes of the machine', lambda: [
    name for name in os.listdir('/proc')
    if name.isdigit() and b'hostile_session' in open(f'/proc/{name}/cmdline', 'rb').read()
])
found['variables'] = [name for name, value in os.environ.items() if SECRET in value or name.startswith('AWS_')]
found['user namespace of the machine'] = os.readlink('/proc/self/ns/user') == MACHINE
"""
CALLS = """
import socket
found = []
for host, port in (('127.0.0.1', PORT), ('198.51.100.7', 80)):
    try:
        socket.create_connection((host, port), 2).close()
        found.append(host)
    except OSError:
        pass
links = [name for _, name in socket.if_nameindex()]
"""
STAYS = """
import os, sys
if os.fork() == 0:
    os.setsid()
    os.execv(sys.executable, [sys.executable, '-S', '-c', 'import time; time.sleep(1000) # MARKER'])
"""


def test_a_dependency_finds_nothing_at_import(stage_of: Theatre) -> None:
    known = (
        f"HOME, STATE, SECRET = {str(stage_of.home)!r}, {str(stage_of.root / 'state' / 'home')!r}, {SECRET!r}\n"
        f"MACHINE = {os.readlink('/proc/self/ns/user')!r}\n"
    )
    look = "import dependency, os\nresult = [dependency.found, dependency.space != os.stat('/proc/self/ns/pid').st_ino]"
    ((result,),) = stage_of.play([look], modules={"dependency": known + DEPENDENCY})
    found, before_the_session = result
    assert before_the_session, "it was imported in the session, not in the warm parent"
    assert found == {
        **dict.fromkeys(("credentials", "home", "state"), "refused"),
        **dict.fromkeys((f"write to {place}" for place in ("the environment", "the system", "HOME")), "refused"),
        "processes of the machine": [],
        "variables": [],
        "user namespace of the machine": False,
    }


SESSIONS = """
import mmap, os, time
kept = mmap.mmap(-1, 4096)  # shared with what is forked

def look():
    made = []
    while not made or kept[0] == 0:
        for name in os.listdir('/.sessions'):
            for room in ('', 'app', 'home', 'tmp', 'work'):
                place = os.path.join('/.sessions', name, room, 'made')
                try:
                    os.mkdir(place)
                    made.append(place)
                except OSError as error:
                    made.append(error.strerror)
        time.sleep(0.01)
        kept[1:-1] = ','.join(sorted(set(made))).encode()[:4094].ljust(4094)

if os.fork() == 0:
    look()
"""


def test_a_dependency_writes_to_no_session_s_folder(stage_of: Theatre) -> None:
    """What a process that it left in the warm parent makes of the folders of the sessions that come."""
    look = (
        "import dependency, time\nwhile not dependency.kept[1:-1].strip(b' \\0'): time.sleep(0.01)\n"
        "dependency.kept[0] = 1; result = dependency.kept[1:-1].decode().strip()"
    )
    ((made,),) = stage_of.play([look], modules={"dependency": SESSIONS}, needs=["disk limit"])
    assert made == "Read-only file system"


def test_a_dependency_has_no_network_at_import(stage_of: Theatre) -> None:
    with socket.create_server(("127.0.0.1", 0)) as machine:
        source = f"PORT = {machine.getsockname()[1]}\n{CALLS}"
        look = "import dependency; result = [dependency.found, dependency.links]"
        ((result,),) = stage_of.play([look], modules={"dependency": source}, needs=["network of its own"])
    assert result == [[], ["lo"]]


async def test_what_a_dependency_leaves_running_ends_with_its_program(tmp_path: Path) -> None:
    marker = f"stays-{tmp_path.name}-{id(tmp_path)}"
    async with Stage(tmp_path) as stage:
        if stage.sandbox.level.name != "namespaces":
            pytest.skip(f"level namespaces: {stage.sandbox.level.reason}")
        text = (AGENTS / "obedient.py").read_text().replace("import json\n", "import dependency\nimport json\n", 1)
        interpreter = stage.interpreter(dependency=STAYS.replace("MARKER", marker))
        program = stage.program(stage.write(obedient=text), "obedient.py", interpreter=interpreter)
        session = await stage.start(program)
        assert await run_in(session, "result = 1") == 1
        assert processes_with(marker)
    assert processes_with(marker) == []


def test_what_a_dependency_changes_in_one_session_is_not_in_the_next(stage_of: Theatre) -> None:
    spoil = "import dependency; dependency.found = 'spoilt'; result = 1"
    first, second = stage_of.play(
        [spoil], ["import dependency; result = dependency.found"], modules={"dependency": "found = 'clean'"}
    )
    assert (first, second) == ([1], ["clean"])
