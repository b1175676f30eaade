"""IAM roles: trust, inline policies, what else is attached to them, tags (`iam`).

CreateRole knows no client token: repeated after a lost answer it says that the role exists, a ConflictError here, and
who made it is told by its tags.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentcore_cli.aws.service import AwsService, tag_list
from agentcore_cli.errors import NotFoundError

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Role:
    """`id` is never given twice: a role that was deleted and made again under its name has another."""

    name: str
    arn: str
    id: str
    path: str
    trust: Document
    description: str | None = None
    boundary: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


class Roles(AwsService):
    service = "iam"

    def get(self, name: str) -> Role | None:
        answer = self._if_there("get_role", RoleName=name)
        return _read(answer["Role"]) if answer else None

    def create(
        self,
        name: str,
        path: str,
        trust: Document,
        *,
        description: str,
        boundary: str | None,
        tags: Mapping[str, str],
    ) -> Role:
        """Raises ConflictError when there is a role of this name."""
        optional = {"PermissionsBoundary": boundary} if boundary else {}
        answer = self._call(
            "create_role",
            RoleName=name,
            Path=path,
            AssumeRolePolicyDocument=_compact(trust),
            Description=description,
            Tags=tag_list(tags),
            **optional,
        )
        return _read(answer["Role"])

    def delete(self, name: str) -> None:
        """DeleteRole; gone already is as good. Raises ConflictError while something is attached to it."""
        self._if_there("delete_role", RoleName=name)

    def set_trust(self, name: str, trust: Document) -> None:
        self._call("update_assume_role_policy", RoleName=name, PolicyDocument=_compact(trust))

    def describe(self, name: str, description: str) -> None:
        self._call("update_role", RoleName=name, Description=description)

    def set_boundary(self, name: str, boundary: str | None) -> None:
        """Put the permissions boundary, or take away what is there."""
        if boundary:
            self._call("put_role_permissions_boundary", RoleName=name, PermissionsBoundary=boundary)
        else:
            self._if_there("delete_role_permissions_boundary", RoleName=name)

    def tag(self, name: str, tags: Mapping[str, str]) -> None:
        self._call("tag_role", RoleName=name, Tags=tag_list(tags))

    def untag(self, name: str, keys: Collection[str]) -> None:
        self._call("untag_role", RoleName=name, TagKeys=sorted(keys))

    def policy(self, name: str, policy: str) -> Document | None:
        """The document of an inline policy."""
        answer = self._if_there("get_role_policy", RoleName=name, PolicyName=policy)
        return answer["PolicyDocument"] if answer else None

    def put_policy(self, name: str, policy: str, document: Document) -> None:
        self._call("put_role_policy", RoleName=name, PolicyName=policy, PolicyDocument=_compact(document))

    def delete_policy(self, name: str, policy: str) -> None:
        self._if_there("delete_role_policy", RoleName=name, PolicyName=policy)

    def policies(self, name: str) -> list[str]:
        """The names of the inline policies."""
        return self._pages("list_role_policies", "PolicyNames", RoleName=name)

    def attached(self, name: str) -> list[str]:
        """The ARNs of the managed policies."""
        items = self._pages("list_attached_role_policies", "AttachedPolicies", RoleName=name)
        return [item["PolicyArn"] for item in items]

    def detach(self, name: str, policy_arn: str) -> None:
        self._if_there("detach_role_policy", RoleName=name, PolicyArn=policy_arn)

    def managed_policy(self, policy_arn: str) -> Document:
        """The document of a managed policy's default version."""
        version = self._call("get_policy", PolicyArn=policy_arn)["Policy"]["DefaultVersionId"]
        answer = self._call("get_policy_version", PolicyArn=policy_arn, VersionId=version)
        document: Document = answer["PolicyVersion"]["Document"]
        return document

    def instance_profiles(self, name: str) -> list[str]:
        """The names of the instance profiles that hold it."""
        items = self._pages("list_instance_profiles_for_role", "InstanceProfiles", RoleName=name)
        return [item["InstanceProfileName"] for item in items]

    def leave_instance_profile(self, name: str, profile: str) -> None:
        self._if_there("remove_role_from_instance_profile", RoleName=name, InstanceProfileName=profile)

    def _pages(self, operation: str, key: str, **parameters: Any) -> list[Any]:
        """IAM pages by Marker; what a role that is gone has is nothing."""
        items: list[Any] = []
        following: dict[str, str] = {}
        try:
            while True:
                page = self._call(operation, **parameters, **following)
                items += page[key]
                if not page.get("IsTruncated"):
                    return items
                following = {"Marker": page["Marker"]}
        except NotFoundError:
            return []


def _read(role: Mapping[str, Any]) -> Role:
    return Role(
        name=role["RoleName"],
        arn=role["Arn"],
        id=role["RoleId"],
        path=role["Path"],
        trust=role["AssumeRolePolicyDocument"],
        description=role.get("Description") or None,
        boundary=role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        tags={tag["Key"]: tag["Value"] for tag in role.get("Tags", ())},
    )


def _compact(document: Document) -> str:
    """IAM's size limits do not count white space, but its request does."""
    return json.dumps(document, separators=(",", ":"))
