"""The process: `agentcore` and `python -m agentcore_cli`."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line in sys.argv and exit with its code."""
    from agentcore_cli.main import main

    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
