"""Warm parents: what they import, what they learn, and when a new interpreter is used instead."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from agentcore_cli.local.sandbox import Program, SandboxError, SessionProcess
from agentcore_cli.local.sandbox.isolation import Isolation
from tests.environments import agent_environment, find_python
from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in

OBEDIENT = AGENTS / "obedient.py"
NO_FORKS = Isolation(None, overlay=False, reason="as on macOS", forks=False)


async def loaded_at_start(stage: Stage, program: Program) -> set[str]:
    """The modules that a new session's agent found loaded when its first line ran."""
    session = await stage.start(program)
    return set(await run_in(session, "result = at_start"))


async def learn_from(stage: Stage, program: Program, source: str) -> SessionProcess:
    """A session that ran `source` for its first answer, and is asked what it has loaded."""
    session = await stage.start(program)
    await run_in(session, source)
    session.answered()
    return session


def after(header: str) -> str:
    """The source of an obedient agent with other imports on top, which it notes the modules before."""
    return f"import sys\nat_start = sorted(sys.modules)\n{header}\n{OBEDIENT.read_text()}".replace(
        "\nat_start = sorted(sys.modules)\n\n\nclass", "\n\n\nclass"
    )


async def test_the_parent_imports_what_the_source_imports_and_never_the_project(stage: Stage) -> None:
    source = stage.write(
        agent=after("import helper, colorsys"),
        helper="import wave\ntry:\n    import no_such_module\nexcept ImportError:\n    from folder import inner",
    )
    (source / "folder").mkdir()
    (source / "folder" / "__init__.py").touch()
    (source / "folder" / "inner.py").write_text("import calendar\ndef later():\n    import turtle")
    loaded = await loaded_at_start(stage, stage.program(source, "agent.py"))
    assert {"colorsys", "wave", "calendar"} <= loaded
    assert not {"helper", "folder", "folder.inner", "turtle"} & loaded


async def test_a_module_of_the_project_comes_before_an_installed_one_of_its_name(stage: Stage) -> None:
    """`colorsys.py` beside the agent, and a library that imports colorsys: the agent's is meant, as ever."""
    interpreter = stage.interpreter(library="import colorsys\nseen = colorsys.mine")
    source = stage.write(agent=after("import library"), colorsys="mine = True", json_="")
    program = stage.program(source, "agent.py", interpreter=interpreter)
    assert await run_in(await stage.start(program), "result = library.seen") is True


async def test_no_code_of_the_agent_runs_before_its_session(stage: Stage) -> None:
    source = stage.write(agent=after("import helper"), helper="import os; pid = os.getpid()")
    program = stage.program(source, "agent.py")
    first, second = await stage.start(program), await stage.start(program)
    assert await run_in(first, "import os; result = helper.pid == os.getpid()") is True
    assert await run_in(second, "import os; result = helper.pid == os.getpid()") is True


async def test_the_next_session_finds_loaded_what_the_first_one_imported_while_it_answered(stage: Stage) -> None:
    source = stage.write(agent=after(""), own="import wave")
    program = stage.program(source, "agent.py")
    await learn_from(stage, program, "import colorsys, own, this")
    session = await learn_from(stage, program, "import colorsys, own, antigravity")
    async with asyncio.timeout(60):
        while "colorsys" not in await loaded_at_start(stage, program):
            await asyncio.sleep(0.1)
    loaded = await loaded_at_start(stage, program)
    assert {"colorsys", "wave"} <= loaded
    assert not {"own", "this", "antigravity"} & loaded
    learned = json.loads(next((stage.home.root / "learned").iterdir()).read_text())
    assert "colorsys" in learned
    assert "own" not in learned
    assert await run_in(session, "result = 1") == 1
    await stage.sandbox.forget(program.key)
    assert "colorsys" in await loaded_at_start(stage, program)


async def test_a_session_that_ends_unanswered_leaves_learning_to_the_next(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    session = await stage.start(program)
    await session.stop(grace=1)
    for _ in range(2):
        await learn_from(stage, program, "import colorsys")
    async with asyncio.timeout(60):
        while "colorsys" not in await loaded_at_start(stage, program):
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("library", "reason"),
    [
        pytest.param(
            "import threading, time\nthreading.Thread(target=time.sleep, args=(99,), daemon=True, name='busy').start()",
            "its imports leave 1 Python threads running (busy)",
            id="python-thread",
        ),
        pytest.param("import os; os._exit(9)", "the parent of the sessions has ended: without a word", id="ends"),
        pytest.param(
            "import ctypes; ctypes.string_at(0)", "the parent of the sessions has ended: without a word", id="crashes"
        ),
    ],
)
async def test_a_new_interpreter_is_used_when_a_fork_is_unsafe(library: str, reason: str, stage: Stage) -> None:
    interpreter = stage.interpreter(library=library)
    source = stage.write(agent=after("import os\nif os.environ.get('AWS_REGION') is None:\n    import library"))
    program = stage.program(source, "agent.py", interpreter=interpreter)
    await stage.sandbox.prepare(program)
    session = await stage.start(program, environment={"AWS_REGION": "us-west-2"})
    assert (session.warm, session.reason) == (False, reason)
    assert await run_in(session, "result = [sys.argv, os.environ['AWS_REGION'], __name__]") == [
        ["agent.py"],
        "us-west-2",
        "__main__",
    ]
    await run_in(session, "open('/tmp/x', 'w').close(); open('x', 'w').close()")


async def test_imports_that_fail_or_exit_do_not_matter_to_the_parent(stage: Stage) -> None:
    interpreter = stage.interpreter(
        exits="import sys; sys.exit(1)", fails="import os\nif os.getpid() > 2: raise RuntimeError"
    )
    header = "try:\n    import exits\nexcept SystemExit:\n    import fails\nimport colorsys"
    source = stage.write(agent=after(header))
    program = stage.program(source, "agent.py", interpreter=interpreter)
    session = await stage.start(program)
    assert session.warm
    assert "colorsys" in await run_in(session, "result = at_start")


async def test_without_forks_every_session_is_a_new_interpreter(tmp_path: Path) -> None:
    async with Stage(tmp_path, NO_FORKS) as stage:
        session = await stage.start(stage.program(OBEDIENT))
        assert not session.warm
        assert "fork" in session.reason
        assert await run_in(session, "result = 1") == 1


async def test_an_interpreter_that_does_not_exist_is_an_error(stage: Stage, tmp_path: Path) -> None:
    program = stage.program(OBEDIENT, interpreter=tmp_path / "no" / "python")
    with pytest.raises(SandboxError, match="No such file"):
        await stage.sandbox.prepare(program)
    with pytest.raises(SandboxError, match="No such file"):
        await stage.start(program)
    assert stage.session_folders() == []


async def test_a_module_is_run_as_python_m_runs_it(stage: Stage) -> None:
    source = stage.write(agent=after("import colorsys"))
    session = await stage.start(stage.program(source, "-m", "agent", "--flag"))
    ask = "result = [sys.argv[1:], __name__, __spec__.name, sys.argv[0] == __file__, 'colorsys' in at_start]"
    assert await run_in(session, ask) == [["--flag"], "__main__", "agent", True, True]


@pytest.mark.parametrize("start", [("agent.py", "--flag"), ("-m", "agent", "--flag")], ids=["script", "module"])
async def test_a_reloader_starts_the_program_and_nothing_of_ours(start: tuple[str, ...], stage: Stage) -> None:
    session = await stage.start(stage.program(stage.write(agent=after("import sys")), *start))
    assert await run_in(session, "result = [sys.orig_argv[0] == sys.executable, *sys.orig_argv[1:]]") == [
        True,
        *start,
    ]


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13", "3.14"])
async def test_every_python_serves(version: str, stage: Stage) -> None:
    try:
        find_python(version)
    except LookupError as missing:
        pytest.skip(str(missing))
    program = stage.program(OBEDIENT, interpreter=agent_environment(python=version))
    session = await stage.start(program)
    assert session.warm
    assert await run_in(session, "result = sys.version_info[:2]") == [int(part) for part in version.split(".")]
    session.answered()
    assert (await session.stop()).signal


async def test_numpy_s_native_threads_are_no_reason_against_forking(stage: Stage) -> None:
    """OpenBLAS ends its threads before a fork and starts them again; two children must not draw the same numbers."""
    source = stage.write(agent=after("import numpy"))
    program = stage.program(source, "agent.py", interpreter=agent_environment("numpy"))
    first, second = await stage.start(program), await stage.start(program)
    assert (first.warm, first.reason) == (True, "")
    compute = "result = [float((numpy.ones((200, 200)) @ numpy.ones((200, 200)))[0, 0]), numpy.random.random()]"
    (product, one), (_, other) = await run_in(first, compute), await run_in(second, compute)
    assert product == 200
    assert one != other


async def test_a_start_that_is_cancelled_leaves_nothing(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    await stage.sandbox.prepare(program)
    starts = [asyncio.ensure_future(stage.start(program)) for _ in range(4)]
    await asyncio.sleep(0.003)
    in_time = [starts[0].cancel(), False, starts[2].cancel(), False]  # one that is done by then is a session
    results = await asyncio.gather(*starts, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in results] == in_time
    assert await run_in(await starts[1], "result = 1") == 1
    async with asyncio.timeout(60):
        while len(stage.session_folders()) > in_time.count(False):
            await asyncio.sleep(0.05)


LAUNCHER = """
import os, sys
os.environ["LAUNCHED"] = "yes"
os.execl(sys.argv[1], sys.argv[1], *sys.argv[2:])
"""


async def test_a_launcher_that_executes_the_interpreter_is_followed(stage: Stage) -> None:
    """As opentelemetry-instrument does: the session's port must survive it."""
    launcher = stage.write(launcher=LAUNCHER) / "launcher.py"
    start = (str(launcher), sys.executable, "obedient.py", "argument")
    program = stage.program(OBEDIENT, *start, readable=(launcher.parent,))
    session = await stage.start(program, environment={"AWS_REGION": "us-west-2"})
    assert (session.warm, session.reason) == (False, "launcher.py executes a new interpreter")
    ask = "import os; result = [sys.argv, os.environ['LAUNCHED'], os.environ['AWS_REGION'], sys.path[0]]"
    assert await run_in(session, ask) == [
        ["obedient.py", "argument"],
        "yes",
        "us-west-2",
        "/var/task",
    ]


async def test_what_would_make_forking_unsafe_is_not_learned(stage: Stage) -> None:
    thread = "import threading, time\nthreading.Thread(target=time.sleep, args=(99,), daemon=True).start()"
    interpreter = stage.interpreter(library=thread)
    program = stage.program(OBEDIENT, interpreter=interpreter)
    for _ in range(2):
        await learn_from(stage, program, "import library")
    async with asyncio.timeout(60):
        while not list((stage.home.root / "learned").glob("*.json")):
            await asyncio.sleep(0.05)
    assert next((stage.home.root / "learned").iterdir()).read_text() == "[]"
    assert (await stage.start(program)).warm


@pytest.mark.parametrize("delay", [0.0, 0.001, 0.003, 0.01])
async def test_a_session_that_is_being_started_is_not_lost_with_its_parent(stage: Stage, delay: float) -> None:
    """The parent is let go of between the request for a session and its answer: the answer must still be heard."""
    program = stage.program(OBEDIENT)
    await stage.sandbox.prepare(program)
    starting = asyncio.create_task(stage.start(program))
    await asyncio.sleep(delay)
    await stage.sandbox.forget(program.key)
    session = await asyncio.wait_for(starting, 60)
    assert await run_in(session, "result = 'here'") == "here"


async def test_one_session_s_word_has_nothing_imported(stage: Stage) -> None:
    """Not even that of two, for what does not lie in the environment."""
    program = stage.program(OBEDIENT)
    make = "import sys; open('/tmp/mine.py', 'w').close(); sys.path.append('/tmp'); import mine"
    await learn_from(stage, program, f"{make}, this")
    await learn_from(stage, program, f"{make}, colorsys")
    async with asyncio.timeout(60):
        while not list((stage.home.root / "learned").glob("*.json")):
            await asyncio.sleep(0.05)
    assert not {"this", "colorsys", "mine"} & await loaded_at_start(stage, program)


@pytest.mark.parametrize(
    ("name", "value", "look"),
    [
        pytest.param("PYTHONPATH", "/var/task/lib", "import inner; result = inner.here", id="path"),
        pytest.param("PYTHONOPTIMIZE", "1", "result = not __debug__", id="optimize"),
        pytest.param("PYTHONHASHSEED", "5", "import sys; result = bool(sys.flags.hash_randomization)", id="hash-seed"),
        pytest.param("LD_LIBRARY_PATH", "/x", "import os; result = 'LD_LIBRARY_PATH' in os.environ", id="loader"),
        pytest.param("PYTHONDONTWRITEBYTECODE", "1", "import sys; result = sys.dont_write_bytecode", id="bytecode"),
    ],
)
async def test_variables_of_the_interpreter_hold_in_the_session_and_not_in_its_parent(
    name: str, value: str, look: str, stage: Stage
) -> None:
    source = stage.write(obedient=OBEDIENT.read_text())
    (source / "lib").mkdir()
    (source / "lib" / "inner.py").write_text("here = True")
    session = await stage.start(stage.program(source, "obedient.py", environment={name: value}))
    assert await run_in(session, look) is True
    assert name not in Path(f"/proc/{parent_of(parent_of(session.pid))}/environ").read_text()
    harmless = name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")  # the path is put together in the session
    assert session.reason == ("" if harmless else f"{name} changes the interpreter")


def parent_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("PPid:")))
