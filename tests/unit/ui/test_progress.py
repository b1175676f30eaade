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


def test_what_a_program_wrote_elsewhere_is_shown_and_steers_nothing() -> None:
    shown = io.StringIO()
    PlainProgress(shown)(Step("image", "output", "Step 1/2 : FROM x\x1b[2J"))
    PlainProgress(shown)(Step("image", "progress", "CodeBuild: BUILD"))
    assert shown.getvalue().startswith("    Step 1/2 : FROM x")
    assert shown.getvalue().count("\n") == 1
    assert "\x1b" not in shown.getvalue()
