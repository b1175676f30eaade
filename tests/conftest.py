"""What all tests share: a home for the local runtime, a server in it, an AWS account, and nothing that stays behind."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from agentcore_cli.local import daemon
from agentcore_cli.local.home import Home
from tests.hangs import within
from tests.local_runtime import RunningServer, eventually, processes_of
from tests.stand_ins import Moto

GONE_SECONDS = 60.0
TOLD = 0.9  # of a test's limit, after which it says itself what it waits for
LONG_SECONDS = 900  # for what is marked `long`: a deploy and a destroy at each of thirty calls, beside other work
_NUMBERS = itertools.count()

# How long one example takes says more about the machine than about the code. Each run tries the same examples: what is
# found is found before it lands. `pytest --hypothesis-profile=searching` looks for others.
UNHURRIED = (hypothesis.HealthCheck.too_slow,)
hypothesis.settings.register_profile("searching", deadline=None, suppress_health_check=UNHURRIED)
hypothesis.settings.register_profile(
    "same", deadline=None, suppress_health_check=UNHURRIED, derandomize=True, database=None
)
hypothesis.settings.load_profile("same")

# A shell's background job has Ctrl-C ignored, and what a test starts would inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class FailuresAtOnce:
    """Names what fails when it fails: a run that is cut off has then told it all the same."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._terminal.write_line(f"\nfailed at {report.when}: {report.nodeid}")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if terminal := config.pluginmanager.get_plugin("terminalreporter"):
        config.pluginmanager.register(FailuresAtOnce(terminal))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The limit of all tests ends the process of one that is only slow, which looks like a hang."""
    for item in items:
        if item.get_closest_marker("long") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(LONG_SECONDS))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A test that is a coroutine function runs in the event loop of `runner`."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    runner: asyncio.Runner = pyfuncitem._request.getfixturevalue("runner")
    wanted = inspect.signature(pyfuncitem.obj).parameters
    test = pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted})
    runner.run(within(TOLD * limit_of(pyfuncitem), test))
    return True


def limit_of(item: pytest.Item) -> float:
    """The seconds after which pytest-timeout ends the process of a test."""
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0] if marker else item.config.getini("timeout"))


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """A test's own event loop; `tests/event_loop.py` and `tests/virtual_time.py` have others for whole files."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def _states() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ac-states-"))
    yield folder
    left = processes_of(folder)
    shutil.rmtree(folder, ignore_errors=True)
    assert not left, left


@pytest.fixture(autouse=True)
def _state_of_its_own(_states: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tool keeps of a user is empty at first in each test, and never that of whoever runs the tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(_states / str(next(_NUMBERS))))
    monkeypatch.delenv("AGENTCORE_HOME", raising=False)


@pytest.fixture(autouse=True)
def _no_settings_of_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user has told git and Python: commits are signed, more is ignored, imports begin elsewhere."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    for name in ("PYTHONSAFEPATH", "PYTHONPATH", "AGENTCORE_TARGET", "AGENTCORE_BEARER_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """An empty AGENTCORE_HOME. Its path is short: a Unix socket's may not be longer than 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="ac-"))
    monkeypatch.setenv("AGENTCORE_HOME", str(folder))
    yield Home(folder).create()
    leave(folder)


@pytest.fixture
def server(home: Home) -> Iterator[RunningServer]:
    """A server process of its own, stopped at the end."""
    running = RunningServer(home)
    yield running
    running.close()


@pytest.fixture(scope="session")
def _moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    server = Moto(tmp_path_factory.mktemp("moto") / "server.log")
    yield server
    server.close()


@pytest.fixture
def moto(_moto_server: Moto) -> Moto:
    """An empty AWS account; the server behind it is shared by the tests of one process."""
    _moto_server.reset()
    return _moto_server


def leave(folder: Path) -> None:
    """Stop what runs in a home, see that nothing of it goes on, remove it."""
    try:
        daemon.stop(Home(folder))
        eventually(lambda: not processes_of(folder), "no process is left", GONE_SECONDS)
    except AssertionError as still:
        raise AssertionError(f"left behind: {processes_of(folder)}") from still
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    """A test that starts processes ends them."""
    before, began = _children(), time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
    yield
    left = {pid: told for pid in _children() - before if (told := _told_of(pid, began))}
    assert not left, f"processes left behind: {left}"


def _children() -> set[str]:
    """The processes that this one has started and that have not ended, by pid; none where there is no /proc.

    A child whose thread ends is another thread's: one look may miss it, so two have to see the same.
    """
    seen: set[str] | None = None
    while Path("/proc/thread-self/children").exists():
        try:
            lists = [task.joinpath("children").read_text() for task in Path("/proc/self/task").iterdir()]
        except OSError:  # a thread has just ended; its children are another's now
            continue
        before, seen = seen, {pid for text in lists for pid in text.split()}
        if seen == before:
            return seen
    return set()


def _told_of(pid: str, began: float) -> str:
    """What a process that has not ended runs; "" for one that began before, in seconds since the machine did."""
    try:
        stat = Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()
        command = Path("/proc", pid, "cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
    started = int(stat[19]) / os.sysconf("SC_CLK_TCK")
    return f"{stat[0]} {command}" if started >= began - 0.02 else ""
