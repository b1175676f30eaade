"""The launcher as it lies in an image, a process of its own: from references to an agent with its secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from agentcore_cli.builders.images import launcher
from tests.fakes.credential_services import CredentialServices
from tests.fakes.scripted_service import ScriptedService
from tests.stand_ins import REGION, Moto

VALUE = "s3cret/of@the:agent"
SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
BUSY = (400, {"__type": "ThrottlingException", "message": "Rate exceeded"})
DENIED = (400, {"__type": "AccessDeniedException", "Message": "User: arn:aws:sts::1:role is not authorized"})
GOOD = (200, {"SecretString": VALUE})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("launcher")
    for name, content in launcher.contents().items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return place


@pytest.fixture
def metadata() -> Iterator[CredentialServices]:
    with CredentialServices() as services:
        yield services


Done = subprocess.CompletedProcess[str]


def launched(folder: Path, secrets: Any, environment: Mapping[str, str], *command: str, code: int = 0) -> Done:
    """Start by the launcher, with nothing of this machine's environment; `secrets` are references, or a whole text."""
    text = secrets if isinstance(secrets, str) else json.dumps({"region": REGION, "secrets": secrets})
    done = subprocess.run(
        [sys.executable, *launcher.ENTRYPOINT[1:-1], str(folder), *(command or (sys.executable, "-c", SHOW))],
        env={"PATH": os.environ["PATH"], "AGENTCORE_SECRETS": text, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, f"{done.stdout}{done.stderr}"
    assert VALUE not in done.stderr
    return done


def by_metadata(metadata: CredentialServices, url: str) -> dict[str, str]:
    return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url, "AWS_ENDPOINT_URL": url}


def test_an_agent_has_its_secrets_and_no_trace_of_where_they_are(
    folder: Path, moto: Moto, metadata: CredentialServices
) -> None:
    key = moto.client("kms").create_key()["KeyMetadata"]["KeyId"]
    keeper, parameters = moto.client("secretsmanager"), moto.client("ssm")
    made = keeper.create_secret(
        Name="prod/db", SecretString=json.dumps({"password": VALUE, "port": 5432}), KmsKeyId=key
    )
    keeper.create_secret(Name="plain", SecretString=VALUE)
    parameters.put_parameter(Name="/team/x", Value=VALUE, Type="SecureString", KeyId=key)
    parameters.put_parameter(Name="y", Value="of-y", Type="String")
    secrets = {
        "DB": "secretsmanager:prod/db#password",
        "PORT": "secretsmanager:prod/db#port",
        "PLAIN": "secretsmanager:plain",
        "BY_ARN": f"secretsmanager:{made['ARN']}#password",
        "X": "ssm:/team/x",
        "Y": "ssm:y",
    }
    given = by_metadata(metadata, moto.url) | {"OTHER": "kept"}
    seen = json.loads(launched(folder, secrets, given).stdout)
    assert {name: seen[name] for name in secrets} == {
        "DB": VALUE,
        "PORT": "5432",
        "PLAIN": VALUE,
        "BY_ARN": VALUE,
        "X": VALUE,
        "Y": "of-y",
    }
    assert seen["OTHER"] == "kept"
    assert "AGENTCORE_SECRETS" not in seen


def test_nothing_is_asked_for_where_there_are_none(folder: Path) -> None:
    assert "A" not in json.loads(launched(folder, "", {}).stdout)


def test_what_an_agent_brings_stands_in_for_nothing(folder: Path, moto: Moto, tmp_path: Path) -> None:
    for name in ("json", "ssl", "hmac", "agentcore_cli"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the agent s')")
    moto.client("ssm").put_parameter(Name="/x", Value=VALUE, Type="String")
    given = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": moto.url}
    given["PYTHONPATH"] = str(tmp_path)
    show = (sys.executable, "-I", "-c", "import os; print(os.environ['X'], os.environ['PYTHONPATH'])")
    assert launched(folder, {"X": "ssm:/x"}, given, *show).stdout == f"{VALUE} {tmp_path}\n"


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("secretsmanager:nowhere", "there is no such secret in us-west-2"),
        ("ssm:/nowhere", "there is no such parameter in us-west-2"),
        ("secretsmanager:object#other", "has no key other"),
        ("secretsmanager:plain#other", "is not a JSON object, so it has no key other"),
        ("secretsmanager:binary", "is binary, and a variable is text"),
        ("secretsmanager:nul", "holds a NUL character, which no variable can"),
        ("secretsmanager:gone", "InvalidRequestException: "),
    ],
)
def test_what_is_wrong_is_told_by_name_and_the_agent_never_starts(
    reference: str, told: str, folder: Path, moto: Moto, metadata: CredentialServices
) -> None:
    keeper = moto.client("secretsmanager")
    keeper.create_secret(Name="object", SecretString=json.dumps({"password": VALUE}))
    keeper.create_secret(Name="plain", SecretString=VALUE)
    keeper.create_secret(Name="binary", SecretBinary=VALUE.encode())
    keeper.create_secret(Name="nul", SecretString=f"{VALUE}\0")
    keeper.create_secret(Name="gone", SecretString=VALUE)
    keeper.delete_secret(SecretId="gone")
    secrets = {"GOOD": "secretsmanager:plain", "BAD": reference}
    done = launched(folder, secrets, by_metadata(metadata, moto.url), code=1)
    lines = done.stderr.splitlines()
    assert lines[0].startswith(f"agentcore: secret BAD: {reference}: {told}")
    assert lines[1:] == ["agentcore: the agent is not started without its secrets"]
    assert done.stdout == ""


def test_all_that_is_wrong_is_told_at_once(folder: Path, moto: Moto, metadata: CredentialServices) -> None:
    done = launched(folder, {"A": "ssm:/a", "B": "ssm:/b"}, by_metadata(metadata, moto.url), code=1)
    assert [line.split(":")[1] for line in done.stderr.splitlines()[:2]] == [" secret A", " secret B"]


@pytest.mark.parametrize("passing", [BUSY, DENIED, (500, {}), (503, {"__type": "ServiceUnavailable"})])
def test_what_passes_is_waited_out(passing: Any, folder: Path, metadata: CredentialServices) -> None:
    """IAM's readers lag behind a deploy that has just let the role in."""
    with ScriptedService(passing, passing, GOOD) as service:
        seen = launched(folder, {"A": "secretsmanager:a"}, by_metadata(metadata, service.url))
    assert json.loads(seen.stdout)["A"] == VALUE
    assert len(service.asked) == 3


def signature_by_botocore(url: str, headers: Mapping[str, str], body: Any) -> str:
    """Of the same request, by ASIAROLE."""
    signed = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    request = AWSRequest("POST", f"{url}/", {name: headers[name] for name in signed}, json.dumps(body).encode())
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(Credentials("ASIAROLE", "secret-of-ASIAROLE"), "ssm", REGION)
    return str(auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request))


def test_a_request_is_the_role_s_and_goes_nowhere_else(folder: Path, metadata: CredentialServices) -> None:
    metadata.give("ASIAROLE")
    with ScriptedService(GOOD) as other, ScriptedService((307, {"to": other.url}), (200, {"Parameter": {}})) as service:
        done = launched(folder, {"A": "ssm:/a"}, by_metadata(metadata, service.url), code=1)
    assert "HTTP 307" in done.stderr
    assert other.asked == []
    headers, body = service.asked[0]
    assert body == {"Name": "/a", "WithDecryption": True}
    assert headers["x-amz-security-token"] == "token-of-ASIAROLE"
    assert headers["authorization"].endswith(f"Signature={signature_by_botocore(service.url, headers, body)}")
    assert metadata.asked[0] == "/latest/api/token"  # the second version of the protocol alone


def test_a_container_s_credentials_go_before_the_machine_s(folder: Path, metadata: CredentialServices) -> None:
    metadata.give("ASIACONTAINER")
    with ScriptedService(GOOD) as service:
        given = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{metadata.url}/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": service.url,
        }
        launched(folder, {"A": "secretsmanager:a"}, given)
    assert "Credential=ASIACONTAINER/" in service.asked[0][0]["authorization"]
    assert metadata.asked == ["/container"]


def test_no_credentials_are_told_as_that(folder: Path) -> None:
    done = launched(folder, {"A": "ssm:/a"}, {"AWS_EC2_METADATA_DISABLED": "true"}, code=1)
    assert "agentcore: secrets A: the role's credentials can't be had" in done.stderr


@pytest.mark.parametrize("text", ["{", "[]", '{"region": "us-west-2"}', '{"region": "us-west-2", "secrets": {"A": 1}}'])
def test_what_somebody_wrote_into_the_variable_is_told_as_that(text: str, folder: Path) -> None:
    assert "AGENTCORE_SECRETS is not as `agentcore deploy` sets it" in launched(folder, text, {}, code=1).stderr


def test_a_command_that_is_not_there_is_told_as_a_shell_does(folder: Path) -> None:
    assert "can't start no-such-program" in launched(folder, "", {}, "no-such-program", code=127).stderr


def test_the_agent_is_the_launcher_s_process(folder: Path) -> None:
    """Signals reach it, and its end is the session's."""
    command = [sys.executable, "-I", str(folder), sys.executable, "-c", "import os; print(os.getpid(), flush=True)"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.communicate()[0].strip() == str(process.pid)


def test_a_secret_of_many_parts_is_asked_for_once(folder: Path, metadata: CredentialServices) -> None:
    whole = json.dumps({"a": "1", "b": "2"})
    with ScriptedService((200, {"SecretString": whole})) as service:
        secrets = {"A": "secretsmanager:x#a", "B": "secretsmanager:x#b", "ALL": "secretsmanager:x"}
        seen = json.loads(launched(folder, secrets, by_metadata(metadata, service.url)).stdout)
    assert (seen["A"], seen["B"], seen["ALL"]) == ("1", "2", whole)
    assert len(service.asked) == 1
