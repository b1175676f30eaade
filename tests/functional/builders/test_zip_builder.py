"""The zip of an agent's code: what is in it, that it is the same everywhere, that it starts as AgentCore starts it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.builders.source.finished_zip import FinishedZip
from agentcore_cli.builders.zip import archive as code_archive
from agentcore_cli.builders.zip.builder import ZipBuilder
from agentcore_cli.builders.zip.inputs import CodeProject
from agentcore_cli.config import Start
from agentcore_cli.errors import AgentcoreError, EntrypointError, InputError
from agentcore_cli.launcher.references import VARIABLE
from tests.fakes.wheel import make_wheel
from tests.functional.builders.test_packages import ARM64, X86, elf

PYTHON = "3.13"
SAYS = """\
import json, os, sys
import {module}
print(json.dumps([sys.argv, sys.path, os.getcwd(), __name__, __package__, {module}.answer]))
"""
BUILD = """\
import sys
from pathlib import Path
from agentcore_cli.builders.zip.inputs import CodeProject
from agentcore_cli.builders.zip.builder import ZipBuilder
class Work:
    def tell(self, message): pass
    def stopping(self): return False
root, cache = map(Path, sys.argv[1:])
project = CodeProject(root, ("handler.py",), Path("handler.py"), "3.13", "requirements.txt")
print(ZipBuilder(project, cache / "packages", cache / "archives").build(Work()).digest)
"""


@dataclass
class Work:
    told: list[str] = field(default_factory=list)
    stops: bool = False

    def tell(self, message: str) -> None:
        self.told.append(message)

    def show(self, line: str) -> None:
        self.told.append(line)

    def stopping(self) -> bool:
        return self.stops

    def pause(self, seconds: float) -> None:
        """Nobody who waits here waits for time."""


@dataclass
class Project:
    root: Path
    cache: Path

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def require(self, *lines: str) -> None:
        """Packages that are looked for among the wheels beside the project alone."""
        wheels = self.root.parent / "wheels"
        self.write({"requirements.txt": "\n".join(["--no-index", f"--find-links {wheels}", *lines, ""])})

    def wheel(self, name: str, **options: Any) -> None:
        (self.root.parent / "wheels").mkdir(exist_ok=True)
        make_wheel(self.root.parent / "wheels", name, **options)

    def builder(self, entrypoint: str = "handler.py", *, python: str = PYTHON, **options: Any) -> ZipBuilder:
        start = Start.of(entrypoint, "HTTP", self.root)
        requirements = "requirements.txt" if (self.root / "requirements.txt").exists() else None
        project = CodeProject(self.root, start.argv, start.file, python, requirements, path=start.path, **options)
        return ZipBuilder(project, self.cache / "packages", self.cache / "archives")

    def build(self, entrypoint: str = "handler.py", **options: Any) -> FinishedZip:
        return self.builder(entrypoint, **options).build(Work())

    def names(self, built: FinishedZip | None = None) -> list[str]:
        with zipfile.ZipFile((built or self.build()).path) as archive:
            return archive.namelist()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project", tmp_path / "cache")
    made.write({"handler.py": "print(1)\n"})
    return made


def unpacked(built: FinishedZip, folder: Path) -> Path:
    """As AgentCore does it: with the modes of the zip."""
    with zipfile.ZipFile(built.path) as archive:
        archive.extractall(folder)
        for item in archive.infolist():
            (folder / item.filename).chmod(item.external_attr >> 16 & 0o777)
    return folder


def started(folder: Path, entry_point: tuple[str, ...], **environment: str) -> subprocess.CompletedProcess[str]:
    """The entry point as AgentCore starts it: the file by Python, by OpenTelemetry's program where that is named."""
    program = [sys.executable, str(folder / "bin" / entry_point[0])] if len(entry_point) == 2 else []
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    command = [*program, sys.executable, entry_point[-1]]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=60, check=False)


def said(folder: Path, entry_point: tuple[str, ...], **environment: str) -> Any:
    done = started(folder, entry_point, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_code_and_packages_lie_side_by_side_at_the_root(project: Project) -> None:
    project.wheel("tool", more={"tool-1.0.data/scripts/tool": b"#!python\nprint(1)\n"})
    project.require("tool")
    project.write({"bot/run.sh": "true\n", "data/x.txt": "x"})
    (project.root / "bot" / "run.sh").chmod(0o700)
    (project.root / "data" / "x.txt").chmod(0o600)
    (project.root / "empty").mkdir()
    built = project.build()
    with zipfile.ZipFile(built.path) as archive:
        modes = {item.filename: stat.S_IMODE(item.external_attr >> 16) for item in archive.infolist()}
        assert {item.date_time for item in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert {"tool.py", "handler.py", "bot/run.sh", "data/x.txt", "empty/", "bin/tool"} < modes.keys()
    assert {name for name, mode in modes.items() if mode == 0o755} == {"bot/run.sh", "empty/", "bin/tool"}
    assert set(modes.values()) == {0o644, 0o755}
    assert not [name for name in modes if name.endswith(".pyc") or "__pycache__" in name]
    assert built.digest.startswith("sha256:")
    assert built.zipped == built.path.stat().st_size


def test_the_zip_is_the_same_on_another_machine(project: Project, tmp_path: Path) -> None:
    """Another user's folders and cache, umask, time zone, locale, order of files and hash seed."""
    project.wheel("tool", more={"tool-1.0.data/scripts/tool": b"#!python\nprint(1)\n"})
    project.require("tool")
    project.write({f"pkg/m{number}.py": f"x = {number}\n" for number in range(20)})
    here = project.build().digest
    other = Project(tmp_path / "of somebody else", tmp_path / "their cache")
    for path in sorted(project.root.rglob("*.*"), reverse=True):
        other.write({str(path.relative_to(project.root)): path.read_bytes()})
        (other.root / path.relative_to(project.root)).chmod(0o600)
    away = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7", "HOME": str(tmp_path), "PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(other.root), str(other.cache)],
        env={**os.environ, **away},
        umask=0o077,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == here


def test_one_changed_line_packs_no_package_anew(project: Project) -> None:
    project.wheel("tool")
    project.require("tool")
    first = project.build()
    (kept,) = (project.cache / "archives").glob("*.packages")
    before = kept.stat()
    project.write({"handler.py": "print(2)\n"})
    second = project.build()
    assert second.path != first.path
    assert (kept.stat().st_ino, kept.stat().st_size) == (before.st_ino, before.st_size)
    assert project.names(second) == project.names(first)
    with zipfile.ZipFile(second.path) as archive:
        assert archive.testzip() is None
        assert archive.read("handler.py") == b"print(2)\n"


def test_the_same_inputs_are_packed_once(project: Project) -> None:
    first = project.build()
    work = Work()
    assert project.builder().build(work) == first
    assert work.told == []


@pytest.mark.parametrize(
    "change",
    [
        lambda project: project.write({"handler.py": "print(2)\n"}),
        lambda project: project.write({"more.py": ""}),
        lambda project: (project.root / "handler.py").chmod(0o755),
        lambda project: project.write({"other.txt": "tool\n"}),
    ],
    ids=["content", "file", "mode", "file-of-a-requirements-file"],
)
def test_whatever_goes_in_is_in_the_tag(project: Project, change: Any) -> None:
    project.write({"other.txt": "", "requirements.txt": "-r other.txt\n"})
    before = project.builder().tag
    change(project)
    assert project.builder().tag != before


def test_what_starts_the_agent_is_in_the_tag(project: Project) -> None:
    project.write({"bot/__init__.py": "", "bot/main.py": "from . import other\n", "bot/other.py": ""})
    tags = {
        project.builder().tag,
        project.builder(python="3.12").tag,
        project.builder(launches=True).tag,
        project.builder("-m bot.main").tag,
    }
    assert len(tags) == 4


def test_the_agents_own_file_counts_where_a_package_has_one_of_its_name(project: Project) -> None:
    project.wheel("tool", more={"README.md": b"theirs"})
    project.require("tool")
    project.write({"tool.py": "answer = 1\n", "README.md": "ours"})
    built = project.build()
    assert len(project.names(built)) == len(set(project.names(built)))
    with zipfile.ZipFile(built.path) as archive:
        assert (archive.read("tool.py"), archive.read("README.md")) == (b"answer = 1\n", b"ours")


# How it starts.


def test_a_script_at_the_root_is_the_entry_point_itself(project: Project, tmp_path: Path) -> None:
    project.wheel("tool")
    project.require("tool")
    project.write({"handler.py": SAYS.format(module="tool")})
    builder = project.builder()
    assert builder.project.started.entry_point == ("handler.py",)
    folder = unpacked(builder.build(Work()), tmp_path / "task")
    assert said(folder, ("handler.py",))[5] == 42


@pytest.mark.parametrize(
    ("entrypoint", "files", "name", "package"),
    [
        ("app/handler.py", {"app/handler.py": SAYS.format(module="tool")}, "__main__", None),
        ("-m bot.main", {"bot/__init__.py": "", "bot/main.py": SAYS.format(module="tool")}, "__main__", "bot"),
        (
            "src/bot/main.py",
            {
                "src/bot/__init__.py": "",
                "src/bot/other.py": "answer = 42\n",
                "src/bot/main.py": "import tool\n" + SAYS.format(module="bot.other"),
            },
            "__main__",
            "bot",
        ),
    ],
    ids=["folder", "module", "src"],
)
def test_anything_else_is_started_by_a_file_that_is_added(
    project: Project, tmp_path: Path, entrypoint: str, files: dict[str, str], name: str, package: str | None
) -> None:
    project.wheel("tool")
    project.require("tool")
    project.write(files)
    builder = project.builder(entrypoint)
    assert builder.project.started.entry_point == ("agentcore_start.py",)
    folder = unpacked(builder.build(Work()), tmp_path / "task")
    argv, path, cwd, *names, answer = said(folder, ("agentcore_start.py",))
    assert (names, answer) == ([name, package], 42)
    assert (Path(argv[0]).is_relative_to(folder) or argv[0].startswith("app/"), cwd) == (True, str(folder))
    assert str(folder) in path


def test_module_and_application_are_served_by_uvicorn(project: Project, tmp_path: Path) -> None:
    fake = "import sys\nprint(__import__('json').dumps(sys.argv[1:]))\n"
    project.wheel("uvicorn", more={"uvicorn/__init__.py": b"", "uvicorn/__main__.py": fake.encode()})
    project.require("uvicorn")
    project.write({"server.py": "app = None\n"})
    folder = unpacked(project.build("server:app"), tmp_path / "task")
    assert said(folder, ("agentcore_start.py",)) == ["server:app", "--host", "0.0.0.0", "--port", "8080"]
    project.require()
    with pytest.raises(InputError, match=r"served by uvicorn, which requirements\.txt does not install"):
        project.build("server:app")


OTEL = b"#!python\nimport os, sys\nos.environ['OTEL_SEEN'] = '1'\nos.execv(sys.argv[1], sys.argv[1:])\n"


@pytest.fixture
def instrumented(project: Project) -> Project:
    """With a program of OpenTelemetry's name among the packages; the distribution itself is what `otel` asks for."""
    scripts = {"aws_opentelemetry_distro-0.18.0.data/scripts/opentelemetry-instrument": OTEL}
    project.wheel("aws_opentelemetry_distro", version="0.18.0", more=scripts)
    project.require()
    project.write({"handler.py": "import os\nprint('\"seen ' + os.environ['OTEL_SEEN'] + '\"')\n"})
    return project


def test_otel_is_the_first_word_of_the_entry_point(instrumented: Project, tmp_path: Path) -> None:
    builder = instrumented.builder(otel=True)
    assert builder.project.started.entry_point == ("opentelemetry-instrument", "handler.py")
    folder = unpacked(builder.build(Work()), tmp_path / "task")
    assert said(folder, builder.project.started.entry_point) == "seen 1"


def test_secrets_come_before_otel_and_the_agent(instrumented: Project, tmp_path: Path) -> None:
    builder = instrumented.builder(otel=True, launches=True)
    assert builder.project.started.entry_point == ("agentcore_start.py",)
    folder = unpacked(builder.build(Work()), tmp_path / "task")
    assert said(folder, ("agentcore_start.py",)) == "seen 1"
    failed = started(folder, ("agentcore_start.py",), **{VARIABLE: "no JSON"})
    assert failed.returncode == 1
    assert f"agentcore: {VARIABLE} is not as `agentcore deploy` sets it" in failed.stderr


def test_folders_of_pythonpath_come_first(project: Project, tmp_path: Path) -> None:
    project.write(
        {
            "bot/__init__.py": "",
            "bot/main.py": SAYS.format(module="tool"),
            "lib/tool.py": "answer = 7\n",
            "tool.py": "answer = 1\n",
        }
    )
    folder = unpacked(project.build("-m bot.main"), tmp_path / "task")
    assert said(folder, ("agentcore_start.py",), PYTHONPATH=f"{folder}/lib:{folder}")[5] == 1  # -m: the folder itself
    assert said(folder, ("agentcore_start.py",), PYTHONPATH=f"{folder}/lib:{folder}")[1][1] == f"{folder}/lib"


# What is refused.


def test_an_entrypoint_that_is_left_out_is_an_error(project: Project) -> None:
    project.write({".dockerignore": "*.py\n"})
    with pytest.raises(EntrypointError, match=r"handler\.py: the entrypoint is not among the agent's files"):
        project.build()


def test_a_file_in_the_way_of_an_added_one_is_an_error(project: Project) -> None:
    project.write({"app/handler.py": "", "agentcore_start.py": ""})
    with pytest.raises(InputError, match=r"agentcore_start\.py: has the name of a file that deploy adds"):
        project.build("app/handler.py")
    project.build()  # not added where it is not needed


@pytest.mark.parametrize("python", ["3.10", "3.11"])
def test_a_python_that_agentcore_takes_no_more_is_an_error(project: Project, python: str) -> None:
    with pytest.raises(InputError, match="since 2026-08-31") as caught:
        project.build(python=python)
    assert "build: docker" in (caught.value.hint or "")


@pytest.mark.parametrize("python", ["3.12", "3.13", "3.14"])
def test_the_others_are_taken(project: Project, python: str) -> None:
    assert project.names(project.build(python=python)) == ["handler.py"]


def test_native_code_of_another_processor_is_named(project: Project) -> None:
    project.write({"bin/helper": elf(62)})
    with pytest.raises(InputError, match=r"bin/helper: native code for x86-64") as caught:
        project.build()
    assert ".dockerignore" in (caught.value.hint or "")
    project.write({"bin/helper": elf(183)})
    assert "bin/helper" in project.names()


def test_a_package_for_any_platform_that_brings_it_is_named(project: Project) -> None:
    project.wheel("tool", more={"tool_bin/x86.so": elf(62), "tool_bin/arm.so": elf(183)})
    project.require("tool")
    with pytest.raises(InputError, match=r"tool_bin/x86\.so of tool==1\.0 is native code for x86-64") as caught:
        project.build()
    assert "build: docker" in (caught.value.hint or "")
    assert list((project.cache / "archives").iterdir()) == []


def test_what_would_have_to_be_compiled_names_the_ways_out(project: Project) -> None:
    project.wheel("fast", tag=X86.replace(X86.split("-")[0], "cp313"))
    project.require("fast")
    with pytest.raises(InputError, match="no arm64 wheel for fast") as caught:
        project.build()
    hint = caught.value.hint or ""
    assert "`build: docker` with `install: image`" in hint


def test_wheels_for_arm64_are_taken_up_to_the_glibc_of_agentcores_system(project: Project) -> None:
    arm64 = ARM64.replace(ARM64.split("-")[0], "cp313")
    project.wheel("near", tag=arm64.replace("2_28", "2_34"))
    project.wheel("far", tag=arm64.replace("2_28", "2_35"))
    project.require("near")
    assert "near.py" in project.names()
    project.require("far")
    with pytest.raises(InputError, match="no arm64 wheel for far"):
        project.build()


def test_more_than_agentcore_unpacks_names_the_largest(project: Project) -> None:
    installed = project.cache / "packages" / "there"
    for name, size in (("torch/lib.so", 700), ("numpy/core.so", 60), ("small/x.py", 0)):
        (installed / name).parent.mkdir(parents=True)
        with (installed / name).open("wb") as file:
            file.truncate(size * 1024**2)
    with pytest.raises(InputError) as caught:
        code_archive.build(project.cache, project.builder().inputs, installed, lambda: False)
    assert "760.0 MB unpacked, and AgentCore takes 750.0 MB" in caught.value.message
    assert "torch (700.0 MB), numpy (60.0 MB)" in caught.value.message


@pytest.mark.long
def test_more_than_agentcore_takes_as_a_zip_is_refused(project: Project) -> None:
    project.write({"data/weights.bin": os.urandom(251 * 1024**2)})
    with pytest.raises(InputError, match=r"251\.\d MB as a zip, and AgentCore takes 250\.0 MB.*data \(251\.0 MB\)"):
        project.build()
    assert list((project.cache / "archives").iterdir()) == []


def test_interrupted_it_leaves_nothing(project: Project) -> None:
    with pytest.raises(AgentcoreError, match="interrupted"):
        project.builder().build(Work(stops=True))
    assert list((project.cache / "archives").iterdir()) == []


def test_a_file_that_changes_meanwhile_is_an_error(project: Project) -> None:
    builder = project.builder()
    assert builder.tag
    project.write({"handler.py": "print(2)\n"})
    with pytest.raises(AgentcoreError, match=r"handler\.py: changed while it was being packed"):
        builder.build(Work())
    assert list((project.cache / "archives").iterdir()) == []


def test_the_largest_files_and_a_copy(project: Project, tmp_path: Path) -> None:
    project.wheel("tool", content="#" * 5000)
    project.require("tool")
    project.write({"big.txt": "x" * 9000})
    builder = project.builder()
    saved = builder.save(Work(), tmp_path / "agent.zip")
    assert (tmp_path / "agent.zip").read_bytes() == saved.path.read_bytes()
    assert builder.largest(2) == [("big.txt", 9000), ("tool.py", 5000)]
