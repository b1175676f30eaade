"""The policy of a runtime and of its endpoint DEFAULT, changed by boto3 behind our back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.aws.runtimes import RuntimeControl
from agentcore_cli.contract import RESOURCE_POLICY_MAX, endpoint_arn
from agentcore_cli.engine import PENDING, Action, Desired, Found
from agentcore_cli.errors import InputError
from agentcore_cli.resources.resource_policy import ResourcePolicy, ResourcePolicySpec, as_file
from tests.fakes.control import PARTNER, REGION, SETTINGS
from tests.fakes.control_server import ControlServer
from tests.fakes.things import Thing, World
from tests.functional.local.control.waiting import settled
from tests.functional.resources.contract import ResourceContract
from tests.functional.resources.deployment import ControlAccount, Deployment
from tests.functional.resources.subject import Subject

INVOKE = "bedrock-agentcore:InvokeAgentRuntime"
ALLOW = {"Sid": "Partners", "Effect": "Allow", "Principal": PARTNER, "Action": INVOKE}
DENY = {
    "Sid": "OnlyOurVpc",
    "Effect": "Deny",
    "Principal": "*",
    "Action": INVOKE,
    "Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
}


@dataclass
class RuntimeThing(Thing):
    """Stands where the runtime is that the account has."""

    arn: str = field(default="")

    def desired(self, outputs: Any, found: Found | None) -> Desired:
        return Desired({}, self.outputs())

    def outputs(self) -> dict[str, Any]:
        return {"arn": self.arn}


class Policy(Subject):
    """Of a runtime that is there; `statements` are those of the file."""

    def __init__(self, account: ControlAccount, arn: str, file: Path) -> None:
        super().__init__(Deployment(account))
        self.client, self.file, self.world = account.client(), file, World()
        self.id, self.arn = arn.rpartition("/")[2], arn
        self.arns = {"policy": self.arn, "endpoint_policy": endpoint_arn(self.arn, "DEFAULT")}
        self.write(ALLOW, DENY)
        self.remove()

    def write(self, *statements: Any, **members: Any) -> None:
        self.file.write_text(json.dumps({"Version": "2012-10-17", "Statement": statements} | members))

    def resource(self, lives: int | None = None, **wishes: Any) -> ResourcePolicy:
        wanted = {"file": self.file, "runtime_id": lambda: self.id} | wishes
        return ResourcePolicy(
            ResourcePolicySpec(runtime="bot", account="000000000000", region=REGION, **wanted),
            RuntimeControl(self.deployment.session(lives)),
        )

    def below(self) -> list[Thing]:
        return [RuntimeThing(self.world, "runtime", arn=self.arn)]

    def of(self, name: str) -> list[dict[str, Any]]:
        try:
            found = json.loads(self.client.get_resource_policy(resourceArn=self.arns[name])["policy"])["Statement"]
        except self.client.exceptions.ResourceNotFoundException:
            return []
        return list(found)

    def there(self) -> list[str]:
        return ["both"] if all(map(self.of, self.arns)) else [name for name in self.arns if self.of(name)]

    def remove(self) -> None:
        for arn in self.arns.values():
            self.client.delete_resource_policy(resourceArn=arn)

    def anew(self) -> None:
        self.remove()
        self.lose_state()

    def lose_state(self) -> None:
        self.deployment.store.drop("resource_policy")


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlAccount]:
    with ControlServer(tmp_path_factory.mktemp("control")) as control, closing(ControlAccount(control)) as account:
        yield account


@pytest.fixture(scope="module")
def arn(account: ControlAccount) -> str:
    """Of a runtime that is there."""
    made = account.client().create_agent_runtime(agentRuntimeName="bot", **SETTINGS)
    settled(account.client(), made["agentRuntimeId"])
    return str(made["agentRuntimeArn"])


@pytest.fixture
def subject(account: ControlAccount, arn: str, tmp_path: Path) -> Policy:
    return Policy(account, arn, tmp_path / "callers.json")


def edit(name: str, change: Callable[[list[dict[str, Any]]], object]) -> Callable[[Policy], None]:
    """Change the statements of one of the two policies, as somebody in the console would."""

    def apply(subject: Policy) -> None:
        statements = subject.of(name)
        change(statements)
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        subject.client.put_resource_policy(resourceArn=subject.arns[name], policy=document)

    return apply


class TestContract(ResourceContract):
    CALLS = (2, 2, 4)
    test_a_look_alike_is_refused_and_stays = None  # it has no name and no tags: it is the runtime's
    CHANGES = (
        pytest.param(
            edit("policy", lambda found: found[0].update(Principal="*")),
            {"policy.Partners.Principal", "policy.Partners.Principal.AWS"},
            id="principal",
        ),
        pytest.param(
            edit("endpoint_policy", lambda found: found[0].update(Action="bedrock-agentcore:*")),
            {"endpoint_policy.Partners.Action"},
            id="action-of-the-endpoint",
        ),
        pytest.param(
            edit("policy", lambda found: found[1].pop("Condition")),
            {"policy.Deny:OnlyOurVpc.Condition.StringNotEquals.aws:SourceVpc"},
            id="condition",
        ),
        pytest.param(
            edit("endpoint_policy", lambda found: found.pop()),
            {f"endpoint_policy.Deny:OnlyOurVpc.{member}" for member in ("Principal", "Action", "Resource")}
            | {"endpoint_policy.Deny:OnlyOurVpc.Condition.StringNotEquals.aws:SourceVpc"},
            id="a-statement-less",
        ),
    )


def test_a_statement_without_a_resource_is_for_both_and_one_with_it_for_that(subject: Policy) -> None:
    of_endpoint = DENY | {"Resource": subject.arns["endpoint_policy"]}
    subject.write(ALLOW, of_endpoint)
    subject.deploy()
    assert subject.of("policy") == [ALLOW | {"Principal": PARTNER, "Resource": subject.arn}]
    assert [it["Sid"] for it in subject.of("endpoint_policy")] == ["Partners", "OnlyOurVpc"]
    subject.write(of_endpoint)
    subject.deploy()
    assert (subject.of("policy"), len(subject.of("endpoint_policy"))) == ([], 1)


def test_when_the_config_names_none_any_more_it_goes(subject: Policy) -> None:
    subject.deploy()
    change = subject.change(file=None)
    assert (change.action, change.reason) == (Action.DELETE, "no longer in the configuration")
    subject.deployment.deploy(*subject.below(), subject.resource(file=None))
    assert subject.there() == []
    assert "resource_policy" not in subject.deployment.store.records


def test_wider_access_stands_out_and_narrower_does_not(subject: Policy) -> None:
    subject.deploy()
    subject.write(ALLOW)
    assert subject.change().widens, "a Deny went"
    subject.write(DENY)
    assert not subject.change().widens
    subject.write(ALLOW | {"Principal": {"AWS": [*PARTNER.values(), "arn:aws:iam::999999999999:root"]}}, DENY)
    assert subject.change().widens


def test_of_a_runtime_that_is_not_there_yet_it_is_known_but_for_the_arn(subject: Policy) -> None:
    wanted = subject.resource(runtime_id=lambda: None).desired({"runtime": {"arn": PENDING}}, None)
    assert wanted
    assert wanted.facts["runtime"] == wanted.facts["policy"]["Partners"]["Resource"] == PENDING


REFUSED: list[Any] = [
    pytest.param("[", "can't be read", id="no-json"),
    pytest.param("[]", "is not a policy with Version and Statement", id="a-list"),
    pytest.param({"Version": "2012"}, "is not a policy with Version and Statement", id="version"),
    pytest.param({"Statement": []}, "is not a policy with Version and Statement", id="no-statement"),
    pytest.param([7], "statement 1: is not an object", id="a-number"),
    pytest.param([ALLOW, ALLOW | {"Effect": "Maybe"}], "statement 2: Effect must be Allow or Deny", id="effect"),
    pytest.param([{k: v for k, v in ALLOW.items() if k != "Principal"}], "needs Principal", id="no-principal"),
    pytest.param([ALLOW | {"NotAction": "x"}], "needs Action", id="both-actions"),
    pytest.param([ALLOW | {"NotResource": "x"}], "NotResource is not for", id="not-resource"),
    pytest.param([ALLOW | {"Resource": "*"}], r"the Resource \* is neither the runtime nor", id="any-resource"),
    pytest.param([ALLOW, DENY | {"Sid": "Partners"}], "the Sid Partners is there twice", id="sid"),
    pytest.param(
        [ALLOW | {"Condition": {"StringEquals": {"aws:SourceVpc": "v" * RESOURCE_POLICY_MAX}}}],
        f"AgentCore takes {RESOURCE_POLICY_MAX}",
        id="too-long",
    ),
]


@pytest.mark.parametrize(("content", "message"), REFUSED)
def test_a_file_that_is_no_policy_is_refused_with_an_example_before_anything_is_done(
    subject: Policy, content: Any, message: str
) -> None:
    if isinstance(content, str):
        subject.file.write_text(content)
    elif isinstance(content, dict):
        subject.write(ALLOW, **content)
    else:
        subject.write(*content)
    with pytest.raises(InputError, match=rf"resource_policy: callers\.json: .*{message}") as refused:
        subject.change()
    assert refused.value.hint


def test_callers_with_a_token_are_everybody_to_iam(subject: Policy) -> None:
    with pytest.raises(InputError, match='with `authorizer` the Principal must be "\\*"'):
        subject.change(takes_tokens=True)
    subject.write(ALLOW | {"Principal": "*"}, DENY)
    assert subject.change(takes_tokens=True).action is Action.CREATE


@pytest.mark.parametrize(
    ("of_runtime", "of_endpoint"),
    [([ALLOW], [ALLOW]), ([ALLOW], []), ([], [DENY]), ([ALLOW], [DENY])],
    ids=["alike", "runtime-alone", "endpoint-alone", "each-its-own"],
)
def test_the_file_that_an_import_writes_is_what_is_there(subject: Policy, of_runtime: Any, of_endpoint: Any) -> None:
    policies = {}
    for (name, arn), statements in zip(subject.arns.items(), (of_runtime, of_endpoint), strict=True):
        policies[name] = None
        if statements:
            stated = [statement | {"Resource": arn} for statement in statements]
            policies[name] = {"Version": "2012-10-17", "Statement": stated}
            subject.client.put_resource_policy(resourceArn=arn, policy=json.dumps(policies[name]))
    subject.file.write_text(json.dumps(as_file(policies["policy"], policies["endpoint_policy"])))
    change = subject.change()
    assert (change.action, change.fields) == (Action.ADOPT, ())
    assert as_file(None, None) is None
