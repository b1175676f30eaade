"""The variables that a program's processes start with: made anew, not inherited from whoever started the server."""

from __future__ import annotations

import os

from agentcore_cli.local.sandbox.program import Program

# How this machine reaches the network, tells the time and finds programs; nothing that belongs to its user.
PASSED_ON = (
    "PATH",
    "TZ",
    *(name for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY") for name in (proxy, proxy.lower())),
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE",
)


def base_environment(program: Program, home: str, temporary: str) -> dict[str, str]:
    """The surroundings of `program`, with the runtime's own variables on top."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    path = os.pathsep.join([str(program.interpreter.parent), passed_on.pop("PATH", os.defpath)])
    return {
        **passed_on,
        "PATH": path,
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "HOME": home,
        "TMPDIR": temporary,
        # its PYTHONPATH is relative to the code, which each session has in a place of its own
        **{name: value for name, value in program.environment.items() if name != "PYTHONPATH"},
    }
