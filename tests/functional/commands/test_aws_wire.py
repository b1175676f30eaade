"""`invoke` on an AWS target, signed with SigV4; the local runtime is the wire."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.fakes.scripted_plane import ScriptedPlane, answer
from tests.functional.commands.aws_project import arn_of, on_aws
from tests.long_cases import always
from tests.same_process import SameProcess

NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}


@pytest.fixture
def aws(agentcore: CommandLine, tmp_path: Path) -> CommandLine:
    return on_aws(agentcore, tmp_path)


def test_an_arn_is_enough_without_a_config(aws: CommandLine, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    bare = SameProcess(Path("/"), aws.environment)
    there = arn_of(aws)
    first = bare.json("invoke", "--arn", there, "{}", "-s", "bare")
    assert first["response"]["payload"] == {}
    assert (
        bare.json("invoke", "--arn", f"{there}/runtime-endpoint/DEFAULT", "{}", "-s", "bare")["response"]["calls"] == 2
    )
    assert f"invoke --arn {there} --session-id" in bare.run("invoke", "--arn", there, "{}").stderr
    assert "--continue and --arn" in bare.run("invoke", "--arn", there, "{}", "-c", code=2).stderr
    bare.run("invoke", "--arn", there.replace("runtime/", "runtime/x"), "{}", code=4)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(["--header", "nonsense"], 2, "NAME:VALUE", id="header-syntax"),
        pytest.param(["--header", "Region:x"], 2, "header_allowlist", id="header-not-allowed"),
        pytest.param(["--user-id", "u", "--bearer-token", "t"], 2, "choose one", id="user-and-token"),
        pytest.param(["-s", "a", "-c"], 2, "--continue and --session-id", id="which-session"),
        pytest.param(["-c"], 4, "no session yet", id="nothing-to-continue"),
        pytest.param(["--qualifier", "prod"], 4, "No endpoint", id="no-endpoint"),
        pytest.param(["--bearer-token", "eyJ.secret.x"], 3, "bearer token out", id="token-on-an-iam-runtime"),
        pytest.param(["--bearer-token", "@nope"], 2, "can't be read", id="no-token-file"),
        pytest.param(["--agent-card"], 2, "choose one of them", id="card-with-payload"),
    ],
)
def test_bad_input_has_its_exit_code(aws: CommandLine, arguments: list[str], code: int, says: str) -> None:
    ran = aws.run("invoke", "{}", *arguments, code=code)
    assert says in ran.stderr
    assert ran.stdout == ""
    assert "secret" not in ran.stderr


@pytest.mark.parametrize(
    ("environment", "code", "says"),
    [
        pytest.param(NO_KEYS, 3, "--local", id="no-credentials"),
        pytest.param({"AWS_ACCESS_KEY_ID": "AKIAFOREIGN"}, 3, "renew", id="foreign-credentials"),
        pytest.param({"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": "http://127.0.0.1:1"}, 1, "can't be reached", id="no-host"),
        pytest.param({"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": "nonsense"}, 2, "not a URL", id="no-url"),
        pytest.param({"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": "http://127.0.0.1:99999"}, 2, "not a URL", id="no-port"),
        pytest.param({"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": "http://[::1"}, 2, "not a URL", id="no-address"),
        pytest.param(
            {"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": f"http://{'ä' * 99}/"}, 1, "can't be reached", id="no-name"
        ),
        pytest.param({"AGENTCORE_BEARER_TOKEN": "a.secret.b"}, 3, "bearer token out", id="token-by-variable"),
    ],
)
def test_who_may_not_or_cannot_is_told(aws: CommandLine, environment: dict[str, str], code: int, says: str) -> None:
    other = SameProcess(aws.folder, aws.environment | environment)
    ran = other.run("invoke", "{}", code=code)
    assert says in ran.stderr
    assert "secret" not in ran.stderr
    assert json.loads(other.run("--json", "invoke", "{}", code=code).stdout)["error"]["hint"]


def test_only_an_a2a_agent_has_a_card(aws: CommandLine) -> None:
    ran = aws.run("invoke", "--agent-card", code=2)
    assert "--agent-card: agents of the protocol A2A have one, and this one speaks HTTP" in ran.stderr
    with ScriptedPlane([answer(200, b'{"name": "echo"}', Content_Type="application/json")]) as plane:
        bare = SameProcess(Path("/"), aws.environment | {"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": plane.url})
        assert bare.run("invoke", "--arn", arn_of(aws), "--agent-card").stdout == '{"name": "echo"}\n'
    assert "/invocations/.well-known/agent-card.json?" in plane.asked[0].line


def test_a_token_on_the_command_line_is_warned_of(aws: CommandLine) -> None:
    said = aws.run("invoke", "{}", "--bearer-token", "a.secret.b", code=3).stderr
    assert "a token on the command line is seen by all processes" in said
    assert "secret" not in said


def test_a_signed_call_loads_no_botocore(aws: CommandLine) -> None:
    import subprocess
    import sys

    program = """
import sys
from agentcore_cli.main import main
code = main(["invoke", "-q", "{}"])
print([name for name in ("boto3", "botocore", "http.client", "email") if name in sys.modules], file=sys.stderr)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=aws.folder,
        env=aws.whole_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr.splitlines()[-1] == "[]"


RPC = '{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'


@pytest.mark.parametrize(
    ("payload", "said", "code", "out", "says"),
    always(
        "mcp-406",
        "mcp-agent-failed",
        "a-gateways-page",
        of=[
            pytest.param(
                RPC,
                answer(
                    406,
                    b'{"jsonrpc": "2.0", "error": {"code": -32011, "message": "Not Acceptable: text/event-stream"}}',
                    Content_Type="application/json",
                ),
                2,
                "",
                "Not Acceptable",
                id="mcp-406",
            ),
            pytest.param(
                RPC,
                answer(
                    200,
                    b'{"jsonrpc": "2.0", "error": {"code": -32010, "message": "Runtime died"}}',
                    Content_Type="application/json",
                ),
                5,
                "",
                "Runtime died",
                id="mcp-agent-failed",
            ),
            pytest.param(
                RPC,
                answer(
                    200,
                    b'{"jsonrpc": "2.0", "error": {"code": -32602, "message": "bad"}}',
                    Content_Type="application/json",
                ),
                5,
                '{"jsonrpc": "2.0", "error": {"code": -32602, "message": "bad"}}\n',
                "the agent answers with an error: bad (JSON-RPC -32602)",
                id="mcp-servers-own-error",
            ),
            pytest.param(
                "{}",
                answer(
                    200,
                    b'data: "half"\n\ndata: {"error": "no", "error_type": "ValueError",'
                    b' "message": "An error occurred during streaming"}\n\n',
                    Content_Type="text/event-stream",
                ),
                5,
                "half",
                "ValueError: no",
                id="sdk-stream-fails",
            ),
            pytest.param(
                "{}",
                b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99\r\n\r\ndata: "half"\n\n',
                5,
                "half\n",
                "broke off",
                id="stream-breaks",
            ),
            pytest.param("{}", answer(503, b"<html>busy</html>"), 1, "", "HTTP 503", id="a-gateways-page"),
        ],
    ),
)
def test_what_the_service_or_the_agent_says_wrong(
    aws: CommandLine, payload: str, said: bytes, code: int, out: str, says: str
) -> None:
    with ScriptedPlane([said]) as plane:
        url = {"AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": plane.url, "AWS_ENDPOINT_URL": plane.url}
        ran = SameProcess(aws.folder, aws.environment | url).run("invoke", payload, code=code)
        posts = [asked for asked in plane.asked if "/invocations" in asked.line]
    assert ran.stdout.startswith(out) if out else ran.stdout == ""
    assert says in ran.stderr
    assert len(posts) == 1
