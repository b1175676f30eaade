"""Images that are made here: the same bytes on every machine, what a Dockerfile of one's own makes, and archives."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.errors import AgentcoreError, InputError
from tests.environments import agent_environment, find_python
from tests.fakes.registry_proxy import RegistryProxy
from tests.functional.oci.conftest import PASSWD, Yard

REPOSITORY = Path(__file__).parents[3]
OTHER_MACHINE = """
import os, sys, time
os.umask(int(sys.argv[3], 8))
from pathlib import Path
from tests.functional.oci.conftest import SIGN_IN, Yard
yard = Yard(Path(sys.argv[1]), sys.argv[2], sign_in=SIGN_IN)
built = yard.builder(attests=True, requirements="requirements.txt").build(yard.work)
yard.builder(attests=True, requirements="requirements.txt").save(yard.work, Path(sys.argv[1]) / "image.tar")
print(built.digest)
"""


def listed(yard: Yard, digest: str) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(yard.blobs.path(digest)) as tar:
        return {member.name: member for member in tar}


def config_of(yard: Yard, **settings: Any) -> Any:
    return json.loads(yard.blobs.read(yard.build(**settings).config.digest))


def build_elsewhere(
    folder: Path, host: str, umask: str, environment: Mapping[str, str], interpreter: str | Path = sys.executable
) -> str:
    command = [interpreter, "-c", OTHER_MACHINE, str(folder), host, umask]
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PATH", "UV", "PIP", "SSL", "HOME"))}
    ran = subprocess.run(
        command, cwd=REPOSITORY, env={**kept, **environment}, capture_output=True, text=True, check=True
    )
    return ran.stdout.strip()


def test_another_machine_makes_the_same_bytes(yard: Yard, tmp_path: Path) -> None:
    """Umask, time zone, locale, hash seed, folders, order, times and rights of files differ."""
    (yard.root / "requirements.txt").write_text("six==1.17.0\n")
    names = [f"part{number}/ü{number}.py" for number in range(40)]
    for number, name in enumerate(names):
        (yard.root / name).parent.mkdir()
        (yard.root / name).write_text(f"number = {number}\n")
    (yard.root / "start.sh").write_text("true\n")
    (yard.root / "start.sh").chmod(0o755)
    other = tmp_path / "another machine"
    for name in random.Random(1).sample(names, len(names)):
        (other / "project" / name).parent.mkdir(parents=True, mode=0o700)
        shutil.copy(yard.root / name, other / "project" / name)
        (other / "project" / name).chmod(0o600)
        os.utime(other / "project" / name, (1, 1))
    for name, mode in (("main.py", 0o600), ("requirements.txt", 0o666), ("start.sh", 0o700)):
        shutil.copy(yard.root / name, other / "project" / name)
        (other / "project" / name).chmod(mode)
    digests = {
        build_elsewhere(tmp_path, yard.host, "022", {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}),
        build_elsewhere(other, yard.host, "077", {"TZ": "Asia/Kolkata", "LC_ALL": "C", "PYTHONHASHSEED": "77"}),
    }
    assert len(digests) == 1
    assert (tmp_path / "image.tar").read_bytes() == (other / "image.tar").read_bytes()


def python_of(version: str) -> str:
    try:
        return find_python(version)
    except LookupError as error:
        pytest.skip(str(error))


def tool_environment(version: str) -> Path:
    """A Python that has what the tool needs, and what this program imports."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    try:
        return agent_environment(*project["dependencies"], "pytest", "bcrypt", "cryptography", python=version)
    except LookupError as error:
        pytest.skip(str(error))


@pytest.mark.long
def test_another_python_of_the_tool_makes_the_same_bytes(yard: Yard, tmp_path: Path) -> None:
    """Each finds the agent's Python, which compiles the packages."""
    (yard.root / "requirements.txt").write_text("six==1.17.0\n")
    agents = {"PATH": f"{Path(python_of('3.13')).parent}:{os.environ['PATH']}"}
    ours = build_elsewhere(tmp_path, yard.host, "022", agents)
    for version in ("3.11", "3.12", "3.13"):
        other = tmp_path / version
        shutil.copytree(yard.root, other / "project")
        assert build_elsewhere(other, yard.host, "022", agents, tool_environment(version)) == ours, version
        assert (other / "image.tar").read_bytes() == (tmp_path / "image.tar").read_bytes(), version


def test_everybody_may_read_it_and_the_agent_s_account_owns_it(yard: Yard) -> None:
    (yard.root / "main.py").chmod(0o600)
    (yard.root / "run.sh").write_text("")
    (yard.root / "run.sh").chmod(0o700)
    files = listed(yard, yard.build().added[-1].digest)
    assert {name: (oct(m.mode), m.uid, m.gid) for name, m in files.items()} == {
        "app": ("0o755", 10001, 10001),
        "app/main.py": ("0o644", 10001, 10001),
        "app/run.sh": ("0o755", 10001, 10001),
    }


OWN = """\
ARG BASE
FROM --platform=linux/arm64 $BASE AS only
ARG PLACE=/srv/there
ENV PATH=/more:$PATH GREETING="hello  there" PLACE=${PLACE:-/nowhere}
WORKDIR $PLACE
WORKDIR below
COPY *.py lib ./
COPY --chown=agent:staff main.py /tmp/given.py
COPY ["main.py", "/usr/bin/run it"]
COPY --chmod=0750 main.py /opt/run
LABEL kind=own "two words"=yes
EXPOSE 9000 53/udp
USER agent
ENTRYPOINT ["python", "-m"]
CMD main
"""


def test_a_dockerfile_of_one_s_own(yard: Yard) -> None:
    (yard.root / "lib").mkdir()
    (yard.root / "lib" / "inner.txt").write_text("x")
    (yard.root / "Dockerfile").write_text(OWN)
    settings = {"build_args": {"BASE": f"{yard.host}/base/python:3.13", "PLACE": "/srv/other"}}
    document = config_of(yard, **settings)
    assert document["config"] == {
        "Env": ["PATH=/more:/usr/bin", "LANG=C.UTF-8", "GREETING=hello  there", "PLACE=/srv/other"],
        "Cmd": ["/bin/sh", "-c", "main"],
        "Entrypoint": ["python", "-m"],
        "Labels": {"of": "base", "kind": "own", "two words": "yes", "by": "us"},
        "WorkingDir": "/srv/other/below",
        "ExposedPorts": {"9000/tcp": {}, "53/udp": {}},
        "User": "agent",
    }
    built = yard.build(**settings)
    assert len(document["rootfs"]["diff_ids"]) == len(built.layers) == 7
    files = {name: member for layer in built.added for name, member in listed(yard, layer.digest).items()}
    assert "srv/other/below/inner.txt" in files
    assert (files["tmp"].mode, files["tmp/given.py"].uid, files["tmp/given.py"].gid) == (0o1777, 123, 50)
    assert files["usr/bin/run it"].uid == 0
    assert (files["opt/run"].mode, files["opt/run"].isfile()) == (0o750, True)


ODD = """\
ARG WHICH=base
ARG UNUSED
FROM $HOST/${WHICH}/python:3.13
ARG WHICH OTHER=${WHICH:-none} UNUSED
LABEL which=$WHICH other=$OTHER unnamed="$TARGETARCH$UNUSED"
ARG TARGETARCH
ENV\tARCH=$TARGETARCH
ENV OLD\tthe old  form
EXPOSE 9000-9002 53/UDP
WORKDIR //srv//agent/
COPY --chmod=640 main.py below/it/
"""


def test_a_dockerfile_with_what_is_seldom_seen(yard: Yard) -> None:
    (yard.root / "Dockerfile").write_text(ODD.replace("$HOST", yard.host) + "CMD python main.py\n")
    built = yard.build()
    config = json.loads(yard.blobs.read(built.config.digest))["config"]
    labels = {"which": "base", "other": "base", "unnamed": ""}
    assert config["Labels"] == {"of": "base", "by": "us", **labels}
    assert config["Env"][2:] == ["ARCH=arm64", "OLD=the old  form"]
    assert sorted(config["ExposedPorts"]) == ["53/udp", "9000/tcp", "9001/tcp", "9002/tcp"]
    assert config["WorkingDir"] == "/srv/agent"
    files = listed(yard, built.added[-1].digest)
    assert (files["srv/agent/below/it/main.py"].mode, files["srv/agent/below/it"].mode) == (0o640, 0o755)
    assert files["srv/agent/below"].mode == 0o755


def test_a_name_that_would_remove_a_file_is_refused(yard: Yard) -> None:
    (yard.root / "data").mkdir()
    (yard.root / "data" / ".wh.main.py").write_text("x")
    with pytest.raises(InputError, match=r"data/\.wh\.main\.py: in an image's layer .* removes a file"):
        yard.build()


def test_names_that_no_other_tool_likes_are_kept(yard: Yard) -> None:
    names = ["two\nlines", "na\u00efve \U0001f40d", "n" * 250, " blank ", "-rf", "#x", "a\\b"]
    for name in names:
        (yard.root / name).write_text(name if name.isascii() else "x")
    deep = yard.root / "/".join(["d" * 100] * 5)
    deep.mkdir(parents=True)
    (deep / "file").write_text("x")
    os.link(deep / "file", yard.root / "linked")
    files = listed(yard, yard.build().added[-1].digest)
    assert {f"app/{name}" for name in names} <= files.keys()
    assert f"app/{'/'.join(['d' * 100] * 5)}/file" in files
    assert files["app/linked"].isfile()


FAULTS = {
    "a RUN": ("RUN true", "line 2: RUN"),
    "a source that is not there": ("COPY nothing /x", "line 2: COPY: nothing: not among the files"),
    "a pattern that finds nothing": ("COPY *.txt /x/", "nothing among the files that go along"),
    "several into one": ("COPY main.py two.py /x", "several files go to one"),
    "another stage": ("COPY --from=other /a /b", "--from another image"),
    "a user that is not there": ("COPY --chown=nobody main.py /x", "the base image has no user nobody"),
    "a group that is not there": ("COPY --chown=0:nobody main.py /x", "the base image has no group nobody"),
    "a mode in letters": ("COPY --chmod=u+x main.py /x", "a number is taken here"),
    "out of the project": ("COPY ../secret /x", "not among the files that go along"),
    "a port that is none": ("EXPOSE 80a", "80a: a port is a number"),
    "a port beyond all": ("EXPOSE 9-70000", "ports are from 1 to 65535"),
    "an old form without a value": ("ENV NAME", "NAME has no value"),
    "an unknown option": ("COPY --parents main.py /x", "--parents is not known here"),
}


@pytest.mark.parametrize(("line", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_what_can_t_be_done_is_told_with_its_line(yard: Yard, line: str, message: str) -> None:
    (yard.root / "two.py").write_text("")
    (yard.root / "Dockerfile").write_text(f"FROM {yard.host}/base/python:3.13\n{line}\nCMD python main.py\n")
    with pytest.raises(InputError, match=message) as caught:
        yard.build()
    assert caught.value.hint


@pytest.mark.parametrize("platform", ["linux/amd64", "windows/arm64"])
def test_an_image_for_another_processor_is_refused(yard: Yard, platform: str) -> None:
    (yard.root / "Dockerfile").write_text(
        f"FROM --platform={platform} {yard.host}/base/python:3.13\nCMD python main.py\n"
    )
    with pytest.raises(InputError, match="AgentCore runs linux/arm64 only"):
        yard.build()


def test_what_was_built_is_found_again_without_a_registry(yard: Yard, proxy: RegistryProxy) -> None:
    first = yard.build()
    asked = len(proxy.seen)
    assert yard.build() == first
    assert len(proxy.seen) == asked
    (yard.root / "main.py").write_text("answer = 2\n")
    second = yard.build()
    assert (second.below, second.digest == first.digest) == (first.below, False)


def test_an_archive_holds_all_of_it(yard: Yard, tmp_path: Path) -> None:
    built = yard.builder().save(yard.work, tmp_path / "image.tar")
    with tarfile.open(tmp_path / "image.tar") as tar:
        names = tar.getnames()
        index = json.load(tar.extractfile("index.json"))  # type: ignore[arg-type]
        (docker,) = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
    assert index["manifests"][0]["digest"] == built.digest
    assert set(docker["Layers"]) | {docker["Config"]} <= set(names)
    assert names[:3] == ["oci-layout", "index.json", "manifest.json"]
    assert {oct((tmp_path / "image.tar").stat().st_mode & 0o777)} == {"0o644"}


def test_an_archive_is_whole_or_not_there(yard: Yard, tmp_path: Path) -> None:
    yard.build()
    yard.work.stops = True
    with pytest.raises(AgentcoreError, match="interrupted"):
        yard.builder().save(yard.work, tmp_path / "image.tar")
    assert [path.name for path in tmp_path.iterdir() if "image" in path.name] == []


def test_an_image_on_nothing(yard: Yard) -> None:
    built = yard.build(base_image="scratch")
    assert (built.below, built.base) == ((), None)


def test_the_largest_files_are_named(yard: Yard) -> None:
    (yard.root / "large.bin").write_bytes(bytes(5000))
    yard.build()
    assert yard.builder().largest(1) == [("/app/large.bin", 5000)]
    assert PASSWD  # the base's files are not ours to name


def test_a_store_keeps_what_is_used_and_forgets_the_rest(yard: Yard) -> None:
    first = yard.build()
    (yard.root / "main.py").write_text("answer = 2\n")
    second = yard.build()
    for path in yard.blobs.root.glob("*/*"):
        os.utime(path, (1, 1))
    assert yard.build() == second
    (yard.root / "main.py").write_text("answer = 3\n")
    yard.build()
    kept = {path.name for path in (yard.blobs.root / "sha256").iterdir()}
    assert first.added[-1].digest.removeprefix("sha256:") not in kept
    assert second.added[-1].digest.removeprefix("sha256:") in kept


@pytest.mark.long
def test_one_that_is_above_2_gb_is_refused(yard: Yard) -> None:
    with (yard.root / "huge.bin").open("wb") as file:
        file.truncate(2 * 1024**3 - 100)
    with pytest.raises(InputError, match="AgentCore takes 2 GB"):
        replace(yard).build()
