"""Whether the SDK can call the handlers as they are written, and what they take from their context.

The SDK passes the payload, and the RequestContext too if the second parameter is named exactly `context`
(BedrockAgentCoreApp._takes_context, SDK 1.25.0).
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from agentcore_cli.operations.check.findings import Finding
from agentcore_cli.operations.check.source import SourceFile

_CONTEXT: Final = "context"
_FIELDS: Final = ("session_id", "request_headers", "request")
_ACTOR = 'the caller says who it is: payload.get("actor_id")'
_ELSEWHERE: Final = {
    "actor_id": _ACTOR,
    "user_id": _ACTOR,
    "memory_id": 'the environment has it: os.environ["MEMORY_ID"]',
}
_CAUGHT: Final = frozenset({"AttributeError", "Exception", "BaseException"})

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def handler_findings(source: SourceFile) -> Iterator[Finding]:
    """Handlers of a file that fail as soon as they are called."""
    for function in ast.walk(source.tree):
        if not isinstance(function, _Function):
            continue
        is_handler = any(_is_entrypoint(decorator) for decorator in function.decorator_list)
        if is_handler and len(function.decorator_list) == 1:  # another decorator may change the parameters
            yield from _parameter_findings(source, function)
        yield from _context_findings(source, function, is_handler)


@dataclass(frozen=True, slots=True)
class _Parameters:
    """How many arguments by position a function needs and takes (None: any number), and all names in order."""

    needed: int
    taken: int | None
    names: tuple[str, ...]
    keywords_needed: tuple[str, ...]

    @classmethod
    def of(cls, function: _Function) -> _Parameters:
        given = function.args
        positional = [*given.posonlyargs, *given.args]
        keywords = [
            argument.arg
            for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
            if default is None
        ]
        variadic = [given.vararg] if given.vararg else []
        named = [*positional, *variadic, *given.kwonlyargs, *([given.kwarg] if given.kwarg else [])]
        return cls(
            needed=len(positional) - len(given.defaults),
            taken=None if given.vararg else len(positional),
            names=tuple(argument.arg for argument in named),
            keywords_needed=tuple(keywords),
        )


def _is_entrypoint(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Attribute) and decorator.attr == "entrypoint"


def _parameter_findings(source: SourceFile, function: _Function) -> Iterator[Finding]:
    parameters = _Parameters.of(function)
    second = parameters.names[1] if len(parameters.names) > 1 else None
    passed = 2 if second == _CONTEXT else 1
    right = f"write def {function.name}(payload, context)"
    if parameters.taken is not None and parameters.taken < passed:
        problem = f"{function.name} can't be called with what the SDK passes, the payload and the context; {right}"
    elif parameters.needed > passed and passed == 1:
        problem = (
            f"{function.name} has a second parameter {second!r}, which the SDK passes only if it is named"
            f" exactly 'context'; {right}"
        )
    elif parameters.needed > passed or parameters.keywords_needed:
        extra = parameters.keywords_needed or parameters.names[passed : parameters.needed]
        problem = f"{function.name} needs {', '.join(extra)}, which nobody passes: the SDK passes payload and context"
    else:
        return
    yield Finding(source.shown, function.lineno, problem)


def _context_findings(source: SourceFile, function: _Function, is_handler: bool) -> Iterator[Finding]:
    name = _context_name(function, is_handler)
    if name is None or _is_tested(function, name):
        return
    for node in _unguarded(function):
        if not (isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)):
            continue
        if isinstance(node.value, ast.Name) and node.value.id == name and (problem := _attribute_problem(node.attr)):
            yield Finding(source.shown, node.lineno, problem, certain=node.attr in _ELSEWHERE)


def _context_name(function: _Function, is_handler: bool) -> str | None:
    """The parameter that holds the RequestContext: by its annotation, or a handler's `context`."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    for argument in arguments:
        annotation = ast.unparse(argument.annotation) if argument.annotation else ""
        if annotation.strip("'\"").rpartition(".")[2] == "RequestContext":
            return argument.arg
    return _CONTEXT if is_handler and len(arguments) > 1 and arguments[1].arg == _CONTEXT else None


def _is_tested(function: _Function, name: str) -> bool:
    """Whether the function assigns the name anew or asks the context what it has."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "hasattr":
            return True
    return False


def _unguarded(function: _Function) -> Iterator[ast.AST]:
    """The nodes of a function that no `except AttributeError` catches."""
    waiting: list[ast.AST] = [function]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.Try) and any(_catches(handler) for handler in node.handlers):
            waiting += [*node.handlers, *node.orelse, *node.finalbody]
        else:
            waiting += ast.iter_child_nodes(node)


def _catches(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or any(
        isinstance(node, ast.Name) and node.id in _CAUGHT for node in ast.walk(handler.type)
    )


def _attribute_problem(attribute: str) -> str | None:
    if attribute in _FIELDS or attribute.startswith(("_", "model_")):
        return None
    start = f"RequestContext has no {attribute} (it has {', '.join(_FIELDS)})"
    if attribute in _ELSEWHERE:
        return f"{start}; {_ELSEWHERE[attribute]}"
    close = difflib.get_close_matches(attribute, _FIELDS, n=1)
    return f"{start}; did you mean {close[0]}?" if close else None
