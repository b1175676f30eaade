"""A build backend runs a stranger's code at installation: it finds no secret of the deployer and no HOME with keys."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from agentcore_cli.builders.packages import environment, interpreters
from agentcore_cli.builders.packages.requirements import Requirements

SECRET = "of the deployer alone"
VARIABLES = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    *("AGENTCORE_BEARER_TOKEN", "AGENTCORE_HOME", "SSH_AUTH_SOCK", "SSH_AGENT_PID", "DOCKER_HOST", "KUBECONFIG"),
    *("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GITHUB_TOKEN", "GH_TOKEN", "NPM_TOKEN", "TWINE_PASSWORD", "DATABASE_URL"),
)
BACKEND = """
import json, os, pathlib, sys
sys.path.insert(0, {repository!r})
from tests.fakes.wheel import make_wheel

def build_wheel(folder, settings=None, metadata=None):
    home = pathlib.Path.home()
    seen = {{
        'variables': dict(os.environ), 'home': str(home),
        'in home': [str(path) for path in home.rglob('*')],
        'credentials': (home / '.aws' / 'credentials').exists(),
        'session': os.getsid(0), 'stdin': os.path.realpath('/proc/self/fd/0'),
    }}
    try:
        os.close(os.open('/dev/tty', os.O_RDWR))
        seen['terminal'] = True
    except OSError:
        seen['terminal'] = False
    pathlib.Path({report!r}).write_text(json.dumps(seen))
    return make_wheel(pathlib.Path(folder), 'hostile').name
"""


def test_a_build_backend_finds_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, report, package = tmp_path / "home", tmp_path / "report.json", tmp_path / "project" / "hostile"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "credentials").write_text(SECRET)
    monkeypatch.setenv("HOME", str(home))
    for name in VARIABLES:
        monkeypatch.setenv(name, SECRET)
    package.mkdir(parents=True)
    (package / "backend.py").write_text(BACKEND.format(repository=str(Path(__file__).parents[2]), report=str(report)))
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "hostile"\nversion = "1.0"\n'
    )
    (package.parent / "requirements.txt").write_text("./hostile\n")
    environment.build(
        tmp_path / "environments",
        Requirements(package.parent, "requirements.txt"),
        interpreters.find(f"3.{sys.version_info[1]}"),
        tell=lambda line: None,
        stopping=lambda: False,
    )
    seen = json.loads(report.read_text())
    assert SECRET not in seen["variables"].values()
    assert not [name for name in seen["variables"] if name.startswith("AWS_") and name != "AWS_CA_BUNDLE"]
    assert not [name for name in seen["variables"] if name.startswith(("AGENTCORE_", "SSH_"))]
    assert seen["home"] != str(home)
    assert not Path(seen["home"]).exists(), "it went with the installation"
    assert (seen["in home"], seen["credentials"]) == ([], False)
    assert (seen["terminal"], seen["stdin"], seen["session"] == os.getsid(0)) == (False, os.devnull, False)
