"""`python -m agentcore_cli.local --home DIR`: the local runtime's server, in the foreground or, with --detach, not."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from agentcore_cli.local.daemon import READY
from agentcore_cli.local.home import Home


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m agentcore_cli.local", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the state folder")
    parser.add_argument("--detach", action="store_true", help="go on in the background once the server answers")
    options = parser.parse_args()
    if options.detach:
        _leave_the_terminal()
    from agentcore_cli.local import server

    return server.run(Home(options.home.absolute()).create(), ready=_let_go if options.detach else _announce)


def _leave_the_terminal() -> None:
    """Become nobody's child, in a session of its own, before any thread or loop is there."""
    if os.fork():
        os._exit(0)
    os.setsid()


def _let_go() -> None:
    """Tell whoever waits that the server answers, and keep no pipe of its."""
    os.write(1, READY)
    os.dup2(2, 1)


def _announce() -> None:
    print(READY.decode(), flush=True)  # noqa: T201 - in the foreground this is the program's output


if __name__ == "__main__":
    sys.exit(main())
