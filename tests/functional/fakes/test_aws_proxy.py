"""The proxy in front of AWS: it writes every call down, and what happens to a call is what boto3 takes it for."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError, ReadTimeoutError

from tests.fakes import aws_answers
from tests.fakes.aws_faults import (
    after_number,
    instead,
    interrupt,
    kill_after,
    kill_before,
    named,
    reset_after,
    reset_before,
    silent_for,
    times,
)
from tests.fakes.aws_proxy import AwsProxy
from tests.local_runtime import eventually
from tests.stand_ins import Moto, boto3_client

GONE = "http://127.0.0.1:9"  # where nothing may be sent to
ONCE = Config(retries={"total_max_attempts": 1})
IMPATIENT = ONCE.merge(Config(read_timeout=0.5))


@pytest.fixture
def proxy(moto: Moto) -> Iterator[AwsProxy]:
    with AwsProxy({"logs": GONE}, otherwise=moto.url) as started:
        yield started


@pytest.fixture
def clients(proxy: AwsProxy) -> Iterator[dict[str, Any]]:
    names = ("iam", "ecr", "sts", "bedrock-agentcore-control")
    made = {name: boto3_client(name, proxy.url, config=ONCE) for name in names}
    yield made
    for client in made.values():
        client.close()


def repositories(moto: Moto) -> list[str]:
    return [item["repositoryName"] for item in moto.client("ecr").describe_repositories()["repositories"]]


def test_calls_are_passed_on_and_written_down(proxy: AwsProxy, clients: dict[str, Any], moto: Moto) -> None:
    clients["ecr"].create_repository(repositoryName="one")
    with pytest.raises(ClientError, match="NoSuchEntity"):
        clients["iam"].get_role(RoleName="none")
    clients["ecr"].create_repository(repositoryName="two")
    assert proxy.names == ["ecr:CreateRepository", "iam:GetRole", "ecr:CreateRepository"]
    assert [(call.number, call.occurrence) for call in proxy.calls] == [(1, 1), (2, 1), (3, 2)]
    assert repositories(moto) == ["one", "two"]
    proxy.begin_anew()
    assert proxy.names == []


ANSWERS = [
    (aws_answers.access_denied, {"iam": "AccessDenied", "other": "AccessDeniedException"}),
    (aws_answers.expired_token, {"iam": "ExpiredToken", "other": "ExpiredTokenException"}),
    (aws_answers.throttled, {"iam": "Throttling", "other": "ThrottlingException"}),
    (aws_answers.failed, {"iam": "ServiceFailure", "ecr": "ServerException", "other": "InternalServerException"}),
]
CALLS = [
    ("iam", "list_roles", "arn"),
    ("ecr", "describe_repositories", "*"),
    ("bedrock-agentcore-control", "list_agent_runtimes", "runtime/*"),
]


@pytest.mark.parametrize(("answer", "codes"), ANSWERS, ids=[answer.__name__ for answer, _ in ANSWERS])
@pytest.mark.parametrize(("service", "operation", "resource"), CALLS, ids=[call[0] for call in CALLS])
def test_answers_are_in_the_protocol_of_the_service(
    proxy: AwsProxy,
    clients: dict[str, Any],
    answer: Any,
    codes: dict[str, str],
    service: str,
    operation: str,
    resource: str,
) -> None:
    proxy.interfere(named("iam:ListRoles"), instead(answer))
    proxy.interfere(named("ecr:DescribeRepositories"), instead(answer))
    proxy.interfere(named("bedrock-agentcore:ListAgentRuntimes"), instead(answer))
    with pytest.raises(ClientError) as caught:
        getattr(clients[service], operation)()
    assert caught.value.response["Error"]["Code"] == codes.get(service, codes["other"])
    assert caught.value.response["ResponseMetadata"]["RequestId"] == aws_answers.REQUEST_ID


def test_a_refusal_names_action_and_resource(proxy: AwsProxy, clients: dict[str, Any], moto: Moto) -> None:
    proxy.interfere(named("ecr:CreateRepository"), instead(aws_answers.access_denied))
    with pytest.raises(ClientError) as caught:
        clients["ecr"].create_repository(repositoryName="one")
    assert caught.value.response["Error"]["Message"] == (
        "User: arn:aws:iam::123456789012:user/deployer is not authorized to perform: ecr:CreateRepository on resource: "
        "arn:aws:ecr:us-west-2:123456789012:repository/one "
        "because no identity-based policy allows the ecr:CreateRepository action"
    )
    assert repositories(moto) == []


def test_a_gateway_that_fails_speaks_no_protocol(proxy: AwsProxy, clients: dict[str, Any]) -> None:
    proxy.interfere(named("ecr:DescribeRepositories"), instead(aws_answers.bad_gateway))
    with pytest.raises(ClientError) as caught:
        clients["ecr"].describe_repositories()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


@pytest.mark.parametrize(
    ("harm", "error", "made"),
    [
        (reset_before, ConnectionClosedError, []),
        (reset_after, ConnectionClosedError, ["one"]),
    ],
    ids=["reset before", "reset after"],
)
def test_a_lost_answer_is_lost_before_or_after_the_service_acted(
    proxy: AwsProxy, clients: dict[str, Any], moto: Moto, harm: Any, error: type[BotoCoreError], made: list[str]
) -> None:
    proxy.interfere(named("ecr:CreateRepository"), harm)
    with pytest.raises(error):
        clients["ecr"].create_repository(repositoryName="one")
    eventually(lambda: repositories(moto) == made, f"the account holds {made}")


def test_behind_a_silence_the_service_has_acted(proxy: AwsProxy, moto: Moto) -> None:
    proxy.interfere(named("ecr:CreateRepository"), silent_for(1))
    with closing(boto3_client("ecr", proxy.url, config=IMPATIENT)) as impatient, pytest.raises(ReadTimeoutError):
        impatient.create_repository(repositoryName="one")
    eventually(lambda: repositories(moto) == ["one"], "the account holds it")


def test_only_some_calls_come_to_harm(proxy: AwsProxy, clients: dict[str, Any]) -> None:
    proxy.interfere(named("iam:ListRoles"), times(1, reset_before))
    proxy.interfere(after_number(4), instead(aws_answers.expired_token))
    with pytest.raises(ConnectionClosedError):
        clients["iam"].list_roles()
    clients["iam"].list_roles()
    clients["ecr"].describe_repositories()
    clients["sts"].get_caller_identity()
    with pytest.raises(ClientError, match="ExpiredToken"):
        clients["sts"].get_caller_identity()


@pytest.mark.parametrize(("kill", "made"), [(kill_before, []), (kill_after, ["one"])], ids=["before", "after"])
def test_the_caller_dies_before_or_after_the_service_acted(
    proxy: AwsProxy, moto: Moto, kill: Any, made: list[str]
) -> None:
    caller = caller_of(proxy)
    proxy.interfere(named("ecr:CreateRepository"), kill(lambda: caller.pid))
    caller.communicate(b"\n")
    assert caller.returncode == -signal.SIGKILL
    assert repositories(moto) == made


def test_the_caller_is_interrupted_and_answered_all_the_same(proxy: AwsProxy, moto: Moto) -> None:
    caller = caller_of(proxy)
    proxy.interfere(named("ecr:CreateRepository"), interrupt(lambda: caller.pid))
    _, told = caller.communicate(b"\n")
    assert b"KeyboardInterrupt" in told
    assert repositories(moto) == ["one"]


def caller_of(proxy: AwsProxy) -> subprocess.Popen[bytes]:
    """A process that makes a repository when it is sent a line."""
    script = (
        "import boto3\n"
        "session = boto3.Session(aws_access_key_id='a', aws_secret_access_key='b', region_name='us-west-2')\n"
        f"client = session.client('ecr', endpoint_url='{proxy.url}')\n"
        "input(); client.create_repository(repositoryName='one')"
    )
    return subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stderr=subprocess.PIPE)


def test_what_the_proxy_could_not_serve_is_told_at_the_end(moto: Moto) -> None:
    proxy = AwsProxy({"logs": GONE}, otherwise=moto.url)
    proxy.__enter__()
    client = boto3_client("logs", proxy.url, config=ONCE)
    with pytest.raises(ClientError):
        client.describe_log_groups()
    client.close()
    with pytest.raises(ExceptionGroup, match="could not serve"):
        proxy.__exit__()


def test_half_a_request_of_a_caller_that_died_is_no_call(proxy: AwsProxy) -> None:
    address = urlsplit(proxy.url)
    with socket.create_connection((address.hostname, address.port)) as caller:
        caller.sendall(b"POST / HTTP/1.1\r\nHost: aws\r\nContent-Length: 100\r\n\r\nAction=GetR")
        caller.shutdown(socket.SHUT_WR)
        assert caller.recv(1000) == b""
    assert (proxy.calls, proxy.failures) == ([], [])
