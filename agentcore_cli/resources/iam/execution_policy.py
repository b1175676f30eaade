"""What an agent may do in AWS: the trust and the policy of its execution role, from the config.

The least that runtime-permissions (developer guide) has for what this agent uses; models follow the prerequisites of
inference profiles (Bedrock user guide): who calls through one needs the profile and the models behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agentcore_cli import rendering
from agentcore_cli.config import AgentConfig
from agentcore_cli.contract import SERVICE_PRINCIPAL, EcrRepository, partition
from agentcore_cli.errors import InputError
from agentcore_cli.resources.iam import policy_document, secret_references
from agentcore_cli.resources.iam.policy_document import Document, statements

# An inference profile of AWS's own: where it routes to, then the model's id. No provider's name has two letters.
_PROFILE: Final = re.compile(r"(?:[a-z]{2}|us-gov|apac|global|amer|emea)\.(?P<model>[^.]+\..+)")
_PROFILE_ARN: Final = re.compile(r"arn:[^:]+:bedrock:[^:]*:[^:]*:inference-profile/(?P<id>.+)")
_APPLICATION_PROFILE: Final = ":application-inference-profile/"


@dataclass(frozen=True, slots=True)
class Grant:
    """Whom the role is for, and where: `runtime` is the runtime's name, `repository` what its image is pulled from.

    `policy_file` holds the config's own statements. `earlier_repository` is another one, which the images of earlier
    versions are in: endpoints may answer with those, and a rollback goes back to them. `memory` is the ARN of the
    agent's memory, a pattern of it before the memory is made.
    """

    agent: AgentConfig
    runtime: str
    account: str
    region: str
    repository: EcrRepository | None = None
    policy_file: Path | None = None
    earlier_repository: EcrRepository | None = None
    memory: str | None = None

    @property
    def partition(self) -> str:
        return partition(self.region)

    @property
    def place(self) -> dict[str, str]:
        return {"partition": self.partition, "region": self.region, "account": self.account}


def trust(grant: Grant) -> Document:
    """Who may assume the role: AgentCore, for this account's resources in this region (the confused deputy)."""
    return rendering.document("iam/execution_trust.json.j2", service=SERVICE_PRINCIPAL, **grant.place)


def policy(grant: Grant) -> Document:
    """What the role may do. Raises InputError for a `role_policy` that is no policy."""
    document = rendering.document(
        "iam/execution_policy.json.j2",
        **grant.place,
        runtime=grant.runtime,
        repositories=[address.arn for address in (grant.repository, grant.earlier_repository) if address],
        otel=grant.agent.otel,
        memory=grant.memory,
        services=grant.agent.services,
        **secret_references.permissions(grant.agent.stored_secrets.values(), grant.agent.secrets_keys, grant.place),
        **_models(grant),
    )
    if grant.policy_file:
        own = {statement["Sid"] for statement in document["Statement"]}
        document["Statement"] += _given_statements(grant.policy_file, own)
    return document


def _models(grant: Grant) -> dict[str, list[str]]:
    """The ARNs that are called, those that stand behind profiles, and the profiles that lead to these."""
    if not grant.agent.models:
        profiles = [_bedrock(grant, f"{kind}inference-profile/*") for kind in ("", "application-")]
        return {"models": [_model(grant, "*"), *profiles], "routed": [], "profiles": []}
    called, routed, profiles = [], [], []
    for model in grant.agent.models:
        arn, behind = _named(grant, model)
        called.append(arn)
        if behind:
            profiles.append(arn)
            routed.append(_model(grant, behind))
    return {"models": _once(called), "routed": _once(routed), "profiles": _once(profiles)}


def _named(grant: Grant, model: str) -> tuple[str, str | None]:
    """The ARN of a model or profile, and for a profile the model behind it, `*` where that can't be known."""
    if model.startswith("arn:"):
        of_aws = _PROFILE_ARN.fullmatch(model)
        if of_aws:
            return model, _behind(of_aws["id"]) or "*"
        return model, "*" if _APPLICATION_PROFILE in model else None
    if behind := _behind(model):
        return _bedrock(grant, f"inference-profile/{model}"), behind
    return f"arn:{grant.partition}:bedrock:{grant.region}::foundation-model/{model}", None


def _behind(profile: str) -> str | None:
    found = _PROFILE.fullmatch(profile)
    return found["model"] if found else None


def _model(grant: Grant, model: str) -> str:
    """In every region: where a profile routes to is AWS's choice; a global one has no region in its ARN."""
    return f"arn:{grant.partition}:bedrock:*::foundation-model/{model}"


def _bedrock(grant: Grant, rest: str) -> str:
    return f"arn:{grant.partition}:bedrock:{grant.region}:{grant.account}:{rest}"


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _given_statements(path: Path, own: set[str]) -> list[Mapping[str, Any]]:
    """The statements of a policy file: a document, a list, or one statement. One without a Sid gets one."""
    parsed = policy_document.from_file(path, "role_policy", _EXAMPLE)
    if isinstance(parsed, list):
        parsed = {"Statement": parsed}
    found = statements(parsed if isinstance(parsed, dict) and "Statement" in parsed else {"Statement": [parsed]})
    named = [_checked(path, statement, number) for number, statement in enumerate(found, 1)]
    for sid in (statement["Sid"] for statement in named):
        if sid in own:
            raise InputError(f"role_policy: {path.name}: the Sid {sid} is taken", hint="give it another")
        own.add(sid)
    return named


def _checked(path: Path, given: Any, number: int) -> Mapping[str, Any]:
    statement = {"Sid": f"RolePolicy{number}"} | given if isinstance(given, dict) else {}
    wrong = [
        not re.fullmatch("[A-Za-z0-9]+", str(statement.get("Sid", ""))),
        statement.get("Effect") not in ("Allow", "Deny"),
        ("Action" in statement) == ("NotAction" in statement),
        ("Resource" in statement) == ("NotResource" in statement),
        "Principal" in statement,
    ]
    if any(wrong):
        raise InputError(
            f"role_policy: {path.name}: number {number} is not a statement of a role's policy", hint=_EXAMPLE
        )
    return statement


_EXAMPLE: Final = (
    'a statement looks like {"Sid": "ReadOrders", "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:…"}'
)
