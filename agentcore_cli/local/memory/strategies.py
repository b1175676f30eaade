"""Strategies of a memory: from the members of a request to what GetMemory shows, which is how they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from agentcore_cli.local.control.records import new_id
from agentcore_cli.local.http.wire import ServiceFault

_PER_ACTOR: Final = "/strategies/{memoryStrategyId}/actors/{actorId}/"
_PER_SESSION: Final = "/strategies/{memoryStrategyId}/actors/{actorId}/sessions/{sessionId}/"
# By the member of the request: the type, and the namespace when none is given (the developer guide's defaults).
_TYPES: Final[Mapping[str, tuple[str, str]]] = {
    "semanticMemoryStrategy": ("SEMANTIC", _PER_ACTOR),
    "summaryMemoryStrategy": ("SUMMARIZATION", _PER_SESSION),
    "userPreferenceMemoryStrategy": ("USER_PREFERENCE", _PER_ACTOR),
    "customMemoryStrategy": ("CUSTOM", _PER_ACTOR),
    "episodicMemoryStrategy": ("EPISODIC", _PER_SESSION),
}
# By the member of a custom strategy's configuration: the type of the override, and the names of its parts.
_OVERRIDES: Final[Mapping[str, str]] = {
    "semanticOverride": "SEMANTIC_OVERRIDE",
    "summaryOverride": "SUMMARY_OVERRIDE",
    "userPreferenceOverride": "USER_PREFERENCE_OVERRIDE",
    "episodicOverride": "EPISODIC_OVERRIDE",
}
_CONTEXT_WINDOW: Final = 4  # messages, when historicalContextWindowSize is not given
_PER_SESSION_OVERRIDES: Final = ("summaryOverride", "episodicOverride")

Json = dict[str, Any]


def made(given: Mapping[str, Any], now: float) -> Json:
    """A strategy out of one of the request's."""
    [(member, settings)] = given.items()
    kind, template = _TYPES[member]
    configuration = settings.get("configuration", {})
    if any(override in configuration for override in _PER_SESSION_OVERRIDES):
        template = _PER_SESSION
    strategy: Json = {
        "strategyId": new_id(settings["name"]),
        "name": settings["name"],
        "type": kind,
        **_templates(settings, template),
        "createdAt": now,
        "updatedAt": now,
        "status": "CREATING",
    }
    strategy |= {name: settings[name] for name in ("description", "memoryRecordSchema") if name in settings}
    strategy |= _expiry(settings)
    if kind == "CUSTOM":
        strategy["configuration"] = _custom(configuration)
    elif kind == "EPISODIC":
        reflection = settings.get("reflectionConfiguration", {})
        shown_reflection = reflection | _templates(reflection, _PER_ACTOR)
        strategy["configuration"] = {"reflection": {"episodicReflectionConfiguration": shown_reflection}}
    return strategy


def changed(there: list[Json], change: Mapping[str, Any], now: float) -> list[Json]:
    """The strategies after an update. Raises ServiceFault (400) for one that is not there, or a name that is."""
    by_id = {strategy["strategyId"]: {**strategy, "status": "ACTIVE"} for strategy in there}
    for asked in change.get("modifyMemoryStrategies", []):
        strategy = _known(by_id, asked)
        by_id[strategy["strategyId"]] = _modified(strategy, asked, now)
    for asked in change.get("deleteMemoryStrategies", []):
        del by_id[_known(by_id, asked)["strategyId"]]
    names = {strategy["name"] for strategy in by_id.values()}
    added = [made(given, now) for given in change.get("addMemoryStrategies", [])]
    for strategy in added:
        if strategy["name"] in names:
            raise ServiceFault.validation(f"Memory strategy with name {strategy['name']} already exists")
    return [*by_id.values(), *added]


def shown(strategy: Json, memory_status: str) -> Json:
    """A strategy of a memory that is in this status."""
    return {**strategy, "status": "ACTIVE"} if memory_status == "ACTIVE" else strategy


def _modified(strategy: Json, asked: Mapping[str, Any], now: float) -> Json:
    kept = {name: asked[name] for name in ("description", "memoryRecordSchema") if name in asked}
    new = strategy | kept | _expiry(asked) | {"updatedAt": now}
    if "namespaces" in asked or "namespaceTemplates" in asked:
        new |= _templates(asked, "")
    if "configuration" in asked:
        old = strategy.get("configuration", {})
        new["configuration"] = old | asked["configuration"]
        if managed := asked["configuration"].get("selfManagedConfiguration"):
            new["configuration"]["selfManagedConfiguration"] = old.get("selfManagedConfiguration", {}) | managed
    return new


def _templates(settings: Mapping[str, Any], default: str) -> Json:
    """The service shows a template under its old name and its new one."""
    templates = settings.get("namespaceTemplates") or settings.get("namespaces") or [default]
    return {"namespaces": templates, "namespaceTemplates": templates}


def _expiry(settings: Mapping[str, Any]) -> Json:
    days = settings.get("recordExpirySpecification", {}).get("recordExpiryDurationDays")
    return {} if days is None else {"recordExpiryDurationDays": days}


def _custom(configuration: Mapping[str, Any]) -> Json:
    """What a custom strategy overrides, as its output shape names it."""
    if "selfManagedConfiguration" in configuration:
        managed = {"triggerConditions": [], "historicalContextWindowSize": _CONTEXT_WINDOW}
        return {
            "type": "SELF_MANAGED",
            "selfManagedConfiguration": managed | configuration["selfManagedConfiguration"],
        }
    for member, kind in _OVERRIDES.items():
        if member in configuration:
            return {"type": kind, **_parts(member, configuration[member])}
    return {}


def _parts(override: str, parts: Mapping[str, Any]) -> Json:
    stem = override.removesuffix("Override")
    found: Json = {}
    for part in ("extraction", "consolidation", "reflection"):
        if part in parts:
            member = f"{stem}{part.capitalize()}Override"
            found[part] = {f"custom{part.capitalize()}Configuration": {member: parts[part]}}
    return found


def _known(by_id: Mapping[str, Json], asked: Mapping[str, Any]) -> Json:
    strategy = by_id.get(asked["memoryStrategyId"])
    if strategy is None:
        message = f"memoryStrategies: no strategy of this memory has the id {asked['memoryStrategyId']}"
        raise ServiceFault.invalid("memoryStrategies", message)
    return strategy
