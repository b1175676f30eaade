"""Run by IPython's interpreter: the cells of a notebook in their order; a line of JSON for each display and each cell.

Usage: kernel.py AGENT NOTEBOOK. The agent's code becomes the first cell, as `%%writefile`. A line on stdin lets the
next cell begin.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell


class Collector(DisplayPublisher):
    """Says what a notebook would show."""

    def publish(self, data: dict[str, Any], **rest: Any) -> None:
        print(json.dumps({"shown": data}), file=sys.__stdout__, flush=True)


def main(agent: Path, notebook: Path) -> int:
    InteractiveShell.display_pub_class = Collector
    shell = InteractiveShell.instance()
    cells = [f"%%writefile {agent.name.removeprefix('seed_')}\n{agent.read_text()}"]
    cells += notebook.read_text().split("\n# %%\n")
    for number, cell in enumerate(cells):
        result = shell.run_cell(cell, store_history=True)
        if not result.success:
            print(json.dumps({"failed": number}), file=sys.__stdout__, flush=True)
            return 1
        print(json.dumps({"ran": number, "result": repr(result.result)}), file=sys.__stdout__, flush=True)
        sys.stdin.readline()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
