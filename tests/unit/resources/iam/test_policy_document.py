"""IAM policy documents as values."""

from __future__ import annotations

from typing import Any

import pytest

from agentcore_cli.engine import FieldChange
from agentcore_cli.engine.difference import differences
from agentcore_cli.resources.iam import policy_document
from agentcore_cli.resources.iam.policy_document import (
    AssumingService,
    facts,
    missing,
    names_source,
    trust_fault,
    widens,
)

CALLER = AssumingService(
    "bedrock-agentcore.amazonaws.com", "123456789012", "arn:aws:bedrock-agentcore:us-west-2:123456789012:runtime/bot-0"
)


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(**members: Any) -> dict[str, Any]:
    return {"Sid": "S", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"} | members


def deny(**members: Any) -> dict[str, Any]:
    return allow(Effect="Deny") | members


EQUALS = {"StringEquals": {"aws:SourceAccount": "1"}}

SAME: list[Any] = [
    pytest.param(allow(), allow(Action=["s3:GetObject"]), id="a-word-or-a-list-of-one"),
    pytest.param(allow(Action=["a:B", "a:C"]), allow(Action=["a:C", "a:B"]), id="order"),
    pytest.param(
        allow(Condition={"Bool": {"aws:SecureTransport": True}}),
        allow(Condition={"Bool": {"aws:SecureTransport": ["true"]}}),
        id="truth",
    ),
    pytest.param(
        allow(Condition=EQUALS), allow(Condition={"StringEquals": {"aws:SourceAccount": ["1"]}}), id="condition"
    ),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_ways_to_write_the_same_are_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert facts(document(one)) == facts(document(other))


def test_a_single_statement_needs_no_list_and_one_without_a_name_gets_its_number() -> None:
    assert facts({"Statement": allow()}) == facts({"Statement": [allow()]})
    assert list(facts(document(allow(Sid=""), deny()))) == ["Version", "Statement1", "Deny:S"]


def test_no_document_has_no_facts() -> None:
    assert facts(None) == {}


WIDENING: list[Any] = [
    pytest.param([], [allow()], True, id="a-new-statement"),
    pytest.param([allow()], [], False, id="a-statement-less"),
    pytest.param([allow()], [allow(Action=["s3:GetObject", "s3:PutObject"])], True, id="an-action-more"),
    pytest.param([allow(Action=["a:B", "a:C"])], [allow(Action="a:B")], False, id="an-action-less"),
    pytest.param([allow(Action="s3:*")], [allow()], False, id="from-a-wildcard"),
    pytest.param([allow()], [allow(Action="s3:Get*")], True, id="to-a-wildcard"),
    pytest.param([allow()], [allow(Resource="arn:aws:s3:::b/*")], False, id="a-narrower-resource"),
    pytest.param([allow(Resource="arn:aws:s3:::b/*")], [allow(Resource="arn:aws:s3:::c/*")], True, id="elsewhere"),
    pytest.param([allow()], [allow(Condition=EQUALS)], False, id="a-condition-more"),
    pytest.param([allow(Condition=EQUALS)], [allow()], True, id="a-condition-less"),
    pytest.param(
        [allow(Condition=EQUALS)],
        [allow(Condition={"StringEquals": {"aws:SourceAccount": ["1", "2"]}})],
        True,
        id="a-looser-condition",
    ),
    pytest.param(
        [allow(Condition={"StringNotEquals": {"k": ["1", "2"]}})],
        [allow(Condition={"StringNotEquals": {"k": "1"}})],
        True,
        id="a-looser-condition-that-says-not",
    ),
    pytest.param([deny()], [], True, id="a-prohibition-less"),
    pytest.param([], [deny()], False, id="a-new-prohibition"),
    pytest.param([deny(Action=["a:B", "a:C"])], [deny(Action="a:B")], True, id="a-smaller-prohibition"),
    pytest.param([deny(Action="a:B")], [deny(Action=["a:B", "a:C"])], False, id="a-larger-prohibition"),
    pytest.param([deny()], [deny(Condition=EQUALS)], True, id="a-prohibition-on-a-condition"),
    pytest.param(
        [{"Sid": "S", "Effect": "Allow", "NotAction": ["a:B", "a:C"], "Resource": "*"}],
        [{"Sid": "S", "Effect": "Allow", "NotAction": "a:B", "Resource": "*"}],
        True,
        id="an-exception-less",
    ),
    pytest.param(
        [{"Sid": "S", "Effect": "Allow", "NotAction": "a:B", "Resource": "*"}],
        [{"Sid": "S", "Effect": "Allow", "NotAction": ["a:B", "a:C"], "Resource": "*"}],
        False,
        id="an-exception-more",
    ),
    pytest.param([allow(Effect="Deny")], [allow()], True, id="from-deny-to-allow"),
]


@pytest.mark.parametrize(("old", "new", "wider"), WIDENING)
def test_whether_a_change_lets_somebody_do_more(old: list[Any], new: list[Any], wider: bool) -> None:
    changes = differences({"policy": facts(document(*old))}, {"policy": facts(document(*new))})
    assert any(widens(change) for change in changes) is wider


def test_the_version_of_a_document_widens_nothing() -> None:
    assert not widens(FieldChange("policy.Version", None, "2012-10-17"))


MISSING: list[Any] = [
    pytest.param([], ["s3:GetObject on *"], id="nothing-held"),
    pytest.param([allow()], [], id="the-same"),
    pytest.param([allow(Action="S3:get*")], [], id="case-and-wildcards"),
    pytest.param([allow(Resource="arn:aws:s3:::b")], ["s3:GetObject on *"], id="another-resource"),
    pytest.param([allow(), deny()], ["s3:GetObject on *"], id="forbidden"),
    pytest.param([allow(), deny(Condition=EQUALS)], [], id="forbidden-on-a-condition"),
    pytest.param([{"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::b"}], [], id="exceptions"),
    pytest.param([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], ["s3:GetObject on *"], id="an-exception"),
]


@pytest.mark.parametrize(("held", "expected"), MISSING)
def test_what_a_role_lacks_is_told_by_action_and_resource(held: list[Any], expected: list[str]) -> None:
    assert missing(document(allow()), [document(*held)]) == expected


def trusting(**members: Any) -> dict[str, Any]:
    return document({"Effect": "Allow", "Principal": {"Service": CALLER.service}, "Action": "sts:AssumeRole"} | members)


TRUSTS: list[Any] = [
    pytest.param(trusting(), None, id="anybody"),
    pytest.param(trusting(Principal={"Service": ["ec2.amazonaws.com", CALLER.service]}), None, id="one-of-several"),
    pytest.param(trusting(Principal={"Service": "ec2.amazonaws.com"}), "does not let", id="another-service"),
    pytest.param(trusting(Principal={"AWS": "arn:aws:iam::1:root"}), "does not let", id="an-account"),
    pytest.param(trusting(Action="sts:TagSession"), "does not let", id="another-action"),
    pytest.param(trusting(Effect="Deny"), "does not let", id="deny"),
    pytest.param(
        trusting(Condition={"StringEquals": {"aws:SourceAccount": CALLER.account}}), None, id="this-account"
    ),
    pytest.param(
        trusting(Condition={"StringEquals": {"AWS:SourceAccount": ["9", "8"]}}),
        "wants AWS:SourceAccount to be 9 or 8, and here it is 123456789012",
        id="another-account",
    ),
    pytest.param(
        trusting(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:bedrock-agentcore:us-west-2:123456789012:*"}}),
        None,
        id="this-region",
    ),
    pytest.param(
        trusting(Condition={"ArnLikeIfExists": {"aws:SourceArn": "arn:aws:bedrock-agentcore:eu-west-1:*"}}),
        "wants aws:SourceArn",
        id="another-region",
    ),
    pytest.param(trusting(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), None, id="another-key"),
    pytest.param(
        trusting(Condition={"StringNotEquals": {"aws:SourceAccount": CALLER.account}}), "wants", id="anybody-but-us"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("trust", "says"), TRUSTS)
def test_why_a_trust_keeps_the_service_out(trust: dict[str, Any], says: str | None) -> None:
    fault = trust_fault(trust, CALLER)
    assert (fault is None) is (says is None)
    assert (says or "") in (fault or "")


def test_one_statement_that_lets_it_in_is_enough() -> None:
    closed = {"aws:SourceAccount": "9"}
    several = document(*trusting(Condition={"StringEquals": closed})["Statement"], *trusting()["Statement"])
    assert trust_fault(several, CALLER) is None
    assert names_source(several)
    assert not names_source(trusting())


def test_facts_tell_the_document_again() -> None:
    allowed = {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:List*"], "Resource": "*"}
    forbidden = {"Sid": "No", "Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::x/*"}
    condition = {"StringEquals": {"aws:RequestedRegion": "us-west-2"}}
    whole = {"Version": "2012-10-17", "Statement": [allowed, forbidden | {"Condition": condition}]}
    assert policy_document.document(facts(whole)) == whole
