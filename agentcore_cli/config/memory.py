"""The shape of an agent's `memory`: an AgentCore Memory that deploy makes, or one that exists, by its id.

Limits and patterns are those of CreateMemory's input (botocore's `bedrock-agentcore-control` model).
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from agentcore_cli.config.patterns import KeyArn, RoleArn, pattern

EXPIRY_DAYS_DEFAULT: Final = 90
_ID: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,47}-[a-zA-Z0-9]{10}")

StrategyType = Literal["semantic", "summary", "user_preference", "episodic", "custom"]
Override = Literal["semantic", "summary", "user_preference", "episodic"]


MemoryName = Annotated[
    str, pattern("[a-zA-Z][a-zA-Z0-9_]{0,47}(-[a-zA-Z0-9]{10})?", "a memory's name (letters, digits, _) or its id")
]
StrategyName = Annotated[
    str, pattern("[a-zA-Z][a-zA-Z0-9_]{0,47}", "a letter, then letters, digits and _, at most 48 characters")
]
Namespace = Annotated[
    str,
    pattern(
        r"(?=.{1,512}\Z)[a-zA-Z0-9\-_/]*(\{[a-zA-Z][a-zA-Z0-9]*\}[a-zA-Z0-9\-_/]*)*",
        "a namespace, such as /facts/{actorId}",
    ),
]
Text = Annotated[str, Meta(min_length=1, max_length=4096)]
# the local runtime keeps it as the value of a tag
PythonFile = Annotated[
    str,
    pattern(
        r"(?=.{1,256}\Z)[a-zA-Z0-9_./-]+\.py", "a Python file of the project, by letters, digits, _, -, . and / alone"
    ),
]


class PromptConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a custom strategy adds to one step's prompt, and the model that reads it."""

    model: Annotated[str, Meta(min_length=1)]
    prompt: Annotated[str, Meta(min_length=1, max_length=30000)]


class Strategy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is drawn from the events into records. `name` is its type's unless another is given.

    `namespace` and `reflection_namespace` None: the service's own. The last four are a custom strategy's: the built-in
    one that it overrides, and the prompts of its steps.
    """

    type: StrategyType
    name: StrategyName | None = None
    description: Text | None = None
    namespace: Namespace | None = None
    reflection_namespace: Namespace | None = None
    override: Override | None = None
    extraction: PromptConfig | None = None
    consolidation: PromptConfig | None = None
    reflection: PromptConfig | None = None

    @property
    def label(self) -> str:
        return self.name or self.type


class MemoryConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`expiry_days`: how long an event is kept. `execution_role` is what AgentCore assumes to call the models of custom
    strategies. `local_extraction` is a file of the project that the local runtime draws records from events with.
    """

    name: MemoryName
    # the service's model says 3 to 3650, its quota page 7 to 365: the service has the last word
    expiry_days: Annotated[int, Meta(ge=3, le=3650, extra={"unit": "days"})] = EXPIRY_DAYS_DEFAULT
    description: Text | None = None
    strategies: Annotated[tuple[Strategy, ...], Meta(max_length=6)] = ()
    encryption_key: KeyArn | None = None
    execution_role: RoleArn | None = None
    local_extraction: PythonFile | None = None

    @property
    def supplied_id(self) -> str | None:
        """The id of a memory that exists, which is used and never changed; None for one that deploy makes."""
        return self.name if _ID.fullmatch(self.name) else None

    @property
    def label(self) -> str:
        """Its name, without the ten characters of an id."""
        return self.name.partition("-")[0]
