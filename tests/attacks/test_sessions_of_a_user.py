"""Sessions apart from each other, violence and limits, played as root and as an ordinary user."""

from __future__ import annotations

import errno

import pytest

from tests.attacks.theatre import Theatre

MEGABYTE = 1024**2
LOG_MAX = 64 * MEGABYTE

WRITES = """
import json, os, tempfile
for place in (".", "/tmp", "/dev/shm", "/var/tmp", os.path.expanduser("~"), tempfile.gettempdir()):
    open(os.path.join(place, "notes"), "w").write("x")
os.environ["NOTES"] = "x"
json.notes = 1
os.unlink("obedient.py")
result = sorted(name for name in os.listdir("/proc") if name.isdigit())
"""
LOOKS = """
import json, os, tempfile
places = (".", "/tmp", "/dev/shm", "/var/tmp", os.path.expanduser("~"), tempfile.gettempdir())
result = [place for place in places if os.path.exists(os.path.join(place, "notes"))]
result += ["variable"] * ("NOTES" in os.environ) + ["module"] * hasattr(json, "notes")
result += os.listdir("/.sessions") + (os.listdir(".") != ["obedient.py"]) * ["code"]
"""


def test_a_session_does_not_see_what_another_wrote(stage_of: Theatre) -> None:
    wrote, looked = stage_of.play([WRITES], [LOOKS])
    assert wrote == [["1", "2"]]
    assert looked == [[]]


FIGHTS = {
    "kill of its parent": "import os; os.kill(os.getppid(), 9)",
    "kill of everything": "import os; os.kill(-1, 9)",
    "stop of its parent": "import os, signal\nfor pid in (1, os.getppid()): os.kill(pid, signal.SIGSTOP)",
    "stop of its group": "import os, signal; os.killpg(0, signal.SIGSTOP)",
    "it stops itself": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
    "it never reads": "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\ntime.sleep(1000)",
    "descriptors": (
        "import os\nheld = []\ntry:\n    while True: held.append(os.dup(0))\n"
        "except OSError as error: number = error.errno\n"
        "for each in held[-50:]: os.close(each)\nresult = number"
    ),
    "sockets": (
        "import socket\nheld = []\ntry:\n    while True: held.append(socket.socketpair())\n"
        "except OSError as error: number = error.errno\ndel held[-50:]\nresult = number"
    ),
    "descriptors on their way": (  # each message keeps its descriptors alive, in no table of a process
        "import os, socket\nheld = []\ntry:\n    for _ in range(400):\n        one, other = socket.socketpair()\n"
        "        one.setblocking(False); held += [one, other]\n"
        "        try:\n            while True: socket.send_fds(one, [b'x'], [0] * 250)\n"
        "        except BlockingIOError: pass\nexcept OSError as error: number = error.errno\n"
        "else: number = 0\nfor each in held: each.close()\nresult = number"
    ),
    "forks": "import os, time\nif os.fork() == 0:\n    for _ in range(8): os.fork()\n    time.sleep(1000)",
    "threads": (
        "import threading\nstop = threading.Event(); threads = 0\ntry:\n    for _ in range(5000):\n"
        "        threading.Thread(target=stop.wait, daemon=True).start(); threads += 1\n"
        "except RuntimeError: pass\nstop.set(); result = threads"
    ),
    "100 MB on stdout": "import os\nfor _ in range(1600): os.write(1, b'x' * 65535 + b'\\n')",
    "100 MB on stderr": "import os\nfor _ in range(1600): os.write(2, b'x' * 65535 + b'\\n')",
    "100 MB in one line": "import os\nfor _ in range(1600): os.write(1, b'x' * 65536)",
}
SILENT = ("stop of its group", "it stops itself", "it never reads")


@pytest.mark.parametrize("stage_of", ["nobody", pytest.param("root", marks=pytest.mark.long)], indirect=True)
def test_violence_stays_at_home(stage_of: Theatre) -> None:
    fights = stage_of.fight(FIGHTS, silent=SILENT)
    assert {name: (told["beside"], told["after"], told["left"]) for name, told in fights.items()} == dict.fromkeys(
        FIGHTS, (1, 2, False)
    )
    assert {name: told["log"] for name, told in fights.items() if told["log"] > LOG_MAX} == {}
    for name in ("descriptors", "sockets"):
        assert fights[name]["answer"] == errno.EMFILE, name
    assert fights["descriptors on their way"]["answer"] in (0, errno.ETOOMANYREFS), "of its user's, none"
    assert fights["threads"]["answer"] <= 4096


def test_processes_and_disk_are_limited(stage_of: Theatre) -> None:
    fork = (
        "import os, resource, time\nresource.setrlimit(resource.RLIMIT_NPROC, (8, 4096))\nresult = 0\n"
        "try:\n    for _ in range(20):\n        if os.fork() == 0: time.sleep(60)\n        result += 1\n"
        "except BlockingIOError: pass\n"
        "resource.setrlimit(resource.RLIMIT_NPROC, (4096, 4096))"  # the next request takes a thread
    )
    fill = (
        "left = open('/tmp/left', 'wb', 0); result = 0\n"
        "try:\n    for _ in range(1100): left.write(bytes(1 << 20))\nexcept OSError as error: result = error.errno\n"
        "os.truncate('/tmp/left', 0)"
    )
    ((forks, filled), (others,)) = stage_of.play([fork, fill], [fork], needs=["process limit", "disk limit"])
    assert 0 < forks < 8
    assert 0 < others < 8
    assert filled == errno.ENOSPC


def test_what_the_kernel_counts_for_all_of_a_user_is_not_one_sessions(stage_of: Theatre) -> None:
    """Watchers of files, signals that wait, and the names that shared memory has."""
    watchers = """
import ctypes, os
_libc = ctypes.CDLL(None, use_errno=True)
held = []
while (watcher := _libc.inotify_init1(0)) >= 0: held.append(watcher)
result = [len(held), ctypes.get_errno()]
"""
    signals = """
import ctypes, os, signal, struct, time
told, tell = os.pipe()
child = os.fork()
if child == 0:
    signal.pthread_sigmask(signal.SIG_BLOCK, [40]); os.write(tell, b"x"); time.sleep(1000)
os.read(told, 1)
said = (ctypes.c_char * 128)(); struct.pack_into("iii", said, 0, 40, 0, -1)
_libc.sigqueue.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p]
sent = 0
while sent < 200_000 and _libc.sigqueue(child, 40, None) == 0: sent += 1
result = [sent, ctypes.get_errno()]
"""
    names = """
sent = 0
try:
    while sent < 200_000: os.close(os.open(f"/dev/shm/{sent}", os.O_CREAT)); sent += 1
    result = [sent, 0]
except OSError as error: result = [sent, error.errno]
"""
    ((seen, sent, made), (beside,)) = stage_of.play([watchers, signals, names], [watchers])
    assert (seen[0] <= 16, seen[1]) == (True, errno.EMFILE)
    assert (sent[0] <= 8192, sent[1]) == (True, errno.EAGAIN)
    assert (made[0] < 65_536, made[1]) == (True, errno.ENOSPC)
    assert beside[0] == seen[0], "another session gets as many"


@pytest.mark.parametrize("kind", ["SOCK_DGRAM", "SOCK_STREAM"])
def test_no_abstract_socket_of_another_session(stage_of: Theatre, kind: str) -> None:
    bind = (
        f"import socket\nkept = socket.socket(socket.AF_UNIX, socket.{kind}); kept.bind('\\0agentcore-attack')\n"
        + ("kept.listen()\n" if kind == "SOCK_STREAM" else "")
        + "result = True"
    )
    connect = (
        f"import socket\nkept = socket.socket(socket.AF_UNIX, socket.{kind})\n"
        "try: kept.connect('\\0agentcore-attack'); result = 'connected'\nexcept OSError as error: result = 'refused'"
    )
    assert stage_of.play([bind], [connect], needs=["network of its own"]) == [[True], ["refused"]]
