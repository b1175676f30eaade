"""What goes well here and not in an image on AWS, said once in the session's log, and to who calls the session.

A server on loopback is reached here, from inside the session, and by nobody on AWS. A program of this machine is not in
the image that a deploy builds, which is a slim Debian with Python: `SLIM` are the packages that Debian calls essential,
with apt, mawk and passwd (debian-policy 3.8; docker-library/python, `slim`). The SDK's own server is left alone: it
listens on loopback here and on all interfaces in an image.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from .log import MARK

_SLIM = """
    bash sh dash rbash arch b2sum base32 base64 basename basenc cat chcon chgrp chmod chown chroot cksum comm cp
    csplit cut date dd df dir dircolors dirname du echo env expand expr factor false fmt fold groups head hostid id
    install join kill link ln logname ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste
    pathchk pinky pr printenv printf ptx pwd readlink realpath rm rmdir runcon seq sha1sum sha224sum sha256sum
    sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee test timeout touch tr
    true truncate tsort tty uname unexpand uniq unlink users vdir wc who whoami yes [ which run-parts tempfile cmp
    diff diff3 sdiff find xargs grep egrep fgrep gzip gunzip zcat zgrep uncompress hostname awk mawk perl sed tar
    flock getopt logger lscpu mount more nsenter prlimit script setsid su taskset umount unshare whereis getent
    getconf ldd locale iconv ldconfig tzselect tset tput clear reset infocmp login passwd useradd apt apt-get
    apt-cache dpkg openssl update-ca-certificates
"""
SLIM = frozenset(_SLIM.split())
_SYSTEMS = ("", "/", "/usr", "/bin", "/usr/bin")  # Debian's own Python lies among the machine's programs
_PYTHONS = ("python", "pip", "pydoc", "idle")
_LOOPBACKS = ("localhost", "::1")

_said: "set[str]" = set()


def tell(text: str) -> None:
    """Say it, the first time in this process, where the agent's own output goes."""
    if text not in _said:
        _said.add(text)
        os.write(2, MARK + text.encode() + b"\n")


def watch_programs() -> None:
    """See which programs are started by `subprocess` (asyncio's and anyio's come by it, too) and `os.system`."""
    import _posixsubprocess

    original, system = _posixsubprocess.fork_exec, os.system

    def fork_exec(arguments: Any, executables: Any, *rest: Any) -> int:
        look_at(_words(arguments), executables)
        return original(arguments, executables, *rest)

    def watched(spawn: Any) -> Any:
        def posix_spawn(path: Any, arguments: Any, *rest: Any, **options: Any) -> int:
            look_at(_words(arguments), [os.fsencode(path)])
            return int(spawn(path, arguments, *rest, **options))

        return posix_spawn

    def run(command: Any) -> int:
        look_at(["sh", "-c", os.fsdecode(command)], [])
        return system(command)

    _posixsubprocess.fork_exec = fork_exec
    subprocess: Any = sys.modules.get("subprocess")
    if hasattr(subprocess, "_fork_exec"):  # since Python 3.11 it has a name of its own for it
        subprocess._fork_exec = fork_exec
    os.system = run
    os.posix_spawn = watched(os.posix_spawn)  # what subprocess takes for a path to a program, since Python 3.13


def look_at(arguments: "Sequence[str]", executables: "Sequence[bytes]") -> None:
    """Tell of a program that is this machine's; a shell's are those that its command begins with. Never raises."""
    try:
        if len(arguments) > 2 and os.path.basename(arguments[0]) in ("sh", "bash") and arguments[1] == "-c":
            programs = list(_begun(arguments[2]))
        else:
            found = [os.fsdecode(place) for place in executables if os.access(place, os.X_OK)]
            programs = found[:1] or list(arguments[:1])
        for program in programs:
            if is_the_machines(program):
                told = f"{os.path.basename(program)} is a program of this machine"
                tell(f"{told}; the image for AWS has none, but for what its Dockerfile installs")
    except Exception:  # whatever an agent starts, it shall start
        return


def is_the_machines(program: str) -> bool:
    """Whether it is found outside the agent's packages, interpreter and code, and is none of a slim image's."""
    import shutil

    name = os.path.basename(program)
    if name in SLIM or name.startswith(_PYTHONS):
        return False
    place = shutil.which(program)
    if place is None:
        return False
    own = (sys.prefix, sys.base_prefix, os.getcwd(), os.path.dirname(sys.executable))
    return not any(os.path.abspath(place).startswith(f"{folder}/") for folder in own if folder not in _SYSTEMS)


def look_at_address(host: Any, port: int) -> None:
    """Tell of the agent's own server where it listens on loopback."""
    is_sdk = "bedrock_agentcore" in sys.modules and not os.environ.get("DOCKER_CONTAINER")
    if isinstance(host, str) and not is_sdk and (host in _LOOPBACKS or host.startswith("127.")):
        tell(on_loopback(host, port))


def on_loopback(host: str, port: int) -> str:
    """What there is to tell of it."""
    return f"the server listens on {host}:{port}, where AWS does not reach it, though it works here: give it 0.0.0.0"


def _begun(command: str) -> "Iterator[str]":
    """The words that commands of a shell begin with: `cd x && git log | head` -> cd, git, head."""
    import shlex

    begins = True
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    for word in lexer:
        if set(word) <= set("();<>|&"):
            begins = not set(word) & set("<>")
        elif begins and "=" not in word:
            yield word
            begins = False


def _words(arguments: "Sequence[Any]") -> "list[str]":
    return [os.fsdecode(word) for word in arguments]
