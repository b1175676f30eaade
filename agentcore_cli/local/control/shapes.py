"""The input shapes of the served operations, as botocore's model `bedrock-agentcore-control` 2023-06-05 has them.

One name per shape of the model that is used twice or deserves one; a test compares every constraint with the model.
"""

from __future__ import annotations

from typing import Final

from agentcore_cli.contract import RESOURCE_POLICY_MAX
from agentcore_cli.local.control.schema import (
    Boolean,
    Integer,
    List,
    Map,
    Shape,
    String,
    Structure,
    enum,
    structure,
    union,
)

RUNTIME_NAME: Final = String(pattern=r"[a-zA-Z][a-zA-Z0-9_]{0,47}")
RUNTIME_ID_PATTERN: Final = r"[a-zA-Z][a-zA-Z0-9_]{0,99}-[a-zA-Z0-9]{10}"
RUNTIME_ID: Final = String(pattern=RUNTIME_ID_PATTERN)
VERSION: Final = String(1, 5, r"([1-9][0-9]{0,4})")
ENDPOINT_NAME: Final = String(pattern=r"[a-zA-Z][a-zA-Z0-9_]{0,47}", sensitive=True)
CLIENT_TOKEN: Final = String(33, 256, r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,256}")
MAX_RESULTS: Final = Integer(1, 100)
NEXT_TOKEN: Final = String(1, 2048, r"\S*")
RESOURCE_ARN: Final = String(
    20, 1011, r"arn:(?:[^:]+)?:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:([a-z-]+/[^/]+)(?:/[a-z-]+/[^/]+)*"
)
TAG_KEY: Final = String(1, 128, r"[a-zA-Z0-9\s._:/=+@-]*")
TAGS: Final = Map(TAG_KEY, String(0, 256, r"[a-zA-Z0-9\s._:/=+@-]*"), 0, 50)
SUBNET: Final = String(pattern=r"subnet-[0-9a-zA-Z]{8,17}")
PORT: Final = Integer(8000, 12000)

_CONTAINER_URI: Final = String(
    1,
    1024,
    r"(([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?|public\.ecr\.aws)"
    r"/((?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*)(?::([^:@]{1,300}))?(?:@(.+))?",
)
_S3_LOCATION: Final = structure(
    "bucket prefix",
    bucket=String(pattern=r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
    prefix=String(1, 1024),
    versionId=String(3, 1024),
)
_CODE_CONFIGURATION: Final = structure(
    "code runtime entryPoint",
    code=union(s3=_S3_LOCATION),
    runtime=enum("PYTHON_3_10", "PYTHON_3_11", "PYTHON_3_12", "PYTHON_3_13", "PYTHON_3_14", "NODE_22"),
    entryPoint=List(String(1, 128), 1, 2),
)
_ARTIFACT: Final = union(
    containerConfiguration=structure("containerUri", containerUri=_CONTAINER_URI),
    codeConfiguration=_CODE_CONFIGURATION,
)

_NETWORK: Final = structure(
    "networkMode",
    networkMode=enum("PUBLIC", "VPC"),
    networkModeConfig=structure(
        "securityGroups subnets",
        securityGroups=List(String(pattern=r"sg-[0-9a-zA-Z]{8,17}"), 1, 16),
        subnets=List(SUBNET, 1, 16),
        requireServiceS3Endpoint=Boolean(),
    ),
)

_SCOPE: Final = String(1, 255, r"[\x21\x23-\x5B\x5D-\x7E]+")
_MATCH_VALUE: Final = String(1, 255, r"[A-Za-z0-9_.-]+")
_CUSTOM_CLAIM: Final = structure(
    "inboundTokenClaimName inboundTokenClaimValueType authorizingClaimMatchValue",
    inboundTokenClaimName=String(1, 255, r"[A-Za-z0-9_.-:]+"),
    inboundTokenClaimValueType=enum("STRING", "STRING_ARRAY"),
    authorizingClaimMatchValue=structure(
        "claimMatchValue claimMatchOperator",
        claimMatchValue=union(matchValueString=_MATCH_VALUE, matchValueStringList=List(_MATCH_VALUE, 1)),
        claimMatchOperator=enum("EQUALS", "CONTAINS", "CONTAINS_ANY"),
    ),
)
_LATTICE_RESOURCE: Final = String(
    20,
    2048,
    r"((rcfg-[0-9a-z]{17})|(arn:[a-z0-9\-]+:vpc-lattice:[a-zA-Z0-9\-]+:\d{12}"
    r":resourceconfiguration/rcfg-[0-9a-z]{17}))",
)
_PRIVATE_ENDPOINT: Final = union(
    selfManagedLatticeResource=union(resourceConfigurationIdentifier=_LATTICE_RESOURCE),
    managedVpcResource=structure(
        "vpcIdentifier subnetIds endpointIpAddressType",
        vpcIdentifier=String(pattern=r"vpc-(([0-9a-z]{8})|([0-9a-z]{17}))"),
        subnetIds=List(SUBNET),
        endpointIpAddressType=enum("IPV4", "IPV6"),
        securityGroupIds=List(String(pattern=r"sg-(([0-9a-z]{8})|([0-9a-z]{17}))"), 0, 5),
        tags=TAGS,
        routingDomain=String(3, 255),
    ),
)
_CERTIFICATE: Final = union(
    s3=structure("uri", uri=String(pattern=r"s3://.{1,2043}"), bucketOwnerAccountId=String(pattern=r"[0-9]{12}")),
    secretsManager=structure(
        "secretArn", secretArn=String(pattern=r"arn:aws(-[^:]+)?:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+")
    ),
)
_AUTHORIZER: Final = union(
    customJWTAuthorizer=structure(
        "discoveryUrl",
        discoveryUrl=String(
            pattern=r"[^\s?#]+/\.well-known/(openid-configuration|oauth-authorization-server)(/[^\s?#]+)?"
        ),
        allowedAudience=List(String(), 1),
        allowedClients=List(String(), 1),
        allowedScopes=List(_SCOPE, 1),
        advertisedScopeMapping=Map(_SCOPE, _SCOPE, 1, 50),
        customClaims=List(_CUSTOM_CLAIM, 1),
        privateEndpoint=_PRIVATE_ENDPOINT,
        privateEndpointOverrides=List(
            structure("domain privateEndpoint", domain=String(1, 253), privateEndpoint=_PRIVATE_ENDPOINT), 0, 5
        ),
        certificateConfigurations=List(_CERTIFICATE, 1, 1),
        allowedWorkloadConfiguration=structure(
            hostingEnvironments=List(structure("arn", arn=String(20, 1011)), 1, 10),
            workloadIdentities=List(String(3, 255, r"[A-Za-z0-9_.-]+"), 1, 10),
        ),
    )
)

_MOUNT_PATH: Final = String(6, 200, r"/mnt/[a-zA-Z0-9._-]+/?")
_FILESYSTEM: Final = union(
    sessionStorage=structure("mountPath", mountPath=_MOUNT_PATH),
    s3FilesAccessPoint=structure(
        "accessPointArn mountPath",
        accessPointArn=String(
            0,
            256,
            r"arn:aws[-a-z]*:s3files:[0-9a-z-:]+:file-system/fs-[0-9a-f]{17,40}/access-point/fsap-[0-9a-f]{17,40}",
        ),
        mountPath=_MOUNT_PATH,
    ),
    efsAccessPoint=structure(
        "accessPointArn mountPath",
        accessPointArn=String(0, 128, r"arn:aws[-a-z]*:elasticfilesystem:[0-9a-z-:]+:access-point/fsap-[0-9a-f]{8,40}"),
        mountPath=_MOUNT_PATH,
    ),
    capacityProviderVolume=structure(
        "volumeName mountPath", volumeName=String(1, 48, r"[a-zA-Z][a-zA-Z0-9_-]{0,47}"), mountPath=_MOUNT_PATH
    ),
)
_WARMUP: Final = structure(
    "action",
    action=union(httpPost=structure("path", path=String(1, 32, r"/[A-Za-z0-9._~/-]*"), port=PORT)),
)
_LIFETIME: Final = Integer(60, 1_209_600)

# What CreateAgentRuntime and UpdateAgentRuntime share: the settings of a version.
_SETTINGS: Final[dict[str, Shape]] = {
    "agentRuntimeArtifact": _ARTIFACT,
    "roleArn": String(1, 2048, r"arn:aws(-[^:]+)?:iam::([0-9]{12})?:role/.+"),
    "networkConfiguration": _NETWORK,
    "description": String(1, 4096, sensitive=True),
    "authorizerConfiguration": _AUTHORIZER,
    "requestHeaderConfiguration": union(
        requestHeaderAllowlist=List(String(1, 256, r"[A-Za-z][A-Za-z0-9_-]{0,255}"), 1, 20)
    ),
    "protocolConfiguration": structure(
        "serverProtocol",
        serverProtocol=enum("MCP", "HTTP", "A2A", "AGUI"),
        port=PORT,
        path=String(1, 2048, r"/[A-Za-z0-9\-._~/%]*"),
    ),
    "lifecycleConfiguration": structure(idleRuntimeSessionTimeout=_LIFETIME, maxLifetime=_LIFETIME),
    "hooksConfiguration": structure(build=structure(warmup=_WARMUP)),
    "environmentVariables": Map(String(1, 100), String(0, 5000), 0, 50, sensitive=True),
    "filesystemConfigurations": List(_FILESYSTEM, 0, 5),
    "capacityProviderConfiguration": structure(
        "capacityProviderArn",
        capacityProviderArn=String(
            pattern=r"arn:aws(-[^:]+)?:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}"
            r":capacity-provider/[a-zA-Z][a-zA-Z0-9_]{0,47}-[a-zA-Z0-9]{10}"
        ),
    ),
    "platformVersion": String(1, 128, r"[^\s]+"),
    "allowedPorts": List(union(port=PORT, portRange=Structure({"from": PORT, "to": PORT}, ("from", "to"))), 1, 5),
    "resourceConfigurations": List(structure("minimumMemoryInMiB", minimumMemoryInMiB=Integer()), 0, 1),
    "clientToken": CLIENT_TOKEN,
}

CREATE_RUNTIME: Final = structure(
    "agentRuntimeName agentRuntimeArtifact roleArn", agentRuntimeName=RUNTIME_NAME, **_SETTINGS, tags=TAGS
)
GET_RUNTIME: Final = structure("agentRuntimeId", agentRuntimeId=RUNTIME_ID, agentRuntimeVersion=VERSION)
UPDATE_RUNTIME: Final = structure(
    "agentRuntimeId agentRuntimeArtifact roleArn",
    agentRuntimeId=RUNTIME_ID,
    **_SETTINGS,
    metadataConfiguration=structure("requireMMDSV2", requireMMDSV2=Boolean()),
)
DELETE_RUNTIME: Final = structure(
    "agentRuntimeId", agentRuntimeId=RUNTIME_ID, agentRuntimeVersion=VERSION, clientToken=CLIENT_TOKEN
)
LIST_RUNTIMES: Final = structure(maxResults=MAX_RESULTS, nextToken=NEXT_TOKEN)
LIST_VERSIONS: Final = structure(
    "agentRuntimeId", agentRuntimeId=RUNTIME_ID, maxResults=MAX_RESULTS, nextToken=NEXT_TOKEN
)
CREATE_ENDPOINT: Final = structure(
    "agentRuntimeId name",
    agentRuntimeId=RUNTIME_ID,
    name=ENDPOINT_NAME,
    agentRuntimeVersion=VERSION,
    description=String(1, 256),
    clientToken=CLIENT_TOKEN,
    tags=TAGS,
)
GET_ENDPOINT: Final = structure("agentRuntimeId endpointName", agentRuntimeId=RUNTIME_ID, endpointName=ENDPOINT_NAME)
UPDATE_ENDPOINT: Final = structure(
    "agentRuntimeId endpointName",
    agentRuntimeId=RUNTIME_ID,
    endpointName=ENDPOINT_NAME,
    agentRuntimeVersion=VERSION,
    description=String(1, 256),
    clientToken=CLIENT_TOKEN,
)
DELETE_ENDPOINT: Final = structure(
    "agentRuntimeId endpointName", agentRuntimeId=RUNTIME_ID, endpointName=ENDPOINT_NAME, clientToken=CLIENT_TOKEN
)
LIST_ENDPOINTS: Final = LIST_VERSIONS
TAG_RESOURCE: Final = structure("resourceArn tags", resourceArn=RESOURCE_ARN, tags=TAGS)
UNTAG_RESOURCE: Final = structure("resourceArn tagKeys", resourceArn=RESOURCE_ARN, tagKeys=List(TAG_KEY, 0, 200))
POLICY_RESOURCE: Final = String(20, 1011)
PUT_POLICY: Final = structure("resourceArn policy", resourceArn=POLICY_RESOURCE, policy=String(1, RESOURCE_POLICY_MAX))
GET_POLICY: Final = structure("resourceArn", resourceArn=POLICY_RESOURCE)
LIST_TAGS: Final = structure("resourceArn", resourceArn=RESOURCE_ARN)
