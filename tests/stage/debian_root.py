"""A root file system for another processor, made from Debian's own packages: nothing of it is run while it is made.

apt resolves against an empty dpkg status, in folders of its own, with the host's sources turned to the wanted suite;
the packages are unpacked over each other. What their maintainer scripts would do is done here, as far as Python needs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.environments import find_python

SUITE: Final = "trixie"
PYTHON: Final = "3.13"  # the suite's
PACKAGES: Final = (
    *("base-files", "base-passwd", "coreutils", "dash", "grep", "passwd", "sed", "tar"),
    *("ca-certificates", "libc-bin", "libstdc++6", "netbase", "tzdata"),
    *("python3", "python3-minimal", "libpython3-stdlib", "python3-pip", "python3-venv"),
)
EXCLUDED: Final = (
    *(f"./usr/share/{folder}/*" for folder in ("doc", "man", "locale", "info", "lintian", "bash-completion", "perl*")),
    *(f"./usr/lib/*/{folder}" for folder in ("gconv/*", "perl*")),
)
_CONFIGURATION = """\
APT::Architecture "{architecture}"; APT::Architectures {{ "{architecture}"; }};
Dir::State "{root}"; Dir::State::status "{root}/status"; Dir::State::lists "{root}/lists";
Dir::Cache "{root}/cache"; Dir::Cache::archives "{root}/archives";
Dir::Etc::sourcelist "{root}/none"; Dir::Etc::sourceparts "{root}/sources"; Dir::Etc::preferencesparts "{root}/none.d";
APT::Install-Recommends "false"; APT::Sandbox::User "root"; Acquire::Languages "none"; Debug::NoLocking "true";
"""


def make_root(root: Path, work: Path, architecture: str) -> None:
    """Fill the folder `root`; `work` is a folder for what is needed on the way."""
    packages = _download(work, architecture)
    for folder in ("bin", "sbin", "lib"):  # Debian's merged /usr; tar must find the links there
        (root / "usr" / folder).mkdir(parents=True)
        (root / folder).symlink_to(f"usr/{folder}")
    for package in packages:
        _unpack(package, root)
    _finish(root)
    _compile(root)


def _download(work: Path, architecture: str) -> list[Path]:
    for folder in ("lists/partial", "archives/partial", "sources", "cache", "none.d"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()
    for source in _host_sources():
        (work / "sources" / source.name).write_text(_for_suite(source.read_text()))
    configuration = work / "apt.conf"
    configuration.write_text(_CONFIGURATION.format(architecture=architecture, root=work))
    environment = {**os.environ, "APT_CONFIG": str(configuration), "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-qq", "-y", "--download-only", *PACKAGES]):
        subprocess.run(["apt-get", *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)
    return sorted((work / "archives").glob("*.deb"))


def _host_sources() -> Iterator[Path]:
    """Where this machine's Debian packages come from."""
    folder = Path("/etc/apt")
    for path in (folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))):
        if path.is_file() and re.search(rf"\b{_host_suite()}\b", path.read_text()) and "debian" in path.read_text():
            yield path


def _host_suite() -> str:
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return release.get("VERSION_CODENAME", "").strip('"')


def _for_suite(sources: str) -> str:
    return re.sub(rf"(?<![\w-]){_host_suite()}\b", SUITE, sources)


def _unpack(package: Path, root: Path) -> None:
    archive = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE)
    excluded = [f"--exclude={pattern}" for pattern in EXCLUDED]
    unpack: list[str | Path] = ["tar", "-x", "-C", root, "--keep-directory-symlink", "--no-same-owner", *excluded]
    subprocess.run(unpack, stdin=archive.stdout, check=True)
    assert archive.stdout
    archive.stdout.close()
    if archive.wait():
        raise RuntimeError(f"{package.name} can't be unpacked")


def _finish(root: Path) -> None:
    """Accounts, certificates, a shell, a `python`, and the folders that every system has."""
    shutil.copy(root / "usr/share/base-passwd/passwd.master", root / "etc/passwd")
    shutil.copy(root / "usr/share/base-passwd/group.master", root / "etc/group")
    # What this host trusts: where TLS goes through a proxy with its own authority, pip in the image needs it too.
    (root / "etc/ssl/certs").mkdir(parents=True, exist_ok=True)
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", root / "etc/ssl/certs/ca-certificates.crt")
    (root / "usr/bin/sh").unlink(missing_ok=True)
    (root / "usr/bin/sh").symlink_to("dash")
    (root / "usr/bin/python").symlink_to("python3")
    for marker in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):  # pip may install, as in Docker's Python images
        marker.unlink()
    for folder in ("root", "home", "tmp", "run", "proc", "sys", "dev", "var/tmp"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for folder in ("tmp", "var/tmp"):
        (root / folder).chmod(0o1777)
    shutil.rmtree(root / "var/cache", ignore_errors=True)


def _compile(root: Path) -> None:
    """Compile the standard library, as python3's own script does; here by this machine's Python of that version.

    Without such a Python it stays as it is, and an emulated interpreter takes ten seconds more to start.
    """
    try:
        python = find_python(PYTHON)
    except LookupError:
        return
    folders = [root / f"usr/lib/python{PYTHON}", root / "usr/lib/python3/dist-packages"]
    options: list[str | Path] = ["-q", "-j0", "--invalidation-mode", "unchecked-hash", "-s", root]
    subprocess.run([python, "-m", "compileall", *options, *folders], stdout=subprocess.DEVNULL, check=False)
