"""The input shapes of the operations on memories, as botocore's model `bedrock-agentcore-control` 2023-06-05 has them.

A test compares every constraint with the model.
"""

from __future__ import annotations

from typing import Final

from agentcore_cli.local.control.schema import Double, Integer, List, Shape, String, enum, structure, union
from agentcore_cli.local.control.shapes import MAX_RESULTS, TAGS
from agentcore_cli.local.memory.shapes import METADATA_KEY, RECORD_EXPIRY

_NAME: Final = String(pattern=r"[a-zA-Z][a-zA-Z0-9_]{0,47}")
_DESCRIPTION: Final = String(1, 4096, sensitive=True)
_ARN: Final = String(
    pattern=r"arn:[a-z0-9-\.]{1,63}:[a-z0-9-\.]{0,63}:[a-z0-9-\.]{0,63}:[a-z0-9-\.]{0,63}:[^/].{0,1023}"
)
_TEMPLATES: Final = List(String(1, 512, pattern=r"[a-zA-Z0-9\-_\/]*(\{[a-zA-Z][a-zA-Z0-9]*\}[a-zA-Z0-9\-_\/]*)*"), 1, 1)
_METADATA_VALUE_TYPE: Final = enum("STRING", "STRINGLIST", "NUMBER")
_STRING_VALIDATION: Final = structure(
    "allowedValues", allowedValues=List(String(1, 256, pattern=r"[a-zA-Z0-9\s._:/=+@-]*"), 1, 10)
)
_SCHEMA_ENTRY: Final = structure(
    "key",
    key=METADATA_KEY,
    type=_METADATA_VALUE_TYPE,
    extractionType=enum("LLM_INFERRED", "STRICTLY_CONSISTENT"),
    extractionConfig=union(
        llmExtractionConfig=structure(
            "definition",
            llmExtractionInstruction=String(1, 1000, sensitive=True),
            definition=String(1, 1000, sensitive=True),
            validation=union(
                stringValidation=_STRING_VALIDATION,
                stringListValidation=structure(
                    allowedValues=List(String(1, 64, pattern=r"[a-zA-Z0-9\s._:/=+@-]*"), 1, 10), maxItems=Integer(1, 5)
                ),
                numberValidation=structure(minValue=Double(), maxValue=Double()),
            ),
        )
    ),
)
_RECORD_SCHEMA: Final = structure(metadataSchema=List(_SCHEMA_ENTRY, 1, 20))
_PROMPTED: Final = structure(
    "appendToPrompt modelId", appendToPrompt=String(1, 30000, sensitive=True), modelId=String()
)
_REFLECTION: Final = structure(namespaces=_TEMPLATES, namespaceTemplates=_TEMPLATES, memoryRecordSchema=_RECORD_SCHEMA)
_PROMPTED_REFLECTION: Final = structure("appendToPrompt modelId", **_PROMPTED.members, **_REFLECTION.members)
_TRIGGERS: Final = List(
    union(
        messageBasedTrigger=structure(messageCount=Integer(1, 50)),
        tokenBasedTrigger=structure(tokenCount=Integer(100, 500000)),
        timeBasedTrigger=structure(idleSessionTimeout=Integer(10, 3000)),
    ),
    1,
)
# What all strategies have: before their configuration, and behind it.
_TOLD: Final[dict[str, Shape]] = {
    "description": _DESCRIPTION,
    "namespaces": _TEMPLATES,
    "namespaceTemplates": _TEMPLATES,
}
_KEPT: Final[dict[str, Shape]] = {"memoryRecordSchema": _RECORD_SCHEMA, "recordExpirySpecification": RECORD_EXPIRY}
_PLAIN: Final = structure("name", name=_NAME, **_TOLD, **_KEPT)
_STRATEGIES: Final = List(
    union(
        semanticMemoryStrategy=_PLAIN,
        summaryMemoryStrategy=_PLAIN,
        userPreferenceMemoryStrategy=_PLAIN,
        customMemoryStrategy=structure(
            "name",
            name=_NAME,
            **_TOLD,
            configuration=union(
                semanticOverride=structure(extraction=_PROMPTED, consolidation=_PROMPTED),
                summaryOverride=structure(consolidation=_PROMPTED),
                userPreferenceOverride=structure(extraction=_PROMPTED, consolidation=_PROMPTED),
                episodicOverride=structure(
                    extraction=_PROMPTED, consolidation=_PROMPTED, reflection=_PROMPTED_REFLECTION
                ),
                selfManagedConfiguration=structure(
                    "invocationConfiguration",
                    triggerConditions=_TRIGGERS,
                    invocationConfiguration=structure(
                        "topicArn payloadDeliveryBucketName",
                        topicArn=_ARN,
                        payloadDeliveryBucketName=String(pattern=r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
                    ),
                    historicalContextWindowSize=Integer(0, 50),
                ),
            ),
            **_KEPT,
        ),
        episodicMemoryStrategy=structure("name", name=_NAME, **_TOLD, reflectionConfiguration=_REFLECTION, **_KEPT),
    )
)
_INDEXED_KEYS: Final = List(structure("key type", key=METADATA_KEY, type=_METADATA_VALUE_TYPE), 1, 10)
_NAMESPACE_KEYS: Final = List(
    structure(
        "key",
        key=String(1, 32, pattern=r"(?!memoryStrategyId$|actorId$|sessionId$)[a-z][a-z0-9]*"),
        validation=structure(
            allowedValues=List(String(1, 64, pattern=r"[a-z0-9][a-z0-9-_]*"), 1, 10), regexPattern=String(1, 64)
        ),
    ),
    0,
    5,
)
_STREAMS: Final = structure(
    "resources",
    resources=List(
        union(
            kinesis=structure(
                "dataStreamArn contentConfigurations",
                dataStreamArn=_ARN,
                contentConfigurations=List(
                    structure("type", type=enum("MEMORY_RECORDS"), level=enum("METADATA_ONLY", "FULL_CONTENT")), 1, 1
                ),
            )
        ),
        0,
        1,
    ),
)
_MEMORY_ID: Final = String(12, pattern=r"[a-zA-Z][a-zA-Z0-9-_]{0,99}-[a-zA-Z0-9]{10}")
CREATE_MEMORY: Final = structure(
    "name eventExpiryDuration",
    clientToken=String(0, 500),
    name=_NAME,
    description=_DESCRIPTION,
    encryptionKeyArn=_ARN,
    memoryExecutionRoleArn=_ARN,
    eventExpiryDuration=Integer(3, 3650),
    memoryStrategies=_STRATEGIES,
    indexedKeys=_INDEXED_KEYS,
    namespaceKeys=_NAMESPACE_KEYS,
    streamDeliveryResources=_STREAMS,
    tags=TAGS,
)
GET_MEMORY: Final = structure("memoryId", memoryId=_MEMORY_ID, view=enum("full", "without_decryption"))
LIST_MEMORIES: Final = structure(maxResults=MAX_RESULTS, nextToken=String())
UPDATE_MEMORY: Final = structure(
    "memoryId",
    clientToken=String(0, 500),
    memoryId=_MEMORY_ID,
    description=_DESCRIPTION,
    eventExpiryDuration=Integer(3, 3650),
    memoryExecutionRoleArn=_ARN,
    memoryStrategies=structure(
        addMemoryStrategies=_STRATEGIES,
        modifyMemoryStrategies=List(
            structure(
                "memoryStrategyId",
                memoryStrategyId=String(),
                **_TOLD,
                configuration=structure(
                    extraction=union(
                        customExtractionConfiguration=union(
                            semanticExtractionOverride=_PROMPTED,
                            userPreferenceExtractionOverride=_PROMPTED,
                            episodicExtractionOverride=_PROMPTED,
                        )
                    ),
                    consolidation=union(
                        customConsolidationConfiguration=union(
                            semanticConsolidationOverride=_PROMPTED,
                            summaryConsolidationOverride=_PROMPTED,
                            userPreferenceConsolidationOverride=_PROMPTED,
                            episodicConsolidationOverride=_PROMPTED,
                        )
                    ),
                    reflection=union(
                        episodicReflectionConfiguration=_REFLECTION,
                        customReflectionConfiguration=union(episodicReflectionOverride=_PROMPTED_REFLECTION),
                    ),
                    selfManagedConfiguration=structure(
                        triggerConditions=_TRIGGERS,
                        invocationConfiguration=structure(
                            topicArn=_ARN, payloadDeliveryBucketName=String(pattern=r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
                        ),
                        historicalContextWindowSize=Integer(0, 50),
                    ),
                ),
                **_KEPT,
            )
        ),
        deleteMemoryStrategies=List(structure("memoryStrategyId", memoryStrategyId=String())),
    ),
    addIndexedKeys=_INDEXED_KEYS,
    namespaceKeys=_NAMESPACE_KEYS,
    streamDeliveryResources=_STREAMS,
)
DELETE_MEMORY: Final = structure("memoryId", clientToken=String(0, 500), memoryId=_MEMORY_ID)
