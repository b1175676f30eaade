"""Names that people type, and the names that AWS demands."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid

from agentcore_cli.contract import AGENT_NAME, SESSION_ID_MAX, SESSION_ID_MIN
from agentcore_cli.errors import InputError

_RUNTIME_NAME_MAX = 48  # contract.AGENT_NAME
_OUTSIDE = re.compile(r"[^A-Za-z0-9_-]")
_MADE_OF_A_NAME = re.compile(r"(?<=.)-[0-9a-f]{40}$")


def new_session_id() -> str:
    """A fresh session id: 36 characters, so AgentCore takes it as it is."""
    return str(uuid.uuid4())


def session_id(name: str, runtime_arn: str, endpoint: str) -> str:
    """The AgentCore session id (33 to 256 characters) of a session that a person calls `name`.

    33 to 256 characters go through unchanged. A shorter name becomes `<name>-<40 hex>`, at most 74 characters, always
    the same for the same name, runtime and endpoint; such an id also serves AgentCore Memory
    (`[a-zA-Z0-9][a-zA-Z0-9-_]*`). Raises InputError for an empty name, a longer one, or control characters.
    """
    if not name:
        raise InputError("--session-id: the name is empty", hint="give 1 to 256 characters, or leave the option out")
    if len(name) > SESSION_ID_MAX:
        raise InputError(f"--session-id: {len(name)} characters is above {SESSION_ID_MAX}", hint="choose a shorter one")
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise InputError("--session-id: control characters are not allowed", hint="use letters, digits, - and _")
    if len(name) >= SESSION_ID_MIN:
        if not name.isascii():
            raise InputError(
                "--session-id: an id of 33 characters or more is sent as it is and must be ASCII",
                hint="use letters, digits, - and _, or a shorter name",
            )
        return name
    digest = hashlib.sha256(f"{runtime_arn}\n{endpoint}\n{name}".encode()).hexdigest()[:40]
    return f"{readable(name)}-{digest}"


def name_of_session(session_id: str) -> str:
    """The name that an id of ours was made from; any other id is its own name."""
    return _MADE_OF_A_NAME.sub("", session_id)


def readable(name: str) -> str:
    """What a session's name, which is not empty, looks like at the beginning of its id."""
    text = _OUTSIDE.sub("-", name)
    return text if text[0].isascii() and text[0].isalnum() else "s" + text


def check_agent_name(name: str) -> str:
    """`name`, if AgentCore accepts it as a runtime's name; else InputError with the rule and a name that fits."""
    if AGENT_NAME.fullmatch(name):
        return name
    hint = f"try {agent_name_from(name)}" if agent_name_from(name) != name else None
    raise InputError(
        f"agent name {name!r}: AgentCore takes a letter, then letters, digits and _, at most 48 characters", hint=hint
    )


def agent_name_from(text: str) -> str:
    """A valid agent name that looks like `text` (a file or folder name)."""
    cleaned = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_")
    if not cleaned or not cleaned[0].isalpha():
        cleaned = f"agent_{cleaned}".rstrip("_")
    return cleaned[:48]


def runtime_name(name: str, target: str, *, is_default: bool) -> str:
    """A runtime's or memory's name in AWS (at most 48): the agent's or the config's own `name` on the default AWS
    target, `name_target` on another."""
    if is_default:
        return name
    whole = f"{name}_{target.replace('-', '_')}"
    if len(whole) <= _RUNTIME_NAME_MAX:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:6]
    return f"{whole[: _RUNTIME_NAME_MAX - len(digest) - 1]}_{digest}"


def local_runtime_name(name: str, project: str) -> str:
    """A runtime's or memory's name on the local runtime, which all projects of a user share (at most 48)."""
    suffix = "_local_" + hashlib.sha256(project.encode()).hexdigest()[:6]
    return name[: _RUNTIME_NAME_MAX - len(suffix)] + suffix


def repository_name(agent: str, project: str, target: str) -> str:
    """The ECR repository of an agent's images: the same for the same three, and a name that ECR takes.

    ECR wants lower case and one _ at a time; what the name loses by that is in the hash.
    """
    digest = hashlib.sha256(f"{agent}\n{project}\n{target}".encode()).hexdigest()[:6]
    return f"bedrock-agentcore-{re.sub('_+', '_', agent.lower()).strip('_')}-{digest}"


def bucket_name(agent: str, project: str, target: str, account: str, region: str) -> str:
    """The S3 bucket of an agent's zips and sources, at most 63 characters: a name is one for all accounts and regions.

    Nobody else can know it beforehand, as the project's own name is in the hash.
    """
    digest = hashlib.sha256(f"{agent}\n{project}\n{target}\n{account}\n{region}".encode()).hexdigest()[:12]
    return f"bedrock-agentcore-{re.sub('_+', '-', agent.lower())[:32].strip('-')}-{digest}"


def role_name(agent: str, project: str, target: str, region: str) -> str:
    """The execution role of an agent, at most 64 characters: IAM is one for all regions, so the region counts too.

    Its beginning is that of the roles which the documented PassRole policy lets a caller hand over
    (runtime-permissions). IAM does not tell Bot from bot, so the agent is in the hash, too.
    """
    digest = hashlib.sha256(f"{agent}\n{project}\n{target}\n{region}".encode()).hexdigest()[:8]
    return f"AmazonBedrockAgentCore-{agent[:32]}-{digest}"


def build_role_name(agent: str, project: str, target: str, region: str) -> str:
    """The role that CodeBuild works as, at most 64 characters, with the beginning of `role_name`'s."""
    digest = hashlib.sha256(f"{agent}\n{project}\n{target}\n{region}".encode()).hexdigest()[:8]
    return f"AmazonBedrockAgentCoreBuild-{agent[:27]}-{digest}"


def build_project_name(agent: str, project: str, target: str) -> str:
    """The CodeBuild project of an agent's images, at most 150 characters."""
    digest = hashlib.sha256(f"{agent}\n{project}\n{target}".encode()).hexdigest()[:8]
    return f"bedrock-agentcore-{agent}-{digest}"


def user_pool_name(agent: str, project: str, target: str) -> str:
    """The Cognito user pool of an agent's callers; lower case, so that its domain can have the same name."""
    digest = hashlib.sha256(f"{project}\n{target}".encode()).hexdigest()[:10]
    return f"agentcore-{agent.lower().replace('_', '-').strip('-')[:40]}-{digest}"
