"""The shape of `.agentcore.yaml`: every key, its type, its limits and its default.

Limits and patterns are those of CreateAgentRuntime's input (botocore's `bedrock-agentcore-control` model) unless a
comment says otherwise. `rule` is how a broken pattern is told to a person. `.agentcore.yaml.example` explains the keys.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from agentcore_cli.config.memory import MemoryConfig, MemoryName
from agentcore_cli.config.patterns import KeyArn, RoleArn, pattern
from agentcore_cli.contract import (
    ENVIRONMENT_KEY_MAX,
    ENVIRONMENT_MAX,
    ENVIRONMENT_VALUE_MAX,
    IDLE_TIMEOUT_DEFAULT,
    LIFETIME_MAX,
    LIFETIME_MIN,
    MAX_LIFETIME_DEFAULT,
    Protocol,
)

Build = Literal["auto", "docker", "oci", "codebuild", "zip"]
FROM_ENV: Final = "env"

_ECR = r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/"
# No user and no backslash: of `https://a\@b` some parsers take a for the host and some b.
_HOST = r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?"
_REPOSITORY = r"[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*"
# In ECR, or as `docker images` has it (Docker's reference grammar).
IMAGE_NAME = (
    rf"({_ECR}|public\.ecr\.aws/)\S+"
    rf"|([A-Za-z0-9.-]+(:\d+)?/)?{_REPOSITORY}(:\w[\w.-]{{0,127}})?(@sha256:[0-9a-f]{{64}})?"
)
IMAGE_RULE = (
    "an image in ECR, 123456789012.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG, or NAME:TAG of the Docker Engine here"
)


AgentName = Annotated[
    str, pattern("[a-zA-Z][a-zA-Z0-9_]{0,47}", "a letter, then letters, digits and _, at most 48 characters")
]
TargetName = Annotated[
    str, pattern("[a-zA-Z][a-zA-Z0-9_-]{0,31}", "a letter, then letters, digits, _ and -, at most 32 characters")
]
ProjectName = Annotated[
    str, pattern("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}", "letters, digits, _, . and -, at most 128 characters")
]
PythonVersion = Annotated[str, pattern(r"3\.\d{1,2}", 'a version such as "3.13"')]
Seconds = Annotated[int, Meta(ge=LIFETIME_MIN, le=LIFETIME_MAX, extra={"unit": "seconds"})]
Description = Annotated[str, Meta(min_length=1, max_length=4096)]
NonEmpty = Annotated[str, pattern(r"\S+", "a word without blanks")]

PolicyArn = Annotated[
    str,
    pattern(r"arn:aws(-[^:]+)?:iam::(\d{12}|aws):policy/.+", "a policy's ARN, arn:aws:iam::123456789012:policy/NAME"),
]
ImageName = Annotated[str, pattern(IMAGE_NAME, IMAGE_RULE)]
Repository = Annotated[
    str, pattern(f"({_ECR})?{_REPOSITORY}", "an ECR repository: its name (lower case, / between parts) or its URI")
]
Subnet = Annotated[str, pattern("subnet-[0-9a-zA-Z]{8,17}", "a subnet's id, subnet-...")]
SecurityGroup = Annotated[str, pattern("sg-[0-9a-zA-Z]{8,17}", "a security group's id, sg-...")]
DiscoveryUrl = Annotated[
    str,
    pattern(
        rf"(https://{_HOST}|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)(/[^\s?#\\]+)?"
        r"/\.well-known/(openid-configuration|oauth-authorization-server)(/[^\s?#]+)?",
        "an https URL (http for an issuer on localhost) that ends in /.well-known/openid-configuration",
    ),
]
Scope = Annotated[str, Meta(min_length=1, max_length=255)]
Header = Annotated[
    str, pattern("[A-Za-z][A-Za-z0-9_-]{0,255}", "a header's name: a letter, then letters, digits, _ and -")
]
TagKey = Annotated[
    str, pattern(r"[a-zA-Z0-9\s._:/=+@-]{1,128}", "1 to 128 letters, digits, blanks and any of . _ : / = + @ -")
]
TagValue = Annotated[
    str, pattern(r"[a-zA-Z0-9\s._:/=+@-]{0,256}", "at most 256 letters, digits, blanks and any of . _ : / = + @ -")
]
VariableName = Annotated[
    str,
    pattern(rf"[^=\s\x00]{{1,{ENVIRONMENT_KEY_MAX}}}", f"1 to {ENVIRONMENT_KEY_MAX} characters, no = and no blank"),
]
VariableValue = Annotated[str, Meta(max_length=ENVIRONMENT_VALUE_MAX)]
SecretSource = Annotated[
    str,
    pattern(
        r"env|secretsmanager:(arn:aws(-[^:]+)?:secretsmanager:[a-z0-9-]+:\d{12}:secret:)?[A-Za-z0-9/_+=.@!-]{1,512}"
        r"(#[^#\s]{1,256})?|ssm:([A-Za-z0-9_.-]{1,1011}|(/[A-Za-z0-9_.-]+){1,15})",
        "a secret's source: env, secretsmanager:NAME, secretsmanager:NAME#KEY or ssm:/NAME",
    ),
]
SecretName = Annotated[
    str,
    pattern(r"(?!AWS_|AGENTCORE_|BEDROCK_)[A-Za-z_][A-Za-z0-9_]{0,127}", "a variable's name, and none of AWS's own"),
]
Secrets = Annotated[dict[SecretName, SecretSource], Meta(max_length=ENVIRONMENT_MAX)]
Environment = Annotated[dict[VariableName, VariableValue], Meta(max_length=ENVIRONMENT_MAX)]
ModelId = Annotated[
    str,
    pattern(
        r"arn:aws(-[^:]+)?:bedrock:\S+|[a-z0-9][a-zA-Z0-9.:_-]*",
        "a model's or inference profile's id, or its ARN",
    ),
]
MountPath = Annotated[
    str, pattern(r"/mnt/(?!\.{1,2}/?$)[a-zA-Z0-9._-]{1,195}/?", "a folder right below /mnt, such as /mnt/data")
]
AbsolutePath = Annotated[str, pattern(r"(/(?!\.{1,2}(/|$))[^/\x00-\x1f]+)+", "an absolute path, such as /srv/data")]
RolePath = Annotated[str, pattern(r"/|/[\x21-\x7e]{1,510}/", "a path that begins and ends with /")]
LogRetention = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]  # days, as PutRetentionPolicy has them (CloudWatch Logs API reference)
BuildArgument = Annotated[str, pattern(r"[A-Za-z_][A-Za-z0-9_]*", "a name: a letter or _, then letters, digits and _")]
RuntimeId = Annotated[str, pattern("[a-zA-Z][a-zA-Z0-9_]{0,99}-[a-zA-Z0-9]{10}", "a runtime's id, NAME-AbCdEf0123")]
Account = Annotated[str, pattern(r"\d{12}", 'an account number of 12 digits, in quotes: "123456789012"')]
Url = Annotated[str, pattern(rf"https?://{_HOST}(/[^\s?#\\@]*)?", "a URL, https://HOST/PATH, without user or query")]


class LifecycleConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a session lives, in seconds (runtime-lifecycle-settings).

    Without `idle_timeout` it is 900, or `max_lifetime` if that is less.
    """

    idle_timeout: Seconds = 0
    max_lifetime: Seconds = MAX_LIFETIME_DEFAULT

    def __post_init__(self) -> None:
        if not self.idle_timeout:  # 0 is "not said": a 0 in the file breaks the limits of Seconds
            effective = min(IDLE_TIMEOUT_DEFAULT, self.max_lifetime)
            msgspec.structs.force_setattr(self, "idle_timeout", effective)


class NetworkConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The VPC that sessions are attached to; an agent without one has the public network."""

    subnets: Annotated[tuple[Subnet, ...], Meta(min_length=1, max_length=16)]
    security_groups: Annotated[tuple[SecurityGroup, ...], Meta(min_length=1, max_length=16)]


class Authorizer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Inbound JWT: who may invoke, instead of IAM. An empty list allows any value."""

    discovery_url: DiscoveryUrl
    clients: tuple[NonEmpty, ...] = ()
    audience: tuple[NonEmpty, ...] = ()
    scopes: tuple[Scope, ...] = ()


class SmokeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a deploy sends to the new version before it is done: any JSON."""

    payload: Any


class AgentConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One agent: what is run, how it is built and what AgentCore is told about it.

    `requirements` is a path relative to the config; None: nothing is installed. `python` is the version that the
    agent runs on. `secrets` are variables whose values are not here: each name's source; `secrets_keys` are the KMS
    keys that they are encrypted with, beside AWS's own. `image` skips building. `install` says where packages are
    installed: on this machine, as arm64 wheels that are copied into the image, or by a RUN in the image. `sbom`: what
    is in the image, and how it came to be, is pushed with it. `runtime`
    is the id of one that exists already: it is updated and never deleted. `models` are what the role may call, all
    when there is none; `services` are what else it may use of AgentCore, `role_policy` is a file with more IAM
    statements, `resource_policy` one with the policy of the runtime itself. `log_retention` is in days, `keep_images`
    a number, beside the images that endpoints run. `network` None is PUBLIC, `authorizer` None is IAM, `smoke` None: a
    deploy starts a session and sends it nothing.
    """

    entrypoint: str
    requirements: str | None = None
    python: PythonVersion = "3.13"
    build: Build = "auto"
    sbom: bool = False
    protocol: Protocol = "HTTP"
    description: Description | None = None
    environment: Environment = {}
    secrets: Secrets = {}
    secrets_keys: Annotated[tuple[KeyArn, ...], Meta(max_length=10)] = ()
    lifecycle: LifecycleConfig = LifecycleConfig()
    base_image: NonEmpty | None = None
    build_args: dict[BuildArgument, str] = {}
    install: Literal["host", "image"] = "host"
    image: ImageName | None = None
    otel: bool = False
    runtime: RuntimeId | None = None
    execution_role: RoleArn | None = None
    permissions_boundary: PolicyArn | None = None
    role_path: RolePath = "/"
    role_policy: NonEmpty | None = None
    resource_policy: NonEmpty | None = None
    models: tuple[ModelId, ...] = ()
    services: tuple[Literal["identity", "code_interpreter", "browser"], ...] = ()
    ecr_repository: Repository | None = None
    encryption_key: KeyArn | None = None
    keep_images: Annotated[int, Meta(ge=1, le=1000)] = 20
    log_retention: LogRetention | None = None
    session_storage: MountPath | None = None
    network: NetworkConfig | None = None
    authorizer: Authorizer | None = None
    header_allowlist: Annotated[tuple[Header, ...], Meta(max_length=20)] = ()
    memory: MemoryName | MemoryConfig | None = None
    smoke: SmokeConfig | None = None
    # 50 tags in all, three of them are ours
    tags: Annotated[dict[TagKey, TagValue], Meta(max_length=47)] = {}

    @property
    def stored_secrets(self) -> dict[str, str]:
        """The secrets that AWS keeps: each name's reference."""
        return {name: source for name, source in self.secrets.items() if source != FROM_ENV}

    @property
    def whole_memory(self) -> MemoryConfig | None:
        """`memory` with its settings: a bare name or id has those that hold without more."""
        return MemoryConfig(name=self.memory) if isinstance(self.memory, str) else self.memory

    @property
    def effective_base_image(self) -> str:
        """The image that the Dockerfile starts from."""
        return self.base_image or f"public.ecr.aws/docker/library/python:{self.python}-slim"


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where agents are deployed to. `account` refuses credentials of another one; `assume_role` is the role that
    deploys, `endpoint` replaces AWS's URLs.
    """

    region: str | None = None
    account: Account | None = None
    profile: NonEmpty | None = None
    assume_role: RoleArn | None = None
    endpoint: Url | None = None
    environment: Environment = {}


LoopbackService = Annotated[
    str, pattern(r"(?:127\.0\.0\.1|localhost):[1-9][0-9]{0,4}", "127.0.0.1 or localhost, a colon and a port")
]


class LocalMount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A folder or file of this machine that local sessions see at its own path."""

    path: AbsolutePath
    writable: bool = False


class Local(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The local runtime: whether its sessions get the AWS credentials of whoever deploys, their network, and what
    they see of this machine besides their own.

    `network` is None where nothing is asked for: a private one where it is to be had. `reachable` is what sessions
    reach of this machine's loopback although theirs is their own.
    """

    credentials: Literal["caller", "none"] = "caller"
    network: Literal["private", "shared", "none"] | None = None
    reachable: Annotated[list[LoopbackService], Meta(max_length=20)] = []
    mounts: tuple[LocalMount, ...] = ()


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. `project` identifies what is deployed from here; `configure` writes it once."""

    version: Literal[1]
    project: ProjectName
    agents: Annotated[dict[AgentName, AgentConfig], Meta(min_length=1)]
    default_agent: str | None = None
    targets: dict[TargetName, Target] = {}
    default_target: str | None = None
    local: Local = Local()

    @property
    def default_aws_target(self) -> str | None:
        """The default target, or the first one in AWS when that is `local`; None when there is none."""
        if self.default_target not in (None, "local"):
            return self.default_target
        return next((name for name in self.targets if name != "local"), None)

    @property
    def usual_profile(self) -> str | None:
        """The profile by which this project is deployed to AWS."""
        return self.targets[self.default_aws_target].profile if self.default_aws_target else None
