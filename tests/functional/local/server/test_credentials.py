"""Each way in which people have AWS credentials reaches an agent: boto3 asks, and a model answers what it signed."""

from __future__ import annotations

import hashlib
import json
import sys
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.local.programs.brokers import LAST_SECONDS
from agentcore_cli.operations.deploy.handed_over import hand_over
from tests.fakes.bedrock import ScriptedBedrock
from tests.fakes.credential_services import TOKEN, CredentialServices
from tests.local_runtime import Answer, RunningServer, eventually, new_session, runtime_id
from tests.long_cases import always
from tests.stand_ins import Moto

AGENT = Path(__file__).parents[3] / "agents" / "asks_bedrock.py"
SERVED = "ASIASERVED00000000AA"
KEYS = "aws_access_key_id = AKIAFILE000000000000\naws_secret_access_key = secret-of-AKIAFILE000000000000\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/agent\n"
SSO = (
    "[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Dev\n"
    "[sso-session corp]\nsso_region = us-west-2\nsso_start_url = https://corp.example.org/start\n"
)


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    running = Moto(tmp_path_factory.mktemp("moto") / "log")
    yield running
    running.close()


@pytest.fixture
def services() -> Iterator[CredentialServices]:
    with CredentialServices() as running:
        running.give(SERVED)
        yield running


@pytest.fixture
def bedrock(moto: Moto) -> Iterator[ScriptedBedrock]:
    """It knows the secrets of our stand-ins' keys, and of those that moto's STS gave."""

    def secret_of(key: str) -> str | None:
        if key.startswith(("AKIAFILE", "ASIASERVED", "AKIAENV", "AKIAPROCESS")):
            return f"secret-of-{key}"
        with urllib.request.urlopen(f"{moto.url}/moto-api/data.json") as response:
            roles = json.load(response).get("sts", {}).get("AssumedRole", [])
        return next((role["secret_access_key"] for role in roles if role["access_key_id"] == key), None)

    with ScriptedBedrock(secret_of) as running:
        yield running


class Deployer:
    """Somebody's HOME and shell, and what an agent gets of them."""

    def __init__(self, server: RunningServer, arn: str, home: Path, environment: dict[str, str]) -> None:
        self.server = server
        self.arn = arn
        self.home = home
        self.environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", **environment}
        (home / ".aws" / "sso" / "cache").mkdir(parents=True)

    def write(self, name: str, text: str) -> None:
        (self.home / ".aws" / name).write_text(text)

    def log_in(self, *, ends_in: float = 3600.0) -> None:
        """The file that `aws sso login` leaves."""
        ends = datetime.now(UTC) + timedelta(seconds=ends_in)
        token = {"accessToken": TOKEN, "expiresAt": f"{ends:%Y-%m-%dT%H:%M:%SZ}"}
        name = hashlib.sha1(b"corp").hexdigest()
        self.write(f"sso/cache/{name}.json", json.dumps(token))

    def deploy(self, profile: str | None = None, **variables: str) -> None:
        handed = hand_over(self.environment | variables, profile)
        self.server.local.put_credentials(self.arn, handed.environment, handed.source)

    def ask(self, session: str | None = None) -> Answer:
        return self.server.invoke(self.arn, b"{}", session or new_session())

    def told(self) -> dict[str, Any]:
        answer = self.ask()
        assert answer.status == 200, answer.body
        told: dict[str, Any] = answer.json()
        assert told["said"]
        return told


@pytest.fixture(scope="module")
def arn(server: RunningServer) -> Iterator[str]:
    made = server.deploy(AGENT, name="asks", interpreter=Path(sys.executable))
    yield made
    server.control.delete_agent_runtime(agentRuntimeId=runtime_id(made))


@pytest.fixture
def deployer(
    server: RunningServer, arn: str, moto: Moto, services: CredentialServices, bedrock: ScriptedBedrock, tmp_path: Path
) -> Deployer:
    environment = {
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": bedrock.url,
        "AWS_ENDPOINT_URL_STS": moto.url,
        "AWS_ENDPOINT_URL_SSO": services.url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": "us-west-2",
    }
    return Deployer(server, arn, tmp_path / "home", environment)


def default_profile(deployer: Deployer) -> str:
    deployer.write("credentials", f"[default]\n{KEYS}")
    deployer.deploy()
    return "AKIAFILE"


def profile_by_variable(deployer: Deployer) -> str:
    deployer.write("credentials", f"[work]\n{KEYS}")
    deployer.deploy(AWS_PROFILE="work")
    return "AKIAFILE"


def profile_of_the_target(deployer: Deployer) -> str:
    """It counts more than keys in variables, as everywhere."""
    deployer.write("credentials", f"[work]\n{KEYS}")
    deployer.deploy("work", AWS_ACCESS_KEY_ID="AKIAENV", AWS_SECRET_ACCESS_KEY="secret-of-AKIAENV")
    return "AKIAFILE"


def files_elsewhere(deployer: Deployer) -> str:
    deployer.write("mine", f"[default]\n{KEYS}")
    deployer.deploy(AWS_SHARED_CREDENTIALS_FILE=str(deployer.home / ".aws" / "mine"))
    return "AKIAFILE"


def role_to_assume(deployer: Deployer) -> str:
    deployer.write("credentials", f"[base]\n{KEYS}")
    deployer.write("config", f"[profile work]\n{ROLE}source_profile = base\n")
    deployer.deploy(AWS_PROFILE="work")
    return "ASIA"


def web_identity(deployer: Deployer) -> str:
    deployer.write("token", "a.b.c")
    token = str(deployer.home / ".aws" / "token")
    deployer.deploy(AWS_WEB_IDENTITY_TOKEN_FILE=token, AWS_ROLE_ARN="arn:aws:iam::123456789012:role/agent")
    return "ASIA"


def single_sign_on(deployer: Deployer) -> str:
    deployer.write("config", SSO)
    deployer.log_in()
    deployer.deploy(AWS_PROFILE="dev")
    return SERVED


def credential_process(deployer: Deployer) -> str:
    keys = {"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "secret-of-AKIAPROCESS"}
    deployer.write("keys.json", json.dumps(keys))
    deployer.write("config", f"[default]\ncredential_process = cat {deployer.home}/.aws/keys.json\n")
    deployer.deploy()
    return "AKIAPROCESS"


def role_of_a_container(deployer: Deployer) -> str:
    services = deployer.environment["AWS_ENDPOINT_URL_SSO"]
    deployer.deploy(
        AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{services}/container", AWS_CONTAINER_AUTHORIZATION_TOKEN="container-token"
    )
    return SERVED


def role_of_an_instance(deployer: Deployer) -> str:
    services = deployer.environment["AWS_ENDPOINT_URL_SSO"]
    deployer.deploy(AWS_EC2_METADATA_DISABLED="", AWS_EC2_METADATA_SERVICE_ENDPOINT=services)
    return SERVED


SOURCES = [
    default_profile,
    profile_by_variable,
    profile_of_the_target,
    files_elsewhere,
    role_to_assume,
    web_identity,
    single_sign_on,
    credential_process,
    role_of_a_container,
    role_of_an_instance,
]


OFTEN = (default_profile, role_to_assume, single_sign_on, credential_process)


@pytest.mark.parametrize("source", always(*OFTEN, of=SOURCES), ids=lambda source: source.__name__)
def test_it_reaches_the_model(deployer: Deployer, source: Callable[[Deployer], str]) -> None:
    key = source(deployer)
    told = deployer.told()
    assert told["method"] == "container-role"
    assert told["access_key"].startswith(key)
    assert not {"AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN"} & {*told["names"]}


def test_keys_in_variables_stay_variables(deployer: Deployer) -> None:
    deployer.deploy(AWS_ACCESS_KEY_ID="AKIAENV", AWS_SECRET_ACCESS_KEY="secret-of-AKIAENV", AWS_PROFILE="nowhere")
    told = deployer.told()
    assert (told["method"], told["access_key"]) == ("env", "AKIAENV")
    assert "AWS_PROFILE" not in told["names"]


def test_nothing_at_all_is_placeholders(deployer: Deployer) -> None:
    deployer.deploy()
    answer = deployer.ask()
    assert answer.status == 424
    assert "security token is invalid" in answer.json()["detail"]


def test_a_local_runtimes_own_key_is_not_handed_on(deployer: Deployer, server: RunningServer) -> None:
    """`eval "$(agentcore local env)"` was said in the shell that deploys."""
    keys = {"AWS_ACCESS_KEY_ID": server.info.access_key, "AWS_SECRET_ACCESS_KEY": server.info.secret_key}
    default_profile(deployer)
    deployer.deploy(**keys)
    assert deployer.told()["access_key"].startswith("AKIAFILE")
    server.local.put_credentials(deployer.arn, deployer.environment | keys)
    assert server.info.secret_key not in deployer.ask().body.decode()


@pytest.mark.long
def test_what_expires_is_asked_for_anew(deployer: Deployer, services: CredentialServices) -> None:
    """By a process outside the server, and once for many who ask."""
    single_sign_on(deployer)
    services.give("ASIASERVEDFIRST", seconds=LAST_SECONDS + 15)
    assert deployer.told()["access_key"] == "ASIASERVEDFIRST"
    services.give("ASIASERVEDSECOND")
    eventually(lambda: deployer.told()["access_key"] == "ASIASERVEDSECOND", "they are asked for anew", 90)
    asked = len(services.asked)
    for _ in range(3):
        assert deployer.told()["access_key"] == "ASIASERVEDSECOND"
    assert len(services.asked) == asked


@pytest.mark.parametrize(
    "ended", always("by the portal", of=["by its file", "by the portal", "never begun", "of the profile behind a role"])
)
def test_a_login_that_has_ended(deployer: Deployer, services: CredentialServices, ended: str) -> None:
    deployer.write("config", SSO + f"[profile work]\n{ROLE}source_profile = dev\n")
    if ended != "never begun":
        deployer.log_in(ends_in=-60 if ended == "by its file" else 3600)
    services.end_login()
    deployer.deploy(AWS_PROFILE="work" if ended.startswith("of the profile") else "dev")
    session = new_session()
    answer = deployer.ask(session)
    assert answer.status == 424
    detail = answer.json()["detail"]
    assert detail.count("aws sso login --profile dev") >= 2  # in the agent's own error, and in our words behind it
    services.logged_in = True
    deployer.log_in()
    wait_for(lambda: deployer.ask(session).status == 200)


def wait_for(check: Callable[[], bool]) -> None:
    """The next call after a login goes on; the fault that was found counts for two seconds more."""
    deadline = datetime.now(UTC) + timedelta(seconds=90)
    while not check():
        assert datetime.now(UTC) < deadline


@pytest.mark.parametrize(
    ("config", "profile", "says"),
    always(
        ("", "gone", "profile (gone) could not be found"),
        of=[
            ("", "gone", "profile (gone) could not be found"),
            ("[default]\ncredential_process = false\n", "", "custom-process"),
            (f"[profile work]\n{ROLE}source_profile = gone\n", "work", "gone"),
        ],
    ),
)
def test_what_can_t_be_found_is_told(deployer: Deployer, config: str, profile: str, says: str) -> None:
    deployer.write("config", config)
    deployer.deploy(**({"AWS_PROFILE": profile} if profile else {}))
    answer = deployer.ask()
    assert answer.status == 424
    assert says in answer.json()["detail"]
    assert "next: aws " in answer.json()["detail"]


def test_the_address_opens_for_its_session_alone(deployer: Deployer, server: RunningServer) -> None:
    default_profile(deployer)
    environment = server.deploy(Path(__file__).parents[3] / "agents" / "many_answers.py", name="sees_credentials")
    handed = hand_over(deployer.environment, None)
    server.local.put_credentials(environment, handed.environment, handed.source)
    session = new_session()
    seen = server.invoke(environment, b'{"do": "environment"}', session).json()
    path = seen["AWS_CONTAINER_CREDENTIALS_FULL_URI"].removeprefix(server.info.url)
    token = seen["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    good = server.ask("GET", path, None, {"Authorization": token})
    assert good.json()["SecretAccessKey"] == "secret-of-AKIAFILE000000000000"
    assert good.headers["cache-control"] == "no-store"
    for headers in ({}, {"Authorization": "x"}, {"Authorization": f"Bearer {token}"}, {"Origin": "http://localhost"}):
        assert server.ask("GET", path, None, headers).status == 403
    assert server.ask("GET", "/credentials", None, {"Authorization": token}).status == 403
    beside = server.invoke(environment, b'{"do": "environment"}', new_session()).json()
    other = beside["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    assert server.ask("GET", path, None, {"Authorization": other}).status == 403
    assert server.ask("GET", path.replace(token, other), None, {"Authorization": token}).status == 403
    server.data.stop_runtime_session(agentRuntimeArn=environment, runtimeSessionId=session)
    assert server.ask("GET", path, None, {"Authorization": token}).status == 403
    assert list(server.files_with("secret-of-AKIAFILE")) == []


def test_an_agents_own_variables_win(deployer: Deployer, server: RunningServer, bedrock: ScriptedBedrock) -> None:
    own = {"AWS_ACCESS_KEY_ID": "AKIAENVOWN", "AWS_SECRET_ACCESS_KEY": "secret-of-AKIAENVOWN"}
    arn = server.deploy(AGENT, name="own", interpreter=Path(sys.executable), environmentVariables=own)
    mine = Deployer(server, arn, deployer.home / "other", deployer.environment)
    mine.deploy(AWS_ACCESS_KEY_ID="AKIAENV", AWS_SECRET_ACCESS_KEY="secret-of-AKIAENV", AWS_SESSION_TOKEN="theirs")
    told = mine.told()
    assert told["access_key"] == "AKIAENVOWN"
    assert "AWS_SESSION_TOKEN" not in told["names"]
