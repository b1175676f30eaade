"""`examples/extraction` as its README has it, by the command line: what is drawn, what fails, and what is refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.functional.docs.page import REPOSITORY
from tests.local_runtime import eventually
from tests.same_process import SameProcess

FAILING = "def extract(strategy, event):\n    raise RuntimeError('no idea of ' + event['actorId'])\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SameProcess]:
    folder = tmp_path_factory.mktemp("example") / "extraction"
    shutil.copytree(REPOSITORY / "examples" / "extraction", folder)
    home = tmp_path_factory.mktemp("home")
    command = SameProcess(folder, {"AGENTCORE_HOME": str(home), "AGENTCORE_TARGET": "local"})
    yield command
    command.run("local", "stop")


@pytest.mark.long
def test_the_example_draws_its_own_records_and_tells_what_it_could_not(project: SameProcess) -> None:
    assert "memory: create" in project.run("plan").stdout
    project.run("deploy")
    project.run("invoke", '{"actor_id": "ann", "prompt": "Where is order 42?"}')
    eventually(lambda: "ann asked about order 42" in project.run("memory", "search", "notes", "order").stdout, "drawn")
    assert "= memory: keep" in project.run("plan").stdout
    shown = project.run("memory", "show", "notes").stdout
    assert "by extraction.py of the project" in shown
    assert "not drawn from" not in shown
    (project.folder / "extraction.py").write_text(FAILING)
    project.run("deploy")
    project.run("invoke", '{"actor_id": "ann", "prompt": "Where is order 43?"}')
    eventually(lambda: "no idea of ann" in project.run("memory", "show", "notes").stdout, "it is told")
    assert project.json("memory", "show", "notes")["failed_extractions"] == 1
    logged = project.run("logs").stdout
    assert "extraction" in logged
    assert "RuntimeError: no idea of ann" in logged
    assert len(project.json("memory", "events", "notes", "--last", "5")["events"]) == 1
    config = project.folder / ".agentcore.yaml"
    good = config.read_text()
    config.write_text(good.replace("      local_extraction: extraction.py\n", ""))
    assert "tags.agentcore:local-extraction: extraction.py -> (none)" in project.run("plan").stdout
    config.write_text(good)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("gone.py", "there is no such file"),
        ("../outside.py", "lies outside the project"),
        ("/etc/passwd.py", "lies outside the project"),
        ("notes.txt", "is not a Python file of the project"),
        ("link.py", "is a link that leads outside the project"),
    ],
)
def test_a_file_that_can_t_be_is_refused_before_anything_is_made(project: SameProcess, file: str, said: str) -> None:
    link, config = project.folder / "link.py", project.folder / ".agentcore.yaml"
    if not link.is_symlink():
        link.symlink_to("/etc/hostname")
    good = config.read_text()
    config.write_text(good.replace("local_extraction: extraction.py", f"local_extraction: {file}"))
    try:
        assert said in project.run("deploy", code=2).stderr
    finally:
        config.write_text(good)
        link.unlink()
