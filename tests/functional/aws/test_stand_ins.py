"""The server that stands in for AWS does what the tests rely on."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.stand_ins import Moto

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def test_an_account_is_empty_at_first(moto: Moto) -> None:
    iam = moto.client("iam")
    iam.create_role(RoleName="one", AssumeRolePolicyDocument=TRUST)
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == ["one"]
    moto.reset()
    assert iam.list_roles()["Roles"] == []


def test_policies_count_once_they_are_enforced(moto: Moto) -> None:
    key = moto.user(["iam:GetUser"])
    iam = moto.client("iam", **key)
    iam.list_roles()
    moto.enforce_iam()
    assert iam.get_user(UserName="caller")["User"]["UserName"] == "caller"
    with pytest.raises(ClientError, match="not authorized to perform: iam:ListRoles"):
        iam.list_roles()
