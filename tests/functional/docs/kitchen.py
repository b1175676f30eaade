"""Where recipes are run: a home of the local runtime, and the models that their agents call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.fakes.bedrock import ScriptedBedrock
from tests.fakes.model_apis import ScriptedModelApis
from tests.functional.docs.page import REPOSITORY, Recipe, Typed, recipes_of, shell
from tests.same_process import SameProcess

PAGE = REPOSITORY / "docs" / "projects.md"
RECIPES = {recipe.title: recipe for recipe in recipes_of(PAGE.read_text())}
_LAYOUTS = {recipe.title for recipe in recipes_of(PAGE.read_text().partition("\n## Frameworks\n")[0])}
LAYOUTS = [recipe for title, recipe in RECIPES.items() if title in _LAYOUTS]
OTHERS = [recipe for title, recipe in RECIPES.items() if title not in _LAYOUTS]


@dataclass(frozen=True, slots=True)
class Kitchen:
    """A reader's shell. `endpoints`: by the name of a model provider's key, the options of `configure` that lead to an
    endpoint of the reader's own instead; Bedrock's stands in the shell.

    What was deployed stays until `washing_up` ends, without sessions: recipes with the same requirements share them.
    """

    environment: dict[str, str]
    endpoints: dict[str, str]
    washing_up: ExitStack

    def cook(self, recipe: Recipe, folder: Path) -> None:
        """Make the recipe's files and type its commands."""
        recipe.write(folder)
        try:
            for typed in recipe.commands:
                typed.run(folder, self.environment)
                for key, endpoint in self.endpoints.items():
                    if f"--secret {key}=env" in typed.line:
                        Typed(f"agentcore configure {endpoint}").run(folder, self.environment)
        finally:
            for config in folder.glob("**/.agentcore.yaml"):
                for agent in yaml.safe_load(config.read_text())["agents"]:
                    command = SameProcess(config.parent, self.environment)
                    self.washing_up.callback(command.run, "--agent", agent, "destroy", "--local", "--yes")
                    command.outcome("--agent", agent, "sessions", "stop", "--all", "--local")


@contextmanager
def kitchen(home: Path) -> Iterator[Kitchen]:
    """A kitchen with its models, until the end of the block."""
    with ScriptedBedrock() as bedrock, ScriptedModelApis() as apis, ExitStack() as washing_up:
        keys = dict.fromkeys(apis.endpoints, "a-key-of-nobody")
        # Where pip has further indexes a version may lie in one of them for a single Python, and in another for all.
        settings = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
        yield Kitchen(shell(home) | bedrock.environment | keys | settings, apis.endpoints, washing_up)
