"""Make runtimes and tag them for as long as the process lives; each acknowledged write is one line on stdout.

Run as `python -m tests.functional.local.control.writer HOME REGION`.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from urllib.parse import quote

from tests.fakes.control import SETTINGS, LocalControl


def write(home: Path, region: str) -> None:
    with asyncio.Runner() as runner:
        control = LocalControl(home, runner)
        for number in range(1_000_000):
            members = {"agentRuntimeName": f"agent{number}", **SETTINGS}
            _, made = control.call("PUT", "/runtimes/", members, region=region)
            print(made["agentRuntimeId"], "made", flush=True)
            arn = quote(made["agentRuntimeArn"], safe="")
            tags = {"number": str(number), "padding": "x" * 200}
            control.call("POST", f"/tags/{arn}", {"tags": tags}, region=region)
            print(made["agentRuntimeId"], "tagged", flush=True)


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2])
