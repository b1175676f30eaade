"""An agent of the earlier toolkit's file, with what the file does not know and its runtime does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from agentcore_cli.operations.imports.imported import Imported


def completed(agent: Imported, there: Imported) -> Imported:
    """`agent` with the settings of what runs, `there`, wherever the file says nothing.

    Where both say something the file is right, and the difference is named. The image is not taken: with the file
    comes the project that the next one is built from.
    """
    running = {setting.name: getattr(there.settings, setting.name) for setting in fields(there.settings)}
    image = running.pop("image")
    said = {name: getattr(agent.settings, name) for name in running}
    merged = {name: _merged(said[name], value) for name, value in running.items()}
    news = list(_differences(said, running))
    if image:
        news.append(f"the image that runs, {image}: the next deploy builds one of the project here")
    lines = tuple(f"{agent.name}: {line}" for line in news)
    return replace(
        agent,
        settings=replace(agent.settings, **merged),
        left_out=(*agent.left_out, *there.left_out, *lines),
        policies=there.policies,
    )


def _merged(said: Any, running: Any) -> Any:
    if isinstance(said, dict) and isinstance(running, dict):
        return running | said
    return said or running


def _differences(said: dict[str, Any], running: dict[str, Any]) -> Iterator[str]:
    """A line for each setting that the next deploy changes. Values of variables are nobody's to read."""
    for name, value in said.items():
        if not value or not running[name]:
            continue
        if isinstance(value, dict):
            for key in sorted(value.keys() & running[name].keys()):
                if value[key] != running[name][key]:
                    yield f"{name}.{key}: the file says another value than what runs has; the next deploy sets it"
        elif _comparable(value) != _comparable(running[name]):
            yield f"{name}: the file says {value}, what runs has {running[name]}; the next deploy makes it the file's"


def _comparable(value: Any) -> Any:
    return sorted(value) if isinstance(value, tuple) else value
