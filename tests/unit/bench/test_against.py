"""Before and after, side by side."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.bench.against import Earlier, comparison
from tests.bench.figure import Figure

SPEED = Figure("speed", "1 ms", "30 ms", 30.0, "times", "at least", 20)
MEMORY = Figure("memory", "8 MB", "", 8.0, "MB", "at most", 12)


def checkout(folder: Path, bench: str) -> Path:
    """One whose `tests.bench` is this source, and whose interpreter is ours."""
    made = folder / "checkout"
    (made / ".venv" / "bin").mkdir(parents=True)
    (made / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (made / "tests" / "bench").mkdir(parents=True)
    (made / "tests" / "bench" / "__main__.py").write_text(bench)
    return made


def test_its_own_bench_measures_what_is_asked(tmp_path: Path) -> None:
    figures = {"figures": [SPEED.as_json()]}
    bench = f"import sys; open(sys.argv[4], 'w').write({json.dumps(figures)!r}); assert sys.argv[5] == '--quick'"
    before = Earlier(checkout(tmp_path, bench), "v1")
    before.measure("new_session", quick=True)
    assert before.values == {"speed": 30.0}


def test_what_it_does_not_know_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = Earlier(checkout(tmp_path, "raise SystemExit('session_network: not one of new_session')"), "v1")
    before.measure("session_network", quick=False)
    assert before.values == {}
    assert capsys.readouterr().err == "  v1: session_network: not one of new_session\n"


def test_figures_that_both_have_stand_side_by_side() -> None:
    lines = comparison([SPEED, MEMORY], "v1", {"memory": 12.02, "gone": 1.0}).splitlines()
    assert [line.split() for line in lines if set(line) != {"-"}] == [
        ["figure", "v1", "now"],
        ["memory", "12.02", "8.00", "MB"],
    ]
