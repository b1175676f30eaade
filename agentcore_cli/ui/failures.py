"""An error as a person or a script reads it."""

from __future__ import annotations

import sys
import traceback as tracebacks

from agentcore_cli.errors import AgentcoreError
from agentcore_cli.ui.json_lines import line
from agentcore_cli.ui.terminal import is_terminal, printable


def show_failure(error: AgentcoreError, *, as_json: bool, traceback: bool) -> None:
    """The error on stderr: what happened, what to do next, AWS's request id; with `as_json` an object on stdout."""
    if traceback:
        tracebacks.print_exception(error.__context__ or error, file=sys.stderr)
    if as_json:
        body = {"code": error.code, "message": error.message, "hint": error.hint, "request_id": error.request_id}
        print(line({"error": body}), flush=True)
        return
    red, reset = ("\033[31m", "\033[0m") if is_terminal(sys.stderr) else ("", "")
    print(f"{red}error:{reset} {printable(error.message)}", file=sys.stderr)
    if error.hint:
        print(f"  next: {printable(error.hint)}", file=sys.stderr)
    if error.request_id:
        print(f"  request id: {error.request_id}", file=sys.stderr)
