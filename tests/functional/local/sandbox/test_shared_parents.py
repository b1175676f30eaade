"""Versions of one runtime that differ in their code alone have one parent, unless what it imported would be wrong."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from agentcore_cli.local.sandbox import Program
from agentcore_cli.local.sandbox.trees import empty_tree
from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in
from tests.long_cases import always

OBEDIENT = (AGENTS / "obedient.py").read_text()


def version(stage: Stage, folder: Path, **files: str) -> Program:
    """The next version of the stage's runtime, with these files beside its entry."""
    source = folder / str(len(list(folder.iterdir())))
    source.mkdir()
    for name, text in {"agent": OBEDIENT, **files}.items():
        (source / f"{name}.py").write_text(text)
    return stage.program(source, "agent.py")


async def test_the_next_version_comes_from_the_same_parent_with_its_own_code(stage: Stage, tmp_path: Path) -> None:
    first = version(stage, tmp_path, helper="MARK = 1\n")
    await stage.sandbox.prepare(first)
    old = await stage.start(first)
    second = version(stage, tmp_path, helper="MARK = 2\n")
    await stage.sandbox.prepare(second)
    new = await stage.start(second)
    assert new.forked.parent is old.forked.parent
    assert await run_in(old, "import helper; result = helper.MARK") == 1
    assert await run_in(new, "import helper; result = helper.MARK") == 2
    assert await run_in(new, "import os; result = os.path.exists('/.code/' + '1')") is False


async def test_the_parent_outlives_the_version_that_it_was_started_for(stage: Stage, tmp_path: Path) -> None:
    first, second = version(stage, tmp_path), version(stage, tmp_path, helper="MARK = 2\n")
    await stage.sandbox.prepare(first)
    await stage.sandbox.prepare(second)
    await stage.sandbox.forget(first.key)
    empty_tree(first.code)  # as `Snapshots.forget` does, under another name
    first.code.rename(first.code.with_name(".gone"))
    session = await stage.start(second)
    assert await run_in(session, "import helper; result = helper.MARK") == 2
    third = version(stage, tmp_path)
    await stage.sandbox.prepare(third)
    assert (await stage.start(third)).forked.parent is session.forked.parent


@pytest.mark.parametrize("hides", [True, False], ids=["comes", "goes"])
async def test_a_module_that_hides_a_package_makes_a_parent_of_its_own(
    stage: Stage, tmp_path: Path, hides: bool
) -> None:
    """`colorsys` is the standard library's in one version, and the agent's own in the other."""
    header = "import colorsys\n"
    plain = version(stage, tmp_path, agent=header + OBEDIENT)
    hiding = version(stage, tmp_path, agent=header + OBEDIENT, colorsys="MARK = 'own'\n")
    for program in (plain, hiding) if hides else (hiding, plain):
        await stage.sandbox.prepare(program)
        session = await stage.start(program)
        said = await run_in(session, "import colorsys; result = getattr(colorsys, 'MARK', 'library')")
        assert said == ("own" if program is hiding else "library")


@pytest.mark.parametrize("other", always("environment", "runtime", of=["environment", "start", "runtime", "data"]))
async def test_other_settings_and_other_agents_have_parents_of_their_own(
    stage: Stage, tmp_path: Path, other: str
) -> None:
    first, second = version(stage, tmp_path), version(stage, tmp_path)
    changed = {
        "environment": replace(second, environment={"A": "b"}),
        "start": replace(second, start=("agent.py", "x")),
        "runtime": replace(second, key="another/1"),
        "data": replace(second, data="another"),
    }[other]
    for program in (first, changed):
        await stage.sandbox.prepare(program)
    one, two = await asyncio.gather(stage.start(first), stage.start(changed))
    assert one.forked.parent is not two.forked.parent
