"""Plain values in code: what an argument comes to, where reading can tell."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class LiteralValue:
    """`variable` is the one of the environment that may give another; a `value` of None can't be read."""

    value: str | int | None
    variable: str | None = None


UNKNOWN: Final = LiteralValue(None)


class Values:
    """The values of one file. `environment` is the agent's; what the machine's has is not known."""

    def __init__(self, tree: ast.Module, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._constants = _constants(tree)

    def has(self, variable: str) -> bool:
        return variable in self._environment

    def of(self, node: ast.expr) -> LiteralValue:
        """A literal, a name that is bound once to one, a variable of the environment with its default, or what
        `int()` and `str()` make of them.
        """
        if isinstance(node, ast.Constant):
            return LiteralValue(node.value) if isinstance(node.value, (str, int)) else UNKNOWN
        if isinstance(node, ast.Name):
            bound = self._constants.get(node.id)
            return self.of(bound) if bound is not None and bound.lineno < node.lineno else UNKNOWN
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and len(node.values) == 2:
            first = self.of(node.values[0])
            return first if first.value is not None else LiteralValue(self.of(node.values[1]).value, first.variable)
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            return self._from_environment(node.slice, None)
        return self._called(node) if isinstance(node, ast.Call) and node.args else UNKNOWN

    def _called(self, call: ast.Call) -> LiteralValue:
        function = ast.unparse(call.func)
        if function in ("os.environ.get", "os.getenv", "environ.get", "getenv"):
            return self._from_environment(call.args[0], call.args[1] if len(call.args) > 1 else None)
        if function not in ("int", "str"):
            return UNKNOWN
        inner = self.of(call.args[0])
        if function == "int" and isinstance(inner.value, str):
            return LiteralValue(int(inner.value), inner.variable) if inner.value.strip().isdecimal() else UNKNOWN
        return inner

    def _from_environment(self, name: ast.expr, default: ast.expr | None) -> LiteralValue:
        if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
            return UNKNOWN
        if name.value in self._environment:
            return LiteralValue(self._environment[name.value], name.value)
        return LiteralValue(self.of(default).value if default else None, name.value)


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """What a file binds once, at its top level."""
    stores = Counter(
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    bound = {}
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and stores[target.id] == 1:
                bound[target.id] = node.value
    return bound
