"""One zip, named by what went in."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from pathlib import Path

import pytest

from agentcore_cli.builders.bundles import bundle
from agentcore_cli.builders.bundles.bundle import BundleInputs
from agentcore_cli.builders.bundles.mounts import StorageMount
from agentcore_cli.builders.packages.environment import Environment
from agentcore_cli.builders.source import source
from agentcore_cli.errors import AgentcoreError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "empty").mkdir(parents=True)
    (root / "handler.py").write_text("print(1)")
    (root / "run.sh").write_text("true")
    (root / "run.sh").chmod(0o700)
    return root


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    environment = Environment("e" * 32, tmp_path / "environments" / ("e" * 32))
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    return environment


def inputs(root: Path, environment: Environment, start: tuple[str, ...] = ("handler.py",)) -> BundleInputs:
    return BundleInputs(source.read(root), environment.key, "3.13.0", start)


def test_the_zip_holds_the_files_with_their_modes(root: Path, environment: Environment, tmp_path: Path) -> None:
    built = bundle.build(tmp_path / "artifacts", inputs(root, environment), environment)
    assert built.path.name == f"{built.digest}.zip"
    with zipfile.ZipFile(built.path) as archive:
        modes = {item.filename: stat.S_IMODE(item.external_attr >> 16) for item in archive.infolist()}
        assert archive.read("handler.py") == b"print(1)"
    assert modes == {"empty/": 0o755, "handler.py": 0o644, "run.sh": 0o755}


def test_the_sidecar_names_the_interpreter(root: Path, environment: Environment, tmp_path: Path) -> None:
    built = bundle.build(tmp_path / "artifacts", inputs(root, environment), environment)
    sidecar = json.loads(built.path.with_suffix(".json").read_text())
    assert sidecar["interpreter"] == str(environment.python)
    assert sidecar["environment"] == str(environment.path)
    assert sidecar["python"] == "3.13"


def test_equal_inputs_make_equal_bytes(root: Path, environment: Environment, tmp_path: Path) -> None:
    first = bundle.build(tmp_path / "a", inputs(root, environment), environment)
    os.utime(root / "handler.py", (0, 0))
    second = bundle.build(tmp_path / "b", inputs(root, environment), environment)
    assert first.digest == second.digest
    assert first.path.read_bytes() == second.path.read_bytes()


def test_every_input_has_a_part_in_the_name(root: Path, environment: Environment) -> None:
    one = inputs(root, environment)
    others = [
        BundleInputs(one.source, "f" * 32, one.python, one.start),
        BundleInputs(one.source, one.environment, "3.12.1", one.start),
        BundleInputs(one.source, one.environment, one.python, ("other.py",)),
        BundleInputs(one.source, one.environment, one.python, one.start, (StorageMount("/srv", writable=False),)),
        BundleInputs(one.source, one.environment, one.python, one.start, (StorageMount("/srv", writable=True),)),
    ]
    (root / "handler.py").write_text("print(2)")
    others.append(inputs(root, environment))
    assert len({one.digest, *(other.digest for other in others)}) == 7


def test_a_bundle_is_found_only_while_it_is_whole(root: Path, environment: Environment, tmp_path: Path) -> None:
    folder = tmp_path / "artifacts"
    built = bundle.build(folder, inputs(root, environment), environment)
    assert bundle.find(folder, built.digest) == built
    environment.python.unlink()
    assert bundle.find(folder, built.digest) is None
    environment.python.touch()
    built.path.unlink()
    assert bundle.find(folder, built.digest) is None


def test_a_file_that_changes_meanwhile_is_noticed_and_nothing_is_left(
    root: Path, environment: Environment, tmp_path: Path
) -> None:
    before = inputs(root, environment)
    (root / "handler.py").write_text("print(2)")
    with pytest.raises(AgentcoreError, match=r"handler.py: changed while"):
        bundle.build(tmp_path / "artifacts", before, environment)
    assert list((tmp_path / "artifacts").glob("*.zip")) == []
    assert list((tmp_path / "artifacts").glob(".bundle-*")) == []
