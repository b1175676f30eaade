"""What the whole machine is given for the tests: engine, registries and their names; shared, and then taken away.

The first test process that wants it sets it up, the last one that leaves takes it down. A tenant that was killed does
not count: the next one finds out and begins anew.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentcore_cli.files import lock
from tests.stage import engine, hosts, registry
from tests.stage.base_image import base_image
from tests.stage.registry import ECR, PUBLIC, Registry

FOLDER: Final = Path("/tmp/agentcore-e2e")


@dataclass(frozen=True, slots=True)
class Machine:
    """`ecr` holds what was pushed, `public` the base image."""

    ecr: Registry
    public: Registry


@contextmanager
def machine(folder: Path = FOLDER) -> Iterator[Machine]:
    """Use the shared parts. Raises RuntimeError when one of them does not come up."""
    tenant = folder / "tenants" / str(os.getpid())
    with lock(folder.with_suffix(".lock"), purpose="set-up of the stage", wait=True):
        if not _tenants(folder):
            _take_down(folder)
            _set_up(folder)
        tenant.touch()
    authority = registry.authority_file(folder)
    try:
        yield Machine(Registry(ECR, authority), Registry(PUBLIC, authority))
    finally:
        with lock(folder.with_suffix(".lock"), purpose="set-up of the stage", wait=True):
            tenant.unlink()
            if not _tenants(folder):
                _take_down(folder)


def _set_up(folder: Path) -> None:
    (folder / "tenants").mkdir(parents=True)
    try:
        image = base_image()
        hosts.add(registry.ADDRESSES)  # before the engine, which remembers what it could not find
        engine.start(folder)
        registry.start(folder, engine.TRUST)
        Registry(PUBLIC, registry.authority_file(folder)).publish(image)
    except BaseException:
        _take_down(folder)
        raise


def _take_down(folder: Path) -> None:
    if folder.exists():
        if engine.answers():
            engine.forget_images((f"{ECR}/", f"{PUBLIC}/"))
        registry.stop(folder, engine.TRUST)
        hosts.remove()
        engine.stop(folder)
        shutil.rmtree(folder)


def _tenants(folder: Path) -> list[str]:
    """Those that are alive, by pid."""
    there = [path.name for path in folder.glob("tenants/*")]
    return [pid for pid in there if Path("/proc", pid).exists()]
