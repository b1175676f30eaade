"""The files of an interpreter, found without running it: it is the first thing that runs inside.

A virtual environment names the interpreter that it was made from by the links of its `bin/python`. What is shown is
the environment, and the folder that holds the real program if it is a Python's: `bin/python…` beside `lib/python3.…`.
The `home` of pyvenv.cfg is an alias at most: packages may have written there.
"""

import glob
import os

from . import paths

_ALIASES_MAX = 16 * 1024  # bytes of pyvenv.cfg that are read


def places(interpreter: str, kept_out: "list[str]") -> "list[str]":
    """What must be visible for `interpreter` to run. A folder that holds one of `kept_out` (HOME, the runtime's own
    folder) is not shown as a whole; then only what belongs to the interpreter is."""
    found = [interpreter]
    environment = os.path.dirname(os.path.dirname(interpreter))
    if os.path.isfile(os.path.join(environment, "pyvenv.cfg")):
        found += [environment, *_alias(environment)]
    program = os.path.realpath(interpreter)
    prefix = os.path.dirname(os.path.dirname(program))
    libraries = glob.glob(f"{glob.escape(prefix)}/lib*/python3*/os.py")
    if libraries and not _holds(prefix, kept_out):
        found.append(prefix)
    elif libraries:
        found += [os.path.dirname(library) for library in libraries]
        found += glob.glob(f"{glob.escape(prefix)}/lib*/libpython3*")
    return [path for path in found if not _holds(path, kept_out)]


def _alias(environment: str) -> "list[str]":
    """The folder that the environment calls its interpreter's home, if it is one's."""
    with open(os.path.join(environment, "pyvenv.cfg"), errors="replace") as file:
        lines = file.read(_ALIASES_MAX).splitlines()
    homes = [value.strip() for name, _, value in (line.partition("=") for line in lines) if name.strip() == "home"]
    program = os.path.realpath(os.path.join(environment, "bin", "python"))
    return [home for home in homes if os.path.isabs(home) and os.path.realpath(home) == os.path.dirname(program)]


def _holds(folder: str, kept_out: "list[str]") -> bool:
    return any(paths.is_in(os.path.realpath(other), os.path.realpath(folder)) for other in kept_out)
