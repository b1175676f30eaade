"""The templates are in the wheel, and what is installed from it finds them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[4]
RENDER = """
import agentcore_cli, pathlib, sys
from agentcore_cli import rendering
assert pathlib.Path(agentcore_cli.__file__).is_relative_to(sys.argv[1]), agentcore_cli.__file__
print(rendering.dockerfile(rendering.ImageRecipe("bot", "example.com/python", ("handler.py",), 8080)))
print(rendering.render("project/session/agent.py.j2", agent="bot"))
"""


def test_a_wheel_has_every_template_and_renders(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("agentcore_toolkit-*.whl")
    templates = {path.relative_to(ROOT).as_posix() for path in (ROOT / "templates").rglob("*") if path.is_file()}
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if name.startswith("agentcore_cli/templates/")}
        archive.extractall(installed)
    assert {f"agentcore_cli/{name}" for name in templates} == shipped
    done = subprocess.run(
        [sys.executable, "-c", RENDER, str(installed)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "FROM --platform=linux/arm64 example.com/python" in done.stdout
    assert "app = BedrockAgentCoreApp()" in done.stdout
