"""The user's own files, variables, processes and terminal: a session does not see that they exist."""

from __future__ import annotations

from tests.attacks.theatre import SECRET, Theatre

SEARCH = """
import os
found = []
for folder, folders, files in os.walk('/'):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in ('/proc', '/usr', '/sys')]
    for name in files:
        path = os.path.join(folder, name)
        try:
            if os.path.isfile(path) and os.path.getsize(path) < 1 << 20 and SECRET.encode() in open(path, 'rb').read():
                found.append(path)
        except OSError:
            pass
result = found
"""
VARIABLES = """
import os
result = [name for name, value in os.environ.items() if SECRET in value]
for number in filter(str.isdigit, os.listdir('/proc')):
    try:
        if SECRET.encode() in open(f'/proc/{number}/environ', 'rb').read():
            result.append(number)
    except OSError:
        pass
"""
WAYS_AROUND = """
import os
result = []
for way in ('/proc/1/root', '/proc/1/cwd', '/proc/self/root', '/proc/self/cwd/../../..', '/..', '/dev/fd/3/..'):
    if os.path.exists(way + HOME):
        result.append(way)
"""
TERMINAL = """
import fcntl, os
def errno_of(act):
    try:
        act()
    except OSError as error:
        return error.errno
    return 0
result = {
    'controlling': errno_of(lambda: os.open('/dev/tty', os.O_RDWR)) != 0,
    'leader': os.getsid(0) != 0,
    'streams': [number for number in range(3) if os.isatty(number)],
    'typed': [number for number in range(3) if errno_of(lambda: fcntl.ioctl(number, 0x5412, b'x')) == 0],
    'others': [name for name in os.listdir('/dev/pts') if name != 'ptmx'],
}
"""
DESCRIPTORS = """
import os
result = {}
for name in os.listdir('/proc/self/fd'):
    try:
        path, there = os.readlink('/proc/self/fd/' + name), os.stat('/proc/self/fd/' + name)
    except OSError:
        continue
    if path != '/dev/null':
        result[name] = [path, there.st_dev, there.st_ino]
"""


def test_no_file_with_the_users_credentials_is_to_be_found(stage_of: Theatre) -> None:
    known = f"SECRET, HOME = {SECRET!r}, {str(stage_of.home)!r}\n"
    ((found, around, listed),) = stage_of.play(
        [
            known + SEARCH,
            known + WAYS_AROUND,
            known + "result = os.path.exists(HOME) or os.path.exists(os.path.dirname(HOME))",
        ]
    )
    assert (found, around, listed) == ([], [], False)


def test_no_variable_of_the_user_is_to_be_found(stage_of: Theatre) -> None:
    ((found,),) = stage_of.play([f"SECRET = {SECRET!r}\n{VARIABLES}"])
    assert found == []


def test_nothing_is_typed_into_a_terminal(stage_of: Theatre) -> None:
    ((found,),) = stage_of.play([TERMINAL])
    assert found == {"controlling": True, "leader": True, "streams": [], "typed": [], "others": []}


def test_two_sessions_hold_no_descriptor_in_common(stage_of: Theatre) -> None:
    first, second = stage_of.play([DESCRIPTORS], [DESCRIPTORS])
    mine = {tuple(each) for each in first[0].values()}
    others = {tuple(each) for each in second[0].values()}
    assert mine
    assert mine & others == set()
