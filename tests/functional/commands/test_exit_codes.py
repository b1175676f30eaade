"""The exit codes that scripts rely on, verb by verb: 0 done, 1 failed, 2 bad input, 3 credentials, 4 not there, 5 the
agent failed, 6 changes pending, 7 out of time. 130 is in `test_terminal` and `test_interruptions`, exec's 125 and the
command's own in `test_exec_command`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.exports import AN_EXPORT
from tests.functional.commands.aws_project import on_aws
from tests.json_contract import objects, verbs
from tests.long_cases import always
from tests.same_process import SameProcess

ARN = "arn:aws:bedrock-agentcore:us-west-2:123456789012:runtime/gone-AbCdEf0123"
NO_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "",
    "AWS_SECRET_ACCESS_KEY": "",
    "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": "",
    "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL": "",
}

ON_SCRATCH = """version: 1
project: scratch-1a2b3c
agents:
  answers: {entrypoint: agent.py, base_image: scratch}
"""

OF_EACH_VERB = {
    "init": [(["bot"], 0), (["bot"], 2), (["other", "--template", "nonsense"], 2)],
    "configure": [([], 0), (["--entrypoint", "nowhere.py"], 2), (["--protocol", "SMTP"], 2)],
    "plan": [([], 0), (["--image", "Not An Image"], 2), (["--agent", "nobody"], 4)],
    "build": [
        (["--config", "scratch.yaml", "--build", "oci", "--output", "../image.tar"], 0),
        (["--config", "scratch.yaml", "--sbom"], 0),
        (["--build", "docker", "--sbom"], 2),
        (["--output", "nowhere/image.tar"], 2),
        (["--output", "image.tar"], 2),
        (["--agent", "nobody"], 4),
    ],
    "deploy": [([], 0), (["--build", "oci"], 2), (["--sbom"], 2), (["--env", "=x"], 2), (["--agent", "nobody"], 4)],
    "status": [([], 0), (["--config", "nowhere.yaml"], 2), (["--agent", "nobody"], 4)],
    "invoke": [(["{}"], 0), (["{"], 2), (["{}", "--qualifier", "nowhere"], 4), (['{"do": "fail"}'], 5)],
    "chat": [([], 0), (["--continue", "--session-id", "a"], 2), (["--agent", "nobody"], 4)],
    "dev": [(["--no-chat", "--replay"], 2), (["nobody"], 4)],
    "exec": [(["exit 7"], 7), (["true", "--timeout", "0"], 125), (["true", "--qualifier", "nowhere"], 125)],
    "logs": [([], 0), (["--since", "soon"], 2), (["--session-id", "nobody"], 4)],
    "sessions-list": [([], 0), (["--agent", "nobody"], 4)],
    "sessions-show": [(["known"], 0), ([], 2), (["nobody"], 4)],
    "sessions-stop": [(["--all"], 0), ([], 2), (["--all", "known"], 2), (["nobody"], 4)],
    "traces-list": [([], 0), (["--since", "soon"], 2), (["--agent", "nobody"], 4)],
    "traces-enable": [([], 2), (["--target", "aws", "--yes"], 3)],
    "traces-show": [(["--last"], 0), ([], 2), (["--last", "abc"], 2), (["abc", "--follow"], 2), (["f" * 32], 4)],
    "open": [(["--no-browser"], 0), (["now"], 2)],
    "versions": [([], 0), (["--agent", "nobody"], 4)],
    "rollback": [(["--to", "1"], 0), (["--to", "99"], 4), (["--endpoint", "nowhere"], 4)],
    "endpoints-list": [([], 0), (["--agent", "nobody"], 4)],
    "endpoints-create": [(["new"], 0), (["new"], 1), (["DEFAULT"], 2), (["other", "--version", "99"], 4)],
    "endpoints-update": [(["there", "--version", "1"], 0), (["there"], 2), (["nowhere", "--version", "1"], 4)],
    "endpoints-delete": [(["leaving"], 2), (["leaving", "--yes"], 0), (["leaving", "--yes"], 4)],
    "memory-create": [(["made"], 0), (["made"], 1), (["a-b"], 2), (["new", "--strategy", "other"], 2)],
    "memory-list": [([], 0), (["--agent", "nobody"], 4)],
    "memory-show": [(["kept"], 0), (["a b"], 2), (["nothing"], 4)],
    "memory-actors": [(["kept"], 0), (["nothing"], 4)],
    "memory-sessions": [(["kept"], 0), (["nothing"], 4)],
    "memory-import": [(["kept", "export.jsonl"], 0), (["kept", "agent.py"], 2), (["nothing", "export.jsonl"], 4)],
    "memory-events": [(["kept"], 0), (["kept", "--last", "0"], 2), (["kept", "--actor", "nobody"], 4)],
    "memory-search": [(["kept", "tea"], 0), (["kept", " "], 2), (["kept", "tea", "--strategy", "no"], 4)],
    "memory-export": [(["kept", "out.jsonl"], 0), (["kept", "out.jsonl"], 2), (["nothing", "out2.jsonl"], 4)],
    "memory-delete": [(["leaving"], 2), (["leaving", "--yes"], 0), (["leaving", "--yes"], 4)],
    "destroy": [(["--dry-run"], 0), ([], 2), (["--agent", "nobody"], 4)],
    "permissions": [(["--target", "aws"], 0), ([], 2), (["--agent", "nobody"], 4)],
    "doctor": [(["--config", "nowhere.yaml"], 2)],
    "import": [(["--from", "nowhere.yaml"], 2), (["--arn", "what"], 2), (["--arn", ARN], 3)],
    "auth-create-pool": [([], 2), (["--target", "aws"], 3)],
    "auth-token": [([], 2), (["--user", "ann"], 2), (["--client-id", "x", "--client-secret", "@nowhere"], 2)],
    "auth-delete-pool": [([], 2), (["--target", "aws", "--yes"], 3)],
    "local-start": [([], 0), (["now"], 2)],
    "local-status": [([], 0)],
    "local-env": [([], 0)],
    "local-logs": [([], 0)],
    "local-fault": [(["throttle", "--count", "0"], 0), (["nonsense"], 2)],
    "local-clock-advance": [(["1s"], 0), (["soon"], 2)],
    "local-run": [(["--", "sh", "-c", "exit 3"], 3), ([], 2), (["--", "no-such-command"], 4)],
    "local-stop": [([], 0)],
}


@pytest.fixture(scope="module")
def here(agentcore: CommandLine) -> SameProcess:
    environment = {**agentcore.environment, "AGENTCORE_TARGET": "local", "AWS_EC2_METADATA_DISABLED": "true"}
    files = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    (agentcore.folder / "export.jsonl").write_text(AN_EXPORT)
    (agentcore.folder / "scratch.yaml").write_text(ON_SCRATCH)
    here = SameProcess(agentcore.folder, environment | files)
    for name in ("there", "leaving"):
        here.run("endpoints", "create", name)
    for name in ("kept", "leaving"):
        here.run("memory", "create", name, "--strategy", "semantic")
    here.run("memory", "import", "kept", "export.jsonl")
    return here


@pytest.fixture
def faults(here: SameProcess) -> Iterator[SameProcess]:
    yield here
    for name in ("not-ready", "create-failed"):
        here.run("local", "fault", name, "--count", "0")


def edit(here: SameProcess) -> None:
    source = here.folder / "agent.py"
    source.write_text(f"{source.read_text()}\n# {time.time()}\n")


def test_no_verb_is_forgotten() -> None:
    assert OF_EACH_VERB.keys() == verbs()


@pytest.mark.parametrize("verb", OF_EACH_VERB)
def test_the_codes_of_a_verb(here: SameProcess, verb: str) -> None:
    here.run("invoke", "{}", "--session-id", "known")
    for arguments, code in OF_EACH_VERB[verb]:
        words = (
            verb.split("-")
            if verb.partition("-")[0] in ("sessions", "endpoints", "local", "memory", "traces")
            else verb.split("-", 1)
        )
        runs_here = here if verb not in ("chat", "doctor") else CommandLine(here.folder, here.environment)
        ran = runs_here.run(*words, *arguments, code=code)
        if code and verb not in ("exec", "local-run"):
            assert ran.stdout == ""
            assert ran.stderr


def test_changes_that_are_pending_are_6(here: SameProcess) -> None:
    edit(here)
    here.run("plan", code=0)
    here.run("plan", "--exit-code", code=6)
    here.run("deploy")
    here.run("plan", "--exit-code", code=0)


@pytest.mark.parametrize(
    "verb",
    always(
        ["deploy"],
        of=[["deploy"], ["endpoints", "create", "slow"], ["endpoints", "update", "late", "--version", "1"]],
    ),
    ids=" ".join,
)
def test_out_of_time_is_7_and_it_goes_on_elsewhere(faults: SameProcess, verb: list[str]) -> None:
    edit(faults)
    if "update" in verb:
        faults.run("deploy")  # a second version at least
        faults.run("endpoints", "create", "late")
    faults.run("local", "fault", "not-ready", "--count", "100000")
    ran = faults.run(*verb, "--timeout", "1", code=7)
    assert "next: agentcore status --local" in ran.stderr
    faults.run("local", "fault", "not-ready", "--count", "0")
    faults.run("deploy")


def test_a_version_that_is_not_there_leads_to_the_list_of_the_same_target(here: SameProcess) -> None:
    assert "next: agentcore versions --local" in here.run("rollback", "--to", "99", code=4).stderr


def test_what_the_service_could_not_make_is_1(faults: SameProcess) -> None:
    edit(faults)
    faults.run("local", "fault", "create-failed", "--count", "1")
    ran = faults.run("deploy", code=1)
    assert "UPDATE_FAILED" in ran.stderr
    said = faults.run("status", code=1)
    assert "UPDATE_FAILED" in said.stdout
    faults.run("deploy")
    faults.run("status")


@pytest.mark.parametrize(
    "verb",
    [
        ["plan"],
        ["deploy"],
        ["destroy", "--yes"],
        ["status"],
        ["versions"],
        ["rollback"],
        ["endpoints list"],
        ["endpoints create", "prod"],
        ["endpoints delete", "prod", "--yes"],
        ["invoke", "{}"],
        ["chat"],
        ["sessions stop", "conv1"],
        ["logs"],
        ["memory list"],
        ["memory show", "notes"],
        ["auth create-pool"],
        ["auth delete-pool", "--yes"],
    ],
    ids=" ".join,
)
def test_without_credentials_every_verb_that_needs_them_is_3_and_leads_to_the_local_runtime(
    agentcore: CommandLine, tmp_path: Path, verb: list[str]
) -> None:
    away = on_aws(agentcore, tmp_path, **NO_CREDENTIALS)
    if verb == ["chat"]:
        ran = away.feed("hello\n", "chat", code=3)
        assert "--local" in ran.stderr
        return
    (said,) = objects(SameProcess(away.folder, away.environment), *verb, code=3)
    assert said["error"]["code"] == "AccessDenied"
    assert "--local" in said["error"]["hint"]
