"""Facts of the AgentCore service that more than one room needs: limits, patterns, ARNs, header names.

Sources: botocore's service models `bedrock-agentcore-control` 2023-06-05 and `bedrock-agentcore` 2024-02-28, and the
AgentCore developer guide (the page is named beside each fact that is not in the models).
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

Protocol = Literal["HTTP", "MCP", "A2A", "AGUI"]

AGENT_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,47}")
SESSION_ID_MIN: Final = 33
SESSION_ID_MAX: Final = 256
PAYLOAD_MAX: Final = 100_000_000  # bytes, either way (bedrock-agentcore-limits)
HEADER_VALUE_MAX: Final = 4096  # bytes of an allowlisted header's value (runtime-header-allowlist)
ENVIRONMENT_MAX: Final = 50
ENVIRONMENT_KEY_MAX: Final = 100
ENVIRONMENT_VALUE_MAX: Final = 5000
INITIALIZATION_SECONDS: Final = 120  # runtime-troubleshooting
SYNC_REQUEST_SECONDS: Final = 900  # bedrock-agentcore-limits
IDLE_TIMEOUT_DEFAULT: Final = 900  # seconds (runtime-lifecycle-settings)
MAX_LIFETIME_DEFAULT: Final = 28_800  # seconds
LIFETIME_MIN: Final = 60
LIFETIME_MAX: Final = 28_800  # on microVMs
COMMAND_MAX: Final = 65_536  # bytes of a shell command (bedrock-agentcore-limits)
COMMAND_SECONDS_DEFAULT: Final = 300
COMMAND_SECONDS_MAX: Final = 3600
COMMAND_OUTPUT_MAX: Final = 100_000_000  # bytes
FRAME_MAX: Final = 65_536  # bytes of a WebSocket frame
FRAMES_PER_SECOND: Final = 250
WEBSOCKET_SECONDS: Final = 3600
SESSION_MEMORY: Final = 8 * 1024**3  # bytes for each session
SESSION_CPUS: Final = 2
CODE_ZIP_MAX: Final = 250 * 1024**2
CODE_UNZIPPED_MAX: Final = 750 * 1024**2
IMAGE_MAX: Final = 2 * 1024**3  # bytes (bedrock-agentcore-limits)
PYTHONS: Final = ("3.12", "3.13", "3.14")  # 3.10 and 3.11: updates blocked since 2026-08-31 (supported-runtimes)

DEFAULT_ENDPOINT: Final = "DEFAULT"
LOCAL_ACCOUNT: Final = "000000000000"
LOCAL_BUCKET: Final = "agentcore-local"
LOCAL_ROLE: Final = f"arn:aws:iam::{LOCAL_ACCOUNT}:role/AmazonBedrockAgentCoreLocal"
LOCAL_REGION: Final = "us-west-2"
LOCAL_KEY_PREFIX: Final = "AGCL"  # of a local runtime's access key id, as AKIA is of AWS's

HEADER_SESSION: Final = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"
HEADER_REQUEST: Final = "X-Amzn-Bedrock-AgentCore-Runtime-Request-Id"
HEADER_USER: Final = "X-Amzn-Bedrock-AgentCore-Runtime-User-Id"
HEADER_CUSTOM_PREFIX: Final = "X-Amzn-Bedrock-AgentCore-Runtime-Custom-"
HEADER_ERROR_TYPE: Final = "x-amzn-ErrorType"
HEADER_REQUEST_ID: Final = "x-amzn-RequestId"
HEADER_MCP_SESSION: Final = "Mcp-Session-Id"
HEADER_SESSION_CALLS: Final = "X-AgentCore-Local-Session-Calls"  # the local runtime's own: 1 when a session is new
HEADER_WARNINGS: Final = "X-AgentCore-Local-Warnings"  # the local runtime's own: a JSON list of what fails on AWS alone
USER_AGENT: Final = "agentcore-toolkit"  # what our own requests have in that header
HEADER_RETRIEVAL: Final = "X-AgentCore-Local-Retrieval"  # its own: bm25 or embeddings find a memory's records
# The local runtime's own: a version made by a request with this header has to start before DEFAULT leads to it, and the
# `failureReason` of one that does not begins with these words.
HEADER_MUST_START: Final = "X-AgentCore-Local-Must-Start"
# Its value: "" is no such header, "ends" is that the session which shows it ends then, "waits" that for a moment it may
# become the first one that is called for.
MustStart = Literal["", "ends", "waits"]
DOES_NOT_START: Final = "the new version does not start: "

RESOURCE_POLICY_MAX: Final = 20_480  # characters (PutResourcePolicy)
SERVICE: Final = "bedrock-agentcore"  # the SigV4 name of both planes

TAG_PROJECT: Final = "agentcore:project"
TAG_AGENT: Final = "agentcore:agent"
TAG_TARGET: Final = "agentcore:target"
TAG_EXTRACTION: Final = "agentcore:local-extraction"  # of a local memory: the project's file that makes its records


class ProtocolContract(NamedTuple):
    """Where a protocol's server listens inside the session (runtime-service-contract)."""

    port: int
    path: str
    health: str | None


PROTOCOLS: Final[dict[Protocol, ProtocolContract]] = {
    "HTTP": ProtocolContract(8080, "/invocations", "/ping"),
    "MCP": ProtocolContract(8000, "/mcp", None),
    "A2A": ProtocolContract(9000, "/", "/ping"),
    "AGUI": ProtocolContract(8080, "/invocations", "/ping"),
}


def code_runtime(python: str) -> str:
    """`3.13` -> `PYTHON_3_13`, the `runtime` of codeConfiguration."""
    return "PYTHON_" + python.replace(".", "_")


def partition(region: str) -> str:
    """The ARN partition of a region: aws, aws-cn or aws-us-gov."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def dns_suffix(region: str) -> str:
    """What the host names of a region's services end in."""
    return "amazonaws.com.cn" if partition(region) == "aws-cn" else "amazonaws.com"


class Arn(NamedTuple):
    """What names a thing in AWS, in its parts; a role's has no region."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def of(cls, text: str) -> Arn:
        """Raises ValueError for what has fewer parts."""
        _, partition, service, region, account, resource = text.split(":", 5)
        return cls(partition, service, region, account, resource)


def runtime_arn(region: str, account: str, runtime_id: str) -> str:
    return f"arn:{partition(region)}:{SERVICE}:{region}:{account}:runtime/{runtime_id}"


def memory_arn(region: str, account: str, memory_id: str) -> str:
    return f"arn:{partition(region)}:{SERVICE}:{region}:{account}:memory/{memory_id}"


def endpoint_arn(arn: str, endpoint: str) -> str:
    return f"{arn}/runtime-endpoint/{endpoint}"


def log_group(runtime_id: str, endpoint: str) -> str:
    """The CloudWatch log group of one endpoint (observability-get-started)."""
    return f"/aws/bedrock-agentcore/runtimes/{runtime_id}-{endpoint}"


PUBLIC_ECR: Final = "public.ecr.aws"


def is_in_ecr(image: str) -> bool:
    """Whether an image's name is a URI of ECR, which AgentCore pulls from; any other is a container engine's own."""
    return image.startswith(f"{PUBLIC_ECR}/") or is_in_private_ecr(image)


def is_in_private_ecr(image: str) -> bool:
    """Whether it is in some account's registry, which not everybody may pull from."""
    return _REGISTRY.fullmatch(image.partition("/")[0]) is not None


class EcrRepository(NamedTuple):
    """Where images are: a repository of one account's registry in one region."""

    account: str
    region: str
    name: str

    @classmethod
    def of(cls, text: str, account: str, region: str) -> EcrRepository:
        """From a name in this account and region, a repository's URI, or an image's with its tag or digest."""
        registry, _, rest = text.partition("/")
        if found := _REGISTRY.fullmatch(registry):
            return cls(found["account"], found["region"], re.split("[:@]", rest)[0])
        return cls(account, region, text)

    @property
    def uri(self) -> str:
        return f"{self.account}.dkr.ecr.{self.region}.{dns_suffix(self.region)}/{self.name}"

    @property
    def arn(self) -> str:
        return f"arn:{partition(self.region)}:ecr:{self.region}:{self.account}:repository/{self.name}"

    def registry(self, account: str) -> str | None:
        """The registry to name to ECR; None for that of the caller's own `account`."""
        return self.account if self.account != account else None


_REGISTRY: Final = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")
SERVICE_PRINCIPAL: Final = "bedrock-agentcore.amazonaws.com"  # in every partition, China too, like most services'

LOCAL_DEBUGGER: Final = "debugpy"  # `-m debugpy … --wait-for-client`: sessions that wait for an editor

# How a version's settings say which network its sessions have on the local runtime; on AWS it has others.
LOCAL_NETWORK: Final = "AGENTCORE_LOCAL_NETWORK"
LOCAL_REACHABLE: Final = "AGENTCORE_LOCAL_REACHABLE"
LOCAL_STORAGE: Final = "AGENTCORE_SESSION_STORAGE"  # leads to session storage where nothing can be mounted
LOCAL_STORAGE_PROTECTION: Final = "session storage limit"  # as the local runtime lists it
LOCAL_NETWORK_PROTECTION: Final = "network of its own"  # as the local runtime lists it

# Where an agent finds the id of its memory: the one that AWS's documents use, the one of AWS's earlier toolkit.
MEMORY_VARIABLES: Final = ("MEMORY_ID", "BEDROCK_AGENTCORE_MEMORY_ID")
