"""IAM policy documents as values: compared statement by statement, and asked what they allow.

IAM leaves several ways to write the same thing: a word or a list of one, in any order. Facts have one way for each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agentcore_cli.decoding import text_of
from agentcore_cli.engine import FieldChange
from agentcore_cli.errors import InputError

Document = Mapping[str, Any]

_DENY: Final = "Deny:"  # before the name of a statement that forbids
_EXCEPTIONS: Final = frozenset({"NotAction", "NotResource", "NotPrincipal"})


def facts(document: Document | None) -> dict[str, Any]:
    """The statements by their names, each in one way of writing; empty for no document.

    What forbids is called `Deny:<name>`; a statement without a name gets its number.
    """
    if document is None:
        return {}
    named = {_name(statement, number): _canonical(statement) for number, statement in enumerate(statements(document))}
    return {"Version": document.get("Version", "2008-10-17")} | named


def document(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The document that `facts` tell of."""
    named = [(name, statement) for name, statement in facts.items() if name != "Version"]
    effects = {True: "Deny", False: "Allow"}
    return {
        "Version": facts["Version"],
        "Statement": [
            {"Sid": name.removeprefix(_DENY), "Effect": effects[name.startswith(_DENY)], **statement}
            for name, statement in named
        ],
    }


def from_file(path: Path, key: str, hint: str) -> Any:
    """What a JSON file of the project holds, which the config names by `key`. Raises InputError with the `hint`."""
    try:
        return json.loads(text_of(path.read_bytes()))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{key}: {path.name}: can't be read: {error}", hint=hint) from None


def statements(document: Document) -> list[Mapping[str, Any]]:
    found = document.get("Statement", [])
    return [found] if isinstance(found, Mapping) else list(found)


def widens(change: FieldChange) -> bool:
    """Whether a changed field of `facts` lets somebody do more. Where it can't be told, it does."""
    _, name, *rest = change.field.split(".", 3)
    if not rest:
        return False  # the document's version
    if name.startswith(_DENY):
        return not _within(rest, change.old, change.new)
    return not _within(rest, change.new, change.old)


def missing(needed: Document, held: Iterable[Document]) -> list[str]:
    """What `needed` allows and none of `held` does, as `action on resource`. Conditions are not looked at."""
    there = [statement for document in held for statement in statements(document)]
    return [
        f"{action} on {resource}"
        for statement in statements(needed)
        for action in _texts(statement["Action"])
        for resource in _texts(statement["Resource"])
        if not _allowed(there, action, resource)
    ]


@dataclass(frozen=True, slots=True)
class AssumingService:
    """The service that assumes a role, and what it says about whom it does it for."""

    service: str
    account: str
    source_arn: str


def trust_fault(trust: Document, caller: AssumingService) -> str | None:
    """Why a role's trust keeps `caller` from assuming it, or None. Conditions on other keys are taken to hold."""
    faults = [_statement_fault(statement, caller) for statement in statements(trust) if _assumes(statement, caller)]
    if not faults:
        return f"its trust policy does not let {caller.service} assume it"
    return None if None in faults else faults[0]


def names_source(trust: Document) -> bool:
    """Whether the trust says for whom a service may assume the role (the confused deputy)."""
    return any("aws:source" in str(statement.get("Condition", "")).lower() for statement in statements(trust))


def _within(member: Sequence[str], inner: Any, outer: Any) -> bool:
    """Whether a statement with `inner` in this member speaks of nothing that one with `outer` does not."""
    some, all_ = set(_texts(inner)), set(_texts(outer))
    if member[0] == "Condition":
        return outer is None or (inner is not None and (all_ <= some if "Not" in member[1] else some <= all_))
    if inner is None or outer is None:
        return inner is None
    if member[0] in _EXCEPTIONS:
        return all_ <= some
    return all(any(_matches(pattern, text) for pattern in all_) for text in some)


def _name(statement: Mapping[str, Any], number: int) -> str:
    name = statement.get("Sid") or f"Statement{number + 1}"
    return name if statement.get("Effect") == "Allow" else _DENY + name


def _canonical(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {member: _one_way(value) for member, value in statement.items() if member not in ("Sid", "Effect")}


def _one_way(value: Any) -> Any:
    """A list sorted, a list of one as its member, a number or truth as IAM's text."""
    if isinstance(value, Mapping):
        return {key: _one_way(item) for key, item in value.items()}
    texts = sorted(set(_texts(value)))
    return texts[0] if len(texts) == 1 else texts


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    items = value if isinstance(value, (list, tuple, set)) else [value]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in items]


def _allowed(there: Sequence[Mapping[str, Any]], action: str, resource: str) -> bool:
    concerned = [statement for statement in there if _concerns(statement, action, resource)]
    forbidden = any(s["Effect"] == "Deny" and not s.get("Condition") for s in concerned)
    return not forbidden and any(s["Effect"] == "Allow" for s in concerned)


def _concerns(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    return _covers(statement, "Action", action.lower(), str.lower) and _covers(statement, "Resource", resource, str)


def _covers(statement: Mapping[str, Any], member: str, text: str, fold: Any) -> bool:
    if member in statement:
        return any(_matches(fold(pattern), text) for pattern in _texts(statement[member]))
    return not any(_matches(fold(pattern), text) for pattern in _texts(statement.get(f"Not{member}")))


def _matches(pattern: str, text: str) -> bool:
    """IAM's wildcards: * any characters, ? one."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.DOTALL) is not None


def _assumes(statement: Mapping[str, Any], caller: AssumingService) -> bool:
    principal = statement.get("Principal", {})
    services = principal.get("Service") if isinstance(principal, Mapping) else principal
    return (
        statement.get("Effect") == "Allow"
        and any(service in (caller.service, "*") for service in _texts(services))
        and _covers(statement, "Action", "sts:assumerole", str.lower)
    )


def _statement_fault(statement: Mapping[str, Any], caller: AssumingService) -> str | None:
    given = {"aws:sourceaccount": caller.account, "aws:sourcearn": caller.source_arn}
    for operator, key, wanted in _conditions(statement):
        value = given.get(key.lower())
        if value is not None and not _holds(operator, wanted, value):
            return f"its trust policy wants {key} to be {' or '.join(wanted)}, and here it is {value}"
    return None


def _conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    for operator, keys in statement.get("Condition", {}).items():
        for key, wanted in keys.items():
            yield operator, key, _texts(wanted)


def _holds(operator: str, wanted: Sequence[str], value: str) -> bool:
    plain = operator.rpartition(":")[2].removesuffix("IfExists")
    is_like = plain.endswith("Like") or plain.startswith("Arn")
    is_met = any(_matches(text, value) if is_like else text == value for text in wanted)
    return is_met if "Not" not in plain else not is_met
