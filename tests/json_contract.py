"""What `--json` may say: a JSON Schema for each verb in `tests/schemas`, named like the verb, with - for a blank."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from referencing import Registry, Resource

from agentcore_cli.main import VERBS, _load
from tests.command_line import CommandLine

FOLDER = Path(__file__).parent / "schemas"
SHARED = {"common", "error"}


def schemas() -> dict[str, Any]:
    """By name."""
    return {path.stem: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}


def verbs() -> set[str]:
    """Every command that there is, as its schema is named."""
    return {name for verb in VERBS for name in _commands(_load(verb), verb)}


def _commands(command: Any, name: str) -> list[str]:
    children = getattr(command, "commands", None)
    if children is None:
        return [name]
    return [found for child in children for found in _commands(children[child], f"{name}-{child}")]


def objects(agentcore: CommandLine, verb: str, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    """What `verb --json` says on stdout, each object checked against the verb's schema, or that of errors."""
    said = agentcore.run("--json", *verb.split(), *arguments, code=code)
    return checked(verb.replace(" ", "-"), said.stdout)


def checked(name: str, stdout: str) -> list[dict[str, Any]]:
    """The objects of a command's stdout, one a line. Fails the test for one that its schema does not have."""
    found: list[dict[str, Any]] = [json.loads(line) for line in stdout.splitlines()]
    for value in found:
        fault = jsonschema.exceptions.best_match(validator("error" if "error" in value else name).iter_errors(value))
        assert fault is None, f"{name}: {fault}"
    return found


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    known = [(f"{stem}.json", Resource.from_contents(schema)) for stem, schema in schemas().items()]
    return jsonschema.Draft202012Validator(schemas()[name], registry=Registry().with_resources(known))
