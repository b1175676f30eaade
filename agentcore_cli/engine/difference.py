"""What differs between two sets of facts, field by field, with secrets blanked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Facts = Mapping[str, Any]

PENDING: Final = "(known after apply)"
HIDDEN: Final = "(hidden)"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that would change. `field` is a path like `environment.LOG_LEVEL`; None stands for absent.

    `widens`: somebody may do more after the change than before, so that it is shown as such and asked about.
    """

    field: str
    old: Any
    new: Any
    widens: bool = False

    @property
    def name(self) -> str:
        """The fact that the field belongs to: `environment` of `environment.LOG_LEVEL`."""
        return self.field.split(".", 1)[0]


def differences(old: Facts, new: Facts, sensitive: Collection[str] = ()) -> tuple[FieldChange, ...]:
    """Every field in which `new` differs from `old`, in order of their names.

    Mappings are compared key by key, everything else as a whole. Values of `sensitive` facts become `HIDDEN`.
    """
    before, after = dict(_leaves(old)), dict(_leaves(new))
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    return tuple(_blank(FieldChange(".".join(p), before.get(p), after.get(p)), sensitive) for p in changed)


def conceal(facts: Facts, sensitive: Collection[str]) -> dict[str, Any]:
    """`facts` fit for a file: sensitive values become short digests, which still tell equal from different."""
    return {name: _digested(value) if name in sensitive else value for name, value in facts.items()}


def digest(facts: Facts) -> str:
    """The same text for the same facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _leaves(facts: Facts, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*prefix, name))
        elif value is not None:
            yield (*prefix, name), value


def _blank(change: FieldChange, sensitive: Collection[str]) -> FieldChange:
    if change.name not in sensitive:
        return change
    old, new = (None if value is None else HIDDEN for value in (change.old, change.new))
    return FieldChange(change.field, old, new)


def _digested(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _digested(item) for name, item in value.items()}
    return None if value is None else "sha256:" + hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]
