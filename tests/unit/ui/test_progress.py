"""Steps as lines."""

from __future__ import annotations

import io

from agentcore_cli.events import Step
from agentcore_cli.ui.progress import PlainProgress


def test_a_failed_step_is_one_line_since_the_error_tells_the_rest() -> None:
    shown = io.StringIO()
    PlainProgress(shown)(Step("runtime", "failed", "does not start: it died.\nTraceback\n  ValueError", 1.0))
    assert shown.getvalue() == "✗ runtime: does not start: it died. (1.0s)\n"


def test_a_step_that_is_done_is_told_whole() -> None:
    shown = io.StringIO()
    PlainProgress(shown)(Step("runtime", "done", "one\ntwo"))
    assert shown.getvalue() == "✓ runtime: one\ntwo\n"
