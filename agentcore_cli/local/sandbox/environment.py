"""The variables that a program's processes start with: made anew, not inherited from whoever started the server."""

from __future__ import annotations

import os

from agentcore_cli.local.sandbox.program import Program
from agentcore_cli.local.sandbox.worker import paths
from agentcore_cli.local.sandbox.worker.places import SYSTEM

# What they name is shown inside.
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")

# How this machine reaches the network and tells the time; nothing that belongs to its user.
PASSED_ON = (
    "TZ",
    *(name for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY") for name in (proxy, proxy.lower())),
    *CERTIFICATES,
)


# Where programs are that every machine has; a session finds them though whoever started the server does not.
_SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")

# What makes another interpreter, loader or allocator of the one that runs: a parent never gets these.
_CHANGING = ("PYTHON", "LD_", "DYLD_", "MALLOC_", "GLIBC_TUNABLES", "GCONV_PATH", "OPENSSL_CONF")
# These do in a process that runs what they do in one that starts.
_HARMLESS = frozenset({"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"})


def interpreter_variables(program: Program) -> dict[str, str]:
    """Those of the runtime's variables that change the interpreter: a session has them, its parent never.

    Not PYTHONPATH, which is relative to the code: a session makes it from `Program.python_path`.
    """
    changing = program.environment.items()
    return {name: value for name, value in changing if name.startswith(_CHANGING) and name != "PYTHONPATH"}


def needs_own_interpreter(program: Program) -> str | None:
    """The name of a variable that only a new interpreter can take in, or None."""
    return next((name for name in interpreter_variables(program) if name not in _HARMLESS), None)


def passed_on() -> dict[str, str]:
    """What the server's own environment has of them."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}


def search_path(program: Program, *, walled: bool) -> str:
    """PATH: the environment's own programs, then the machine's; of those, behind walls, where there is something."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if walled:
        seen = [folder for folder in folders if os.path.isabs(folder) and _is_shown(folder)]
        folders = [*seen, *_SYSTEM_PATH]
    return os.pathsep.join(dict.fromkeys([str(program.interpreter.parent), *folders]))


def _is_shown(folder: str) -> bool:
    return any(paths.is_in(folder, place) for place in SYSTEM)


def base_environment(program: Program, home: str, temporary: str, *, walled: bool) -> dict[str, str]:
    """The surroundings of `program`'s parents: the runtime's own variables on top, but those of its interpreter."""
    withheld = interpreter_variables(program)
    return {
        **passed_on(),
        "PATH": search_path(program, walled=walled),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "HOME": home,
        "TMPDIR": temporary,
        # its PYTHONPATH is relative to the code, which each session has in a place of its own
        **{n: value for n, value in program.environment.items() if n not in withheld and n != "PYTHONPATH"},
    }
