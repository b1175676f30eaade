"""What a failure tells to be typed is typed, and leads on: to the end that was wanted, or to what says why not.

One project for each way to go wrong, with an agent that needs nothing installed. The commands are read from the
`next:` line itself; only the words in capitals are filled in.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from agentcore_cli.local.home import Home
from tests.command_line import Completed
from tests.conftest import leave
from tests.functional.operations.deploy.workshop import control_plane
from tests.same_process import SameProcess

SERVER: Final = """
import http.server, json, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, {{"status": "Healthy"}})

    def do_POST(self):
        asked = self.rfile.read(int(self.headers["content-length"]))
        self.answer(500 if b"fail" in asked else 200, {{"jsonrpc": "2.0", "id": 1, "result": "well"}})

    def answer(self, status, value):
        if status == 500:
            print("it went wrong here", flush=True)
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.HTTPServer(("0.0.0.0", {port}), Handler).serve_forever()
"""
WELL: Final = SERVER.format(port=8080)
NEXT: Final = re.compile(r"^  next: (.*)", re.MULTILINE | re.DOTALL)
COMMAND: Final = re.compile(r"agentcore ((?:'[^']*'|[^;,()`'\n])+)")


class Project(SameProcess):
    """A folder with an agent, and what a person does there."""

    def write(self, code: str = WELL, **files: str) -> None:
        (self.folder / "agent.py").write_text(code)
        for name, text in files.items():
            (self.folder / name.replace("_", ".")).write_text(text)

    def configure(self, *options: str) -> None:
        self.run("configure", "--entrypoint", "agent.py", "--name", "bot", *options)

    def follow(self, failed: Completed, values: Mapping[str, str] | None = None, code: int = 0) -> list[Completed]:
        """Type the commands of its `next:` line, one after the other; the last one ends with `code`."""
        told = NEXT.search(failed.stderr)
        assert told, failed.stderr
        lines = [self._filled(line, values or {}) for line in COMMAND.findall(told[1])]
        assert lines, told[1]
        return [self.run(*line, code=code if number == len(lines) else 0) for number, line in enumerate(lines, 1)]

    def _filled(self, line: str, values: Mapping[str, str]) -> list[str]:
        line = re.split(r" (?:is|says|starts|makes|goes|wants|first|there|in|with|again|of)\b", line)[0]
        return [values.get(word, word) for word in shlex.split(line)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One local runtime for all of them."""
    made = tmp_path_factory.mktemp("h")
    yield made
    leave(made)


@pytest.fixture
def project(home: Path, tmp_path: Path) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    opened = Project(folder, {"AGENTCORE_HOME": str(home)})
    opened.write()
    return opened


def test_nothing_is_configured(project: Project) -> None:
    project.follow(project.run("deploy", "--local", code=2), {"FILE": "agent.py"})
    assert project.run("plan", "--local").stdout


def test_nothing_is_deployed(project: Project) -> None:
    """Whatever was wanted, the same command is told, and leads there."""
    project.configure()
    told = set()
    for words in (["invoke", "hi"], ["status"], ["logs"], ["sessions", "list"], ["versions"], ["rollback"]):
        told.add(NEXT.findall(project.run(*words, "--local", code=4).stderr)[0])
    failed = project.run("exec", "--local", "true", code=125)
    assert told == set(NEXT.findall(failed.stderr))
    project.follow(failed)
    assert "well" in project.run("invoke", "--local", "hi").stdout


def made_anew(project: Project) -> str:
    """The project id of the config that was there, after it was removed and made anew."""
    config = project.folder / ".agentcore.yaml"
    (earlier,) = re.findall("^project: (.*)$", config.read_text(), re.MULTILINE)
    config.unlink()
    project.configure()
    assert earlier not in config.read_text()
    return str(earlier)


def runtimes(home: Path) -> dict[str, str]:
    """The status of every runtime in the account, by its ARN, as boto3 sees it."""
    with control_plane(Home(home)) as client:
        return {there["agentRuntimeArn"]: there["status"] for there in client.list_agent_runtimes()["agentRuntimes"]}


def reach(project: Project, said: str) -> None:
    """Do what the hint says: the project id that it names becomes the config's."""
    (line,) = re.findall("`(project: .*?)` in the config", said)
    config = project.folder / ".agentcore.yaml"
    config.write_text(re.sub("^project: .*$", line, config.read_text(), flags=re.MULTILINE))


def test_an_earlier_config_deployed_it(project: Project, home: Path) -> None:
    project.configure()
    arn = project.json("deploy", "--local")["arn"]
    made_anew(project)
    records = (project.folder / ".agentcore" / "local.json").read_text()
    refused = project.run("deploy", "--local", code=1)
    assert (project.folder / ".agentcore" / "local.json").read_text() == records
    reach(project, refused.stderr)
    again = project.json("deploy", "--local")
    assert (again["arn"], again["version"]) == (arn, "1")
    assert "well" in project.run("invoke", "--local", "hi").stdout
    assert "nothing of it is left" in project.run("destroy", "--local", "--yes").stdout
    assert arn not in runtimes(home)


def test_a_destroy_leaves_what_an_earlier_config_deployed_and_says_how_it_is_reached(
    project: Project, home: Path
) -> None:
    project.configure()
    arn = project.json("deploy", "--local")["arn"]
    earlier = made_anew(project)
    would = project.json("destroy", "--local", "--dry-run")
    assert would["deletions"] == []
    assert [(left["key"], left["action"]) for left in would["left"]] == [("runtime", "forget"), ("source", "forget")]
    assert (would["left"][0]["name"], f"belongs to project {earlier}" in would["left"][0]["reason"]) == (arn, True)
    shown = project.run("destroy", "--local", "--dry-run").stdout
    assert f"runtime: forget {arn} (left alone: " in shown
    done = project.run("destroy", "--local", "--yes")
    assert f"nothing deleted; runtime {arn} (left alone: " in done.stdout
    for said in (shown, done.stdout + done.stderr):
        assert not re.search("runtime: delete|source: delete|runtime.* deleted|nothing of it is left", said)
    assert runtimes(home)[arn] == "READY"
    reach(project, done.stderr)
    assert project.json("deploy", "--local")["arn"] == arn
    assert "runtime, source deleted, nothing of it is left" in project.run("destroy", "--local", "--yes").stdout
    assert arn not in runtimes(home)


def test_it_is_deployed_on_another_target(project: Project) -> None:
    project.configure()
    project.run("deploy", "--local")
    assert "it is on local: give --local" in project.run("invoke", "--target", "aws", "hi", code=4).stderr
    assert "well" in project.run("invoke", "--local", "hi").stdout


def test_what_is_named_is_not_there(project: Project) -> None:
    project.configure()
    project.run("deploy", "--local")
    for words, values in (
        (["invoke", "--continue", "hi"], {"PAYLOAD": "hi"}),
        (["invoke", "--qualifier", "nowhere", "hi"], {}),
        (["sessions", "show", "nobody"], {}),
        (["sessions", "stop", "nobody"], {}),
        (["endpoints", "update", "nowhere", "--version", "1"], {}),
        (["endpoints", "delete", "nowhere", "--yes"], {}),
        (["rollback", "--to", "7"], {}),
        (["logs", "--session-id", "nobody"], {"PAYLOAD": "hi"}),
    ):
        project.follow(project.run(*words, "--local", code=4), values)


def test_the_agent_fails(project: Project) -> None:
    """The log that is named says why."""
    project.configure()
    project.run("deploy", "--local")
    failed = project.run("invoke", "--local", "--session-id", "one", "fail", code=5)
    assert "it went wrong here" in project.follow(failed)[-1].stdout


def test_it_does_not_start(project: Project) -> None:
    """What is told after the failure says why, and a mended agent is deployed by what was told."""
    project.configure()
    project.write("import os\nraise RuntimeError('no key')\n" + WELL)
    failed = project.run("deploy", "--local", code=5)
    later = project.run("invoke", "--local", "hi", code=4)
    assert "no key" in "".join(done.stdout + done.stderr for done in project.follow(later, code=1))
    project.write()
    project.follow(failed)
    assert "well" in project.run("invoke", "--local", "hi").stdout


def test_it_lacks_a_variable(project: Project) -> None:
    project.configure()
    project.write(WELL.replace("import http.server", "import os\nKEY = os.environ['SEARCH_KEY']\nimport http.server"))
    (project.folder / ".env").write_text("SEARCH_KEY=of-the-test\n")
    project.follow(project.run("deploy", "--local", code=5))
    assert "well" in project.run("invoke", "--local", "hi").stdout


def test_it_listens_elsewhere(project: Project) -> None:
    project.configure("--no-check")
    project.write(SERVER.format(port="int(os.environ.get('PORT', 5000))"))
    failed = project.run("deploy", "--local", code=5)
    advised = re.search(r"agentcore (configure --env PORT=\d+)", failed.stderr)
    assert advised
    project.run(*advised[1].split())
    project.follow(failed)
    assert "well" in project.run("invoke", "--local", "hi").stdout


def test_it_speaks_another_protocol(project: Project) -> None:
    project.configure("--no-check")
    project.write(SERVER.format(port=8000))
    failed = project.run("deploy", "--local", code=5)
    advised = re.search(r"agentcore (configure --protocol MCP)", failed.stderr)
    assert advised
    project.run(*advised[1].split())
    project.follow(failed)
    refused = project.run("invoke", "--local", "hi", code=2)
    assert "well" in project.follow(refused)[-1].stdout


def test_the_code_is_wrong(project: Project) -> None:
    project.write("import nowhere_to_be_found\n" + WELL)
    failed = project.run("configure", "--entrypoint", "agent.py", code=2)
    assert "--no-check" in failed.stderr
    project.run("configure", "--entrypoint", "agent.py", "--no-check")
    refused = project.run("deploy", "--local", code=2)
    assert "--no-smoke" in refused.stderr
    project.run("deploy", "--local", "--no-smoke")
    failed = project.run("invoke", "--local", "--session-id", "one", "hi", code=5)
    assert "nowhere_to_be_found" in project.follow(failed)[-1].stdout


def test_the_file_is_another(project: Project) -> None:
    assert "did you mean agent.py?" in project.run("configure", "--entrypoint", "agnet.py", code=2).stderr
    project.configure()
    (project.folder / "agent.py").rename(project.folder / "main.py")
    project.follow(project.run("deploy", "--local", code=2), {"FILE": "main.py"})
    project.run("deploy", "--local")


def test_a_header_is_not_let_through(project: Project) -> None:
    project.configure()
    project.run("deploy", "--local")
    failed = project.run("invoke", "--local", "--header", "Tenant: acme", "hi", code=2)
    project.follow(failed)
    project.run("deploy", "--local")
    told = re.search(r"--allow-header (\S+?),", failed.stderr)
    assert told
    project.run("invoke", "--local", "--header", f"{told[1]}: acme", "hi")
