"""Measure every figure that the project promises, side by side in one run, and hold each against its mark.

    python -m tests.bench [--quick] [--only start_up,load] [--output FILE] [--against GITREF]

The exit code says whether the measuring worked, not whether the marks are met: a busy machine misses some. What needs a
program that is not here, wrk or Docker, is left out, and said so.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import (
    aws_calls,
    builders,
    dev,
    load,
    many_sessions,
    memory,
    new_session,
    page,
    session_network,
    start_up,
    traces,
    warm_call,
    whole_invoke,
)
from tests.bench.against import Earlier, comparison, earlier
from tests.bench.effort import FULL, QUICK, Effort
from tests.bench.figure import Figure, Missing, table
from tests.bench.stage import Stage, stage

Measure = Callable[[Stage, Effort], Iterator[Figure]]

MEASURES: dict[str, Measure] = {
    "start_up": start_up.measure,
    "whole_invoke": whole_invoke.measure,
    "new_session": new_session.measure,
    "warm_call": warm_call.measure,
    "session_network": session_network.measure,
    "load": load.measure,
    "many_sessions": many_sessions.measure,
    "memory": memory.measure,
    "traces": traces.measure,
    "aws_calls": aws_calls.measure,
    "builders": builders.measure,
    "dev": dev.measure,
    "page": page.measure,
}


def main() -> None:
    arguments = _parser().parse_args()
    effort = QUICK if arguments.quick else FULL
    print("deploying the agents that are measured", file=sys.stderr)
    left_out: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        before = stack.enter_context(earlier(arguments.against)) if arguments.against else None
        prepared = stack.enter_context(stage())
        measures = {name: MEASURES[name] for name in arguments.only}
        if before is not None:
            measures = {name: _after(before, name, measure, arguments.quick) for name, measure in measures.items()}
        figures = list(measured(measures, prepared, effort, left_out))
    print(table(figures))
    if before is not None:
        print(f"\n{comparison(figures, before.ref, before.values)}")
    for name, reason in left_out.items():
        print(f"left out: {name}: {reason}")
    if arguments.output:
        report = _report(figures, arguments.quick) | {"left_out": left_out}
        if before is not None:
            report["before"] = {"ref": before.ref, "figures": before.values}
        arguments.output.write_text(json.dumps(report, indent=2) + "\n")


def measured(
    measures: Mapping[str, Measure], prepared: Stage, effort: Effort, left_out: dict[str, str]
) -> Iterator[Figure]:
    """The figures that can be measured here; `left_out` gets the reason for each of the others."""
    for name, measure in measures.items():
        print(f"measuring {name}", file=sys.stderr)
        try:
            for figure in measure(prepared, effort):
                print(f"  {figure.name}: {figure.value:,.2f} {figure.unit}", file=sys.stderr)
                yield figure
        except Missing as reason:
            left_out[name] = str(reason)


def _after(before: Earlier, name: str, measure: Measure, quick: bool) -> Measure:
    """The same measure, with that of the earlier state just before it."""

    def both(prepared: Stage, effort: Effort) -> Iterator[Figure]:
        before.measure(name, quick=quick)
        return measure(prepared, effort)

    return both


def _report(figures: list[Figure], quick: bool) -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processors": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "quick": quick,
        "figures": [figure.as_json() for figure in figures],
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure what the project promises.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the sessions, fewer rounds")
    parser.add_argument("--only", type=_names, default=list(MEASURES), help=f"some of {','.join(MEASURES)}")
    parser.add_argument(
        "--against", metavar="GITREF", help="an earlier state, which is measured in turns with this one"
    )
    parser.add_argument("--output", type=Path, help="write the figures to this file as JSON")
    return parser


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in MEASURES]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(MEASURES)}")
    return names


if __name__ == "__main__":
    main()
