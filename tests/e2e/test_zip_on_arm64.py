"""A zip of code as AgentCore runs it: unpacked to /var/task of an ARM64 system, started by the Python there."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker
import pytest

from agentcore_cli.builders.zip import start as code_start
from agentcore_cli.config import Start
from tests.command_line import CommandLine
from tests.stage.base_image import REPOSITORY, TAG
from tests.stage.machine import Machine
from tests.stage.registry import PUBLIC

TASK = "/var/task"
SAYS = """\
import json, os, platform
import markupsafe._speedups
from beside import answer
print(json.dumps([platform.machine(), os.path.dirname(markupsafe.__file__), os.getcwd(), answer]))
"""
PROJECTS = {
    "a script": ("handler.py", {"handler.py": SAYS, "beside.py": "answer = 42\n"}),
    "src": (
        "src/bot/main.py",
        {
            "src/bot/__init__.py": "",
            "src/bot/beside.py": "answer = 42\n",
            "src/bot/main.py": SAYS.replace("from beside", "from bot.beside"),
        },
    ),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("entrypoint", "files"), PROJECTS.values(), ids=PROJECTS.keys())
def test_its_entry_point_runs_there(stage: Machine, tmp_path: Path, entrypoint: str, files: Mapping[str, str]) -> None:
    command = CommandLine(tmp_path / "project", {"AGENTCORE_HOME": str(tmp_path / "home")})
    for name, content in {**files, "requirements.txt": "markupsafe\n"}.items():
        (command.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (command.folder / name).write_text(content)
    command.run("configure", "--entrypoint", entrypoint, "--name", "bot", "--no-check")
    command.run("build", "--build", "zip", "--output", "../code.zip")
    start = Start.of(entrypoint, "HTTP", command.folder)
    entry_point = code_start.of(start.argv, start.path, otel=False, launches=False).entry_point
    assert run(tmp_path / "code.zip", entry_point) == ["aarch64", f"{TASK}/markupsafe", TASK, 42]


def run(archive: Path, entry_point: tuple[str, ...]) -> Any:
    """What the entry point prints. The account is none that the image knows, and may write nothing."""
    client = docker.from_env()
    try:
        image = client.images.pull(f"{PUBLIC}/{REPOSITORY}", TAG, platform="linux/arm64")
        container = client.containers.create(
            image,
            ["python3", *entry_point],
            platform="linux/arm64",
            working_dir=TASK,
            user="993:990",
            environment={"PYTHONPATH": TASK},
        )
        try:
            container.put_archive("/", unpacked(archive))
            container.start()
            code = container.wait()["StatusCode"]
            told = container.logs().decode()
        finally:
            container.remove(force=True)
    finally:
        client.close()
    assert code == 0, told
    return json.loads(told)


def unpacked(archive: Path) -> bytes:
    """A tar of what is in the zip, below /var/task, with the modes of the zip, owned by root."""
    stream = io.BytesIO()
    with zipfile.ZipFile(archive) as source, tarfile.open(fileobj=stream, mode="w") as tar:
        for item in source.infolist():
            header = tarfile.TarInfo(f"{TASK[1:]}/{item.filename}")
            header.mode, header.size = item.external_attr >> 16 & 0o777, item.file_size
            header.type = tarfile.DIRTYPE if item.is_dir() else tarfile.REGTYPE
            tar.addfile(header, io.BytesIO(source.read(item)))
    return stream.getvalue()
