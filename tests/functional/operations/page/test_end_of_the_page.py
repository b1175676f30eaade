from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agentcore_cli.errors import AgentcoreError
from agentcore_cli.local.home import Home
from agentcore_cli.operations.page.serving import serve_page
from agentcore_cli.operations.selection import Options
from tests.functional.operations.aws_target.cloud import Project
from tests.functional.operations.aws_target.conftest import cloud as cloud
from tests.functional.operations.aws_target.conftest import project as project
from tests.functional.operations.page.opened import SECONDS

# Ctrl-C at one call after the other of those that are made from the first step of serving until the page is there.
_INTERRUPTED = """
import gc, os, signal, sys
from pathlib import Path
from agentcore_cli.local.home import Home
from agentcore_cli.operations.page.serving import serve_page
from agentcore_cli.operations.selection import Options

points = int(sys.argv[1])
calls, at = None, None

def count(frame, event, argument):
    global calls
    if event != "call":
        return
    if calls is None and frame.f_code.co_name == "pthread_sigmask":
        calls = 0
    if calls is not None:
        calls += 1
        if calls == at:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGINT)

def tell(opened):
    sys.setprofile(None)
    if at is None or calls < at:
        signal.raise_signal(signal.SIGINT)

def serve():
    try:
        sys.setprofile(count)
        code = serve_page(Options(target="aws"), Home(Path("home")), tell, browse=False)
    except KeyboardInterrupt:
        code = 130
    gc.collect()
    print(code, calls, flush=True)
    return code

def in_a_process_of_its_own():
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        os._exit(serve() != 130)
    return os.waitpid(pid, 0)[1]

assert serve() == 130
whole, calls = calls, None
for number in range(points):
    at = 1 + number * whole // points
    assert in_a_process_of_its_own() == 0, at
"""


@pytest.mark.long
def test_ctrl_c_before_the_page_is_there_ends_it_without_half_a_loop(project: Project) -> None:
    project.deploy()
    points = 30
    (project.root / "interrupted.py").write_text(_INTERRUPTED)
    done = subprocess.run(
        [sys.executable, "-X", "dev", "interrupted.py", str(points)],
        cwd=project.root,
        env=project.command.whole_environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == points + 1


def test_what_fails_before_leaves_ctrl_c_to_who_goes_on(project: Project, tmp_path: Path) -> None:
    project.deploy()
    options = Options(config=project.root / ".agentcore.yaml", target="aws")
    (tmp_path / "home").write_text("a file")
    with pytest.raises((AgentcoreError, OSError)):
        serve_page(options, Home(tmp_path / "home"), lambda opened: None, browse=False)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()
