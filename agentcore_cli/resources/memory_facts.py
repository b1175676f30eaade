"""A memory's settings in two shapes: AgentCore's requests and answers, and the facts that a plan compares and shows.

What the config leaves open is in neither: the service chooses a namespace, for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from agentcore_cli.config import MemoryConfig, Strategy

Facts = dict[str, Any]

_MEMBERS: Final = {
    "semantic": "semanticMemoryStrategy",
    "summary": "summaryMemoryStrategy",
    "user_preference": "userPreferenceMemoryStrategy",
    "episodic": "episodicMemoryStrategy",
    "custom": "customMemoryStrategy",
}
_TYPES: Final = {"SUMMARIZATION": "summary"}  # the others have the config's word in capitals
_OVERRIDES: Final = {
    "semantic": "semantic",
    "summary": "summary",
    "user_preference": "userPreference",
    "episodic": "episodic",
}
_STEPS: Final = ("extraction", "consolidation", "reflection")
_OPEN: Final = ("description", "execution_role", "namespace", "reflection_namespace")  # the service's own otherwise
_FIXED: Final = ("type", "override")  # what no update changes: such a strategy is taken out and made anew
_SETTINGS: Final = {
    "expiry_days": "eventExpiryDuration",
    "description": "description",
    "execution_role": "memoryExecutionRoleArn",
}


def facts_of_config(memory: MemoryConfig) -> Facts:
    """What the config asks for; None where it leaves the choice to others."""
    return {
        "expiry_days": memory.expiry_days,
        "description": memory.description,
        "encryption_key": memory.encryption_key,
        "execution_role": memory.execution_role,
        "strategies": {strategy.label: _strategy(strategy) for strategy in memory.strategies},
    }


def facts_of_answer(answer: Mapping[str, Any], memory: MemoryConfig) -> Facts:
    """What GetMemory says, without name, tags and status, and without what the config of `memory` leaves open."""
    asked = facts_of_config(memory)
    facts = {
        "expiry_days": answer["eventExpiryDuration"],
        "description": answer.get("description"),
        "encryption_key": answer.get("encryptionKeyArn"),
        "execution_role": answer.get("memoryExecutionRoleArn"),
    }
    there = {each["name"]: _answered_strategy(each) for each in _living(answer)}
    strategies = {name: _as_asked(facts, asked["strategies"].get(name)) for name, facts in there.items()}
    return _as_asked(facts, asked) | {"strategies": strategies}


def strategy_ids(answer: Mapping[str, Any]) -> dict[str, str]:
    return {strategy["name"]: strategy["strategyId"] for strategy in _living(answer)}


def type_of(strategy: Mapping[str, Any]) -> str:
    """The config's word for the type of a strategy in GetMemory's answer."""
    kind: str = strategy["type"]
    return _TYPES.get(kind, kind.lower())


def create_body(facts: Mapping[str, Any]) -> Facts:
    """The members of CreateMemory that facts tell."""
    settings = _SETTINGS | {"encryption_key": "encryptionKeyArn"}
    body: Facts = {member: facts[fact] for fact, member in settings.items() if facts[fact] is not None}
    if facts["strategies"]:
        body["memoryStrategies"] = [_strategy_body(name, s) for name, s in facts["strategies"].items()]
    return body


def update_bodies(there: Mapping[str, Any], wanted: Mapping[str, Any], ids: Mapping[str, str]) -> list[Facts]:
    """The members of each UpdateMemory that leads from one to the other, in order: none, one or two.

    `ids` are the strategies' by their names. A strategy that changes its type is taken out by the first and put in by
    the second, since a name is taken until its strategy is gone.
    """
    body: Facts = {
        member: wanted[fact]
        for fact, member in _SETTINGS.items()
        if wanted[fact] is not None and wanted[fact] != there[fact]
    }
    before, after = there["strategies"], wanted["strategies"]
    anew = {name for name in before.keys() & after.keys() if _is_another(before[name], after[name])}
    gone = (before.keys() - after.keys()) | anew
    new = [_strategy_body(name, after[name]) for name in after if name not in before]
    changed = [name for name in after if name in before and name not in anew and before[name] != after[name]]
    changes: Facts = {
        "addMemoryStrategies": new,
        "modifyMemoryStrategies": [_modification(ids[name], before[name], after[name]) for name in changed],
        "deleteMemoryStrategies": [{"memoryStrategyId": ids[name]} for name in sorted(gone)],
    }
    if changes := {member: items for member, items in changes.items() if items}:
        body["memoryStrategies"] = changes
    again = {"memoryStrategies": {"addMemoryStrategies": [_strategy_body(name, after[name]) for name in sorted(anew)]}}
    return [each for each in (body, again if anew else {}) if each]


def _as_asked(there: Facts, asked: Mapping[str, Any] | None) -> Facts:
    """What is there, where it is no matter to the config left out."""
    if asked is None:
        return there
    return {fact: None if fact in _OPEN and asked[fact] is None else value for fact, value in there.items()}


def _strategy(strategy: Strategy) -> Facts:
    return {
        "type": strategy.type,
        "description": strategy.description,
        "namespace": strategy.namespace,
        "reflection_namespace": strategy.reflection_namespace,
        "override": strategy.override,
        **{step: _prompt(getattr(strategy, step)) for step in _STEPS},
    }


def _prompt(prompt: Any) -> Facts | None:
    return {"model": prompt.model, "prompt": prompt.prompt} if prompt else None


def _living(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [strategy for strategy in answer.get("strategies", ()) if strategy.get("status") != "DELETING"]


def _answered_strategy(answer: Mapping[str, Any]) -> Facts:
    configuration = answer.get("configuration", {})
    reflection = configuration.get("reflection", {})
    reflects = reflection.get("episodicReflectionConfiguration") or _only(
        reflection.get("customReflectionConfiguration", {})
    )
    override = configuration.get("type", "")
    return {
        "type": type_of(answer),
        "description": answer.get("description"),
        "namespace": _namespace(answer),
        "reflection_namespace": _namespace(reflects),
        "override": override.removesuffix("_OVERRIDE").lower() or None,
        **{step: _answered_prompt(configuration, step) for step in _STEPS},
    }


def _answered_prompt(configuration: Mapping[str, Any], step: str) -> Facts | None:
    prompt = _only(configuration.get(step, {}).get(f"custom{step.capitalize()}Configuration", {}))
    return {"model": prompt["modelId"], "prompt": prompt["appendToPrompt"]} if "modelId" in prompt else None


def _only(union: Mapping[str, Any]) -> Mapping[str, Any]:
    member: Mapping[str, Any] = next(iter(union.values()), {})
    return member


def _namespace(answer: Mapping[str, Any]) -> str | None:
    return next(iter(answer.get("namespaceTemplates") or answer.get("namespaces") or ()), None)


def _is_another(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether an update can't lead there; one that loses a prompt or its namespace is another, too."""
    lost = any(before[step] and not after[step] for step in _STEPS)
    return lost or any(before[fact] != after[fact] for fact in _FIXED)


def _strategy_body(name: str, facts: Mapping[str, Any]) -> Facts:
    body: Facts = {"name": name} | _described(facts)
    if facts["type"] == "custom":
        override = _OVERRIDES[facts["override"]]
        steps = {step: _prompt_body(facts, step) for step in _STEPS if facts[step]}
        body["configuration"] = {f"{override}Override": steps}
    elif facts["reflection_namespace"]:
        body["reflectionConfiguration"] = {"namespaceTemplates": [facts["reflection_namespace"]]}
    return {_MEMBERS[facts["type"]]: body}


def _modification(strategy_id: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Facts:
    body: Facts = {"memoryStrategyId": strategy_id} | _described(after)
    configuration: Facts = {}
    for step in _STEPS if after["type"] == "custom" else ():
        if after[step] and (after[step] != before[step] or step == "reflection"):
            member = f"{_OVERRIDES[after['override']]}{step.capitalize()}Override"
            configuration[step] = {f"custom{step.capitalize()}Configuration": {member: _prompt_body(after, step)}}
    if after["type"] == "episodic" and after["reflection_namespace"] != before["reflection_namespace"]:
        reflects = {"namespaceTemplates": [after["reflection_namespace"]]}
        configuration["reflection"] = {"episodicReflectionConfiguration": reflects}
    return body | ({"configuration": configuration} if configuration else {})


def _described(facts: Mapping[str, Any]) -> Facts:
    said: Facts = {"description": facts["description"]} if facts["description"] else {}
    return said | ({"namespaceTemplates": [facts["namespace"]]} if facts["namespace"] else {})


def _prompt_body(facts: Mapping[str, Any], step: str) -> Facts:
    body: Facts = {"appendToPrompt": facts[step]["prompt"], "modelId": facts[step]["model"]}
    if step == "reflection" and facts["reflection_namespace"]:
        body["namespaceTemplates"] = [facts["reflection_namespace"]]
    return body
