"""An error as a person or a script reads it."""

from __future__ import annotations

import sys
import traceback as tracebacks

from agentcore_cli.errors import AgentcoreError, Interrupted
from agentcore_cli.ui.json_lines import line
from agentcore_cli.ui.terminal import is_terminal, printable


def show_failure(error: AgentcoreError, *, as_json: bool, traceback: bool) -> None:
    """The error on stderr: what happened, what to do next, AWS's request id; with `as_json` an object on stdout.

    With `traceback` also that of the exception that is being handled.
    """
    if traceback:
        print(printable(tracebacks.format_exc()), end="", file=sys.stderr)
    if as_json:
        body = {"code": error.code, "message": error.message, "hint": error.hint, "request_id": error.request_id}
        print(line({"error": body}), flush=True)
        return
    if isinstance(error, Interrupted) and sys.stderr.isatty():
        print(file=sys.stderr)  # below the terminal's own ^C
    red, reset = ("\033[31m", "\033[0m") if is_terminal(sys.stderr) else ("", "")
    print(f"{red}{error.label}:{reset} {printable(error.message)}", file=sys.stderr)
    if error.hint:
        print(f"  next: {printable(error.hint)}", file=sys.stderr)
    if error.request_id:
        print(f"  request id: {printable(error.request_id)}", file=sys.stderr)
