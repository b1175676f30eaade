"""Every `agentcore …` that the code tells a person to type exists, with the options that are named, and parses.

The texts are read from the source: plain strings, f-strings with `X` where a value goes, and what `command("verb")` of
a target or a call makes. A hint that only says to do the same again stands where the cause passes by itself.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from agentcore_cli import errors
from agentcore_cli.main import VERBS, _app

PACKAGE: Final = Path(errors.__file__).parent
# Words that follow the tool's name where it is spoken of and nothing is to be typed.
_PROSE: Final = frozenset({"is", "has", "did", "wrote", "would", "itself"})
# Where a command ends in a sentence.
_END: Final = re.compile(r"""[;,|`)(\n"]|\.(\s|$)|: |'(?=[\s.,;)]|$)""")
# What is typed as it stands; after anything else a sentence goes on.
_VALUE: Final = re.compile(r"[A-Z0-9][A-Z0-9_|]*|X\S*|\S*[/.:=@{]\S*|N|conv1|throttle|16m|2|prod|advance|'.*'")
_PERMANENT: Final = frozenset(
    name
    for name, found in vars(errors).items()
    if isinstance(found, type)
    and issubclass(
        found,
        (
            errors.InputError,
            errors.NotFoundError,
            errors.ConflictError,
            errors.CredentialsError,
            errors.AgentFailedError,
        ),
    )
)
_AGAIN: Final = re.compile(r"(run|try) (it|this|the same command|the same) again|deploy again|^again$")
# What has to be done first; then the same command meets something else.
_FIRST: Final = re.compile(r"\b(mend|make|see that|wait|free|renew|allow|move|give|with -v)\b|^X, then ")
# Failures that pass by themselves, and why.
_PASSING: Final = {
    "builders/images/docker_image.py": "the engine lost an image that it had just built",
    "builders/packages/environment.py": "files were saved during the installation",
    "builders/bundles/bundle.py": "a file was saved while it was packed",
    "builders/zip/archive.py": "a file was saved while it was packed",
    "builders/oci/blobs.py": "what is damaged was removed",
    "builders/images/context.py": "a file was saved while it was packed",
    "engine/apply.py": "the service still shows what it has deleted",
    "resources/own_role.py": "the service still shows what it has deleted, or somebody deleted it: made anew",
    "resources/ownership.py": "somebody deleted it meanwhile: made anew",
    "resources/build_publisher.py": "somebody removed the image that was just pushed, or stopped the build",
    "resources/rollout.py": "somebody deleted it meanwhile: made anew",
    "resources/memory.py": "somebody deleted it meanwhile: made anew",
}


class Text(NamedTuple):
    """A text of the source, with X where a value goes."""

    place: str
    text: str


def texts() -> list[Text]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        shown = path.relative_to(PACKAGE).as_posix()
        tree = ast.parse(path.read_text())
        skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
        skipped |= {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
            for part in ast.walk(node)
            if part is not node
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.expr) and id(node) not in skipped and (text := rendered(node)):
                found.append(Text(f"{shown}:{node.lineno}", text))
    return found


def rendered(node: ast.expr) -> str:
    """A string as it comes out; "" for what is none."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_part(part) for part in node.values)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "deploy_command":
            return "agentcore deploy --local --agent X"
        if node.func.attr == "command" and node.args and (verb := rendered(node.args[0])):
            is_ours = not verb.startswith("X") and verb.partition(" ")[0] in VERBS
            return f"agentcore {_with_target(verb)}" if is_ours and _is_told(node.func.value) else ""
    return ""


def _part(node: ast.expr) -> str:
    if not isinstance(node, ast.FormattedValue):
        return rendered(node)
    if isinstance(node.value, ast.Name) and node.value.id in ("agent", "endpoint", "profile", "inside"):
        return ""  # an option of its own, or nothing
    return rendered(node.value) or "X"


def _is_told(target: ast.expr) -> bool:
    """Whether `target.command("verb")` is a text for a person, and not a Typer's decorator or a call of the plane."""
    return ast.unparse(target) not in ("app", "clock", "plane") and "plane(" not in ast.unparse(target)


def _with_target(verb: str) -> str:
    name, _, rest = verb.partition(" ")
    return f"{name} {rest} --local --agent X".replace("  ", " ")


def commands() -> Iterator[Text]:
    """Each command line that a text has."""
    for place, text in texts():
        for start in re.finditer(r"(?<![\w.-])agentcore ", text):
            end = _END.search(text, start.end())
            line = text[start.end() : end.start() if end else None].strip()
            if line and line.split()[0] not in {*_PROSE, "X"}:
                yield Text(place, line)


TREE: Final[Any] = _app()


@pytest.fixture(scope="module")
def told() -> list[Text]:
    """All of them. It takes a while to read the whole source, and is done by whoever runs these tests only."""
    return sorted(set(commands()))


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that words name, and what follows it."""
    context, command = TREE.make_context("agentcore", ["doctor"], resilient_parsing=True), TREE
    rest = list(words)
    while getattr(command, "commands", None) is not None or command is TREE:
        if not rest or rest[0].startswith("-"):
            break
        child = command.get_command(context, rest[0])
        assert child is not None, f"there is no command {rest[0]!r} in `agentcore {' '.join(words)}`"
        command, rest = child, rest[1:]
    return command, rest


def typed(command: Any, rest: list[str]) -> list[str]:
    """What of the words is to be typed: options with their values, and arguments, until a sentence goes on."""
    flags = {name: option.is_flag for option in command.params for name in option.opts if name.startswith("-")}
    arguments = sum(
        option.nargs if option.nargs > 0 else 99 for option in command.params if not option.opts[0].startswith("-")
    )
    given: list[str] = []
    words = iter(rest)
    for word in words:
        if word.startswith("-") and word != "-":
            name = word.partition("=")[0]
            assert name in flags or name in ("--help", "--"), f"no option {name} in `{command.name} {' '.join(rest)}`"
            given.append(word)
            if not flags.get(name, True) and "=" not in word:
                given.append(next(words, "X"))
        elif arguments > 0 and _VALUE.fullmatch(word):
            given.append(word)
            arguments -= 1
        else:
            break
    return given


def parse(line: str) -> None:
    """Raises AssertionError, or click's UsageError, when it is no command line of ours."""
    command, rest = command_of(shlex.split(line.replace("'", "")))
    given = [word for word in typed(command, rest) if word not in ("--help", "--")]
    context = command.context_class(command, info_name=command.name)
    command.make_parser(context).parse_args(args=given)


def test_what_is_told_to_be_typed_exists_and_parses(told: list[Text]) -> None:
    wrong = []
    for place, line in told:
        try:
            parse(line)
        except Exception as error:
            wrong.append(f"{place}: `agentcore {line}`: {error!r}")
    assert not wrong, "\n".join(wrong)


def test_the_collection_finds_what_is_known_to_be_there(told: list[Text]) -> None:
    lines = {text for _, text in told}
    assert "endpoints list --local --agent X" in lines
    assert any(line.startswith("rollback --local") for line in lines)
    assert any(line.startswith("configure --protocol") for line in lines)
    assert {line.split()[0] for line in lines} >= {"deploy", "invoke", "logs", "status", "local", "auth", "permissions"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("undeploy --local", "no command 'undeploy'"),
        ("logs --session X", "no option --session"),
        ("sessions kill", "kill"),
    ],
)
def test_a_hint_that_is_not_true_is_found(line: str, says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        parse(line)


def hints() -> Iterator[tuple[str, str, str]]:
    """Place, class and hint of each error that is made with one."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        constants = {
            node.targets[0].id if isinstance(node, ast.Assign) else node.target.id: node.value  # type: ignore[union-attr]
            for node in tree.body
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(getattr(node, "value", None), ast.expr)
            and isinstance(node.targets[0] if isinstance(node, ast.Assign) else node.target, ast.Name)
        }  # fmt: skip
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            for keyword in node.keywords:
                if keyword.arg != "hint":
                    continue
                value = keyword.value
                value = constants.get(value.id, value) if isinstance(value, ast.Name) else value
                yield path.relative_to(PACKAGE).as_posix(), ast.unparse(node.func), rendered(value)


def test_no_permanent_failure_is_told_to_be_tried_again() -> None:
    for place, kind, hint in hints():
        if not _AGAIN.search(hint) or _FIRST.search(hint):
            continue
        assert place in _PASSING, f"{place}: {kind}: what would be different: {hint!r}"
        assert kind not in _PERMANENT or place.startswith("resources/"), f"{place}: {kind} does not pass: {hint!r}"
