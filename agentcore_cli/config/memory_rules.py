"""What the types of an agent's `memory` alone can't say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agentcore_cli.config.faults import ConfigFault
from agentcore_cli.config.memory import MemoryConfig, Strategy
from agentcore_cli.config.paths import path_fault

_OF_A_CUSTOM_ONE: Final = ("override", "extraction", "consolidation", "reflection")


def memory_faults(memory: MemoryConfig) -> Iterator[ConfigFault]:
    """The broken rules between the keys of a memory."""
    if memory.supplied_id:
        for key in ("description", "strategies", "encryption_key", "execution_role"):
            if getattr(memory, key):
                yield ConfigFault((key,), f"{memory.name} is an id, and that memory is used as it is; take this out")
    if memory.local_extraction and (problem := path_fault(memory.local_extraction)):
        yield ConfigFault(("local_extraction",), problem)
    elif memory.local_extraction and not memory.strategies:
        yield ConfigFault(("local_extraction",), "there are no strategies for it to draw records for; give some")
    seen: set[str] = set()
    for index, strategy in enumerate(memory.strategies):
        if strategy.label in seen:
            yield ConfigFault(("strategies", index, "name"), f"{strategy.label} is taken; give it another")
        seen.add(strategy.label)
        for fault in _strategy_faults(strategy, memory):
            yield ConfigFault(("strategies", index, *fault.path), fault.problem)


def _strategy_faults(strategy: Strategy, memory: MemoryConfig) -> Iterator[ConfigFault]:
    given = [key for key in _OF_A_CUSTOM_ONE if getattr(strategy, key) is not None]
    if strategy.type != "custom":
        yield from (ConfigFault((key,), f"is a custom strategy's; this one is {strategy.type}") for key in given)
    elif strategy.override is None:
        yield ConfigFault(("override",), "missing: which of semantic, summary, user_preference, episodic it overrides")
    else:
        if memory.execution_role is None:
            yield ConfigFault(
                ("type",), "a custom strategy calls models: memory.execution_role is what they are called as"
            )
        if strategy.override == "summary" and strategy.extraction:
            yield ConfigFault(("extraction",), "a summary has no extraction, only a consolidation")
        if strategy.override != "episodic" and strategy.reflection:
            yield ConfigFault(("reflection",), "only episodic strategies reflect")
    if strategy.reflection_namespace and "episodic" not in (strategy.type, strategy.override):
        yield ConfigFault(("reflection_namespace",), "only episodic strategies reflect")
    if strategy.reflection_namespace and strategy.type == "custom" and strategy.reflection is None:
        yield ConfigFault(("reflection_namespace",), "is that of `reflection`, which is missing")
