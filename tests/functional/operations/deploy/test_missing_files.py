"""An agent that looks for a file where it does not lie is told where it is, or why it is not there."""

from __future__ import annotations

import pytest

from agentcore_cli.errors import AgentFailedError
from agentcore_cli.operations.invoke.missing_files import explain_missing_file
from tests.functional.operations.deploy.workshop import Workshop

LACKS = "FileNotFoundError: [Errno 2] No such file or directory: 'data.csv'"


def told(workshop: Workshop, message: str = LACKS) -> str:
    error = AgentFailedError(message, hint="as it was")
    explain_missing_file(error, workshop.selected)
    return f"{error.message} {error.hint}"


def test_a_version_that_does_not_start_is_told_where_its_file_lies(workshop: Workshop) -> None:
    (workshop.root / "bot").mkdir()
    (workshop.root / "bot" / "agent.py").write_text("open('data.csv')\nimport http.server as s\ns.test(port=8080)\n")
    (workshop.root / "bot" / "data.csv").write_text("1,2")
    config = workshop.root / ".agentcore.yaml"
    config.write_text(config.read_text().replace("handler.py", "bot/agent.py"))
    with pytest.raises(AgentFailedError, match=r"data\.csv lies in bot/, and relative paths begin") as caught:
        workshop.deploy()
    assert (caught.value.hint or "").startswith('open Path(__file__).parent / "data.csv", then ')


@pytest.mark.parametrize("place", ["data.csv", "elsewhere/data.csv", None])
def test_nothing_is_said_of_what_lies_elsewhere(workshop: Workshop, place: str | None) -> None:
    if place:
        (workshop.root / place).parent.mkdir(exist_ok=True)
        (workshop.root / place).write_text("")
    assert told(workshop) == f"{LACKS} as it was"
    assert told(workshop, LACKS.replace("data", "/srv/data")).endswith("as it was")


def test_a_path_of_this_machine_is_told_as_that(workshop: Workshop) -> None:
    (workshop.root / "tables").mkdir()
    (workshop.root / "tables/data.csv").write_text("")
    said = told(workshop, LACKS.replace("data.csv", f"{workshop.root}/tables/data.csv"))
    assert "data.csv is a path of this machine; sessions have the project's folder as their own" in said
    assert 'open "tables/data.csv", then agentcore deploy --local' in said


@pytest.mark.parametrize("name", ["certs/bundle.pem", "./notes.txt"])
def test_what_stays_behind_is_told_with_the_line_that_takes_it_in(workshop: Workshop, name: str) -> None:
    (workshop.root / "certs").mkdir()
    (workshop.root / name).write_text("")
    (workshop.root / ".dockerignore").write_text("notes.txt\n")
    said = told(workshop, LACKS.replace("data.csv", name))
    assert f"{name.removeprefix('./')} stays behind" in said
    assert f"add a line !{name.removeprefix('./')} to .dockerignore, then agentcore deploy --local" in said
    (workshop.root / ".dockerignore").write_text(f"notes.txt\n!{name.removeprefix('./')}\n")
    assert told(workshop, LACKS.replace("data.csv", name)).endswith("as it was")
