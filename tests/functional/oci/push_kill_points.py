"""Builds with a push that are killed (-9) at every request to the registry in turn, each followed by one that is not.

Run as a program, since it forks: `push_kill_points.py FOLDER HOST REPOSITORY`. For each point it prints a JSON object:
the point, the tag that it pushed to, and whether the killed one left half an image under it.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.fakes.registry_proxy import Fault, RegistryProxy
from tests.functional.oci.conftest import SIGN_IN, Yard, is_whole
from tests.registry_server import RegistryServer


class DyingProxy(RegistryProxy):
    """In the process that pushes: it ends it at the `count`-th request, or when that has been done."""

    def __init__(self, upstream: str, count: int, *, after: bool) -> None:
        super().__init__(upstream)
        self._left, self._after = count, after

    def armed(self, method: str, path: str, length: int) -> Fault | None:
        super().armed(method, path, length)
        with self._arming:
            self._left -= 1
            is_now = self._left == 0
        return Fault(method, path, calls=_die, loses_answer=self._after) if is_now else None


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def build_and_push(folder: Path, upstream: str, name: str, count: int, *, after: bool) -> None:
    with DyingProxy(upstream, count, after=after) as proxy:
        yard = Yard(folder, proxy.host, sign_in=SIGN_IN)
        yard.push(yard.builder(attests=True).build(yard.work), name)


def in_a_fork(work: Callable[[], None]) -> int:
    """Run `work` in a child; 0, or the negative signal that ended it."""
    if pid := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def died_at(folder: Path, host: str, repository: str, count: int, *, after: bool) -> bool:
    """One point: a run that dies there, if it comes that far, and one that does not."""
    moment = "after" if after else "before"
    place = folder / f"{moment}{count}"
    (place / "project").mkdir(parents=True)
    (place / "project" / "main.py").write_text(f"point = {str(place)!r}\n")
    name, registry = f"{repository}-{moment}:{count}", RegistryServer(host, folder, None)
    run = partial(build_and_push, place, host, name)
    ended = in_a_fork(partial(run, count, after=after))
    assert ended in (0, -signal.SIGKILL)
    is_half = registry.manifest(*name.split(":")) is not None and not is_whole(registry, name)
    assert in_a_fork(partial(run, 0, after=after)) == 0
    print(json.dumps({"point": f"{moment} {count}", "died": ended != 0, "name": name, "half": is_half}), flush=True)
    return ended != 0


def main(folder: Path, host: str, repository: str) -> None:
    for after in (False, True):
        for count in itertools.count(1):
            if not died_at(folder, host, repository, count, after=after):
                break


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
