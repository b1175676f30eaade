"""Which files are the agent's, and when their hash changes."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from agentcore_cli.builders.source import source
from agentcore_cli.errors import InputError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, "handler.py", "print(1)")
    return tmp_path


def write(root: Path, name: str, content: str = "x") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def names(root: Path) -> set[str]:
    return set(source.read(root).entries)


@pytest.mark.parametrize("name", ["docs/a.py", "build/a.py", "env/a.py", "venv/a.py", "dist/a.py", "lib/keys.py"])
def test_folders_of_any_name_belong_to_the_agent(root: Path, name: str) -> None:
    write(root, name)
    assert name in names(root)


def test_what_an_editor_keeps_beside_an_open_file_is_out(root: Path) -> None:
    for name in ("#handler.py#", "handler.py~", ".handler.py.swp", "deep/.handler.py.swo"):
        write(root, name)
    (root / ".#handler.py").symlink_to("me@machine.1234:5678")  # Emacs' lock
    assert names(root) == {"handler.py", "deep"}


@pytest.mark.parametrize(
    "name",
    [
        ".git/HEAD",
        ".agentcore/local.json",
        ".agentcore.yaml",
        ".venv/a",
        "a/__pycache__/b.pyc",
        "old.pyc",
        "Dockerfile",
        ".env",
        ".env.local",
        "deep/.env",
        "key.pem",
        "deep/id_rsa",
        ".aws/credentials",
        ".ssh/config",
        ".netrc",
    ],
)
def test_what_no_agent_needs_and_what_looks_like_a_secret_is_out(root: Path, name: str) -> None:
    write(root, name)
    assert names(root) - {"a", "deep"} == {"handler.py"}


def test_a_virtual_environment_is_known_by_its_config(root: Path) -> None:
    write(root, "env/pyvenv.cfg")
    write(root, "env/lib/a.py")
    assert names(root) == {"handler.py"}


def test_secrets_are_named_and_come_in_when_a_line_names_them(root: Path) -> None:
    write(root, "certs/ca.pem")
    write(root, ".env.local")
    write(root, ".git/config")
    assert source.read(root).secrets == (".env.local", "certs/ca.pem")
    write(root, ".dockerignore", "!certs/ca.pem\n!.env.local\n!.git/config\n")
    read = source.read(root)
    assert set(read.entries) == {"handler.py", "certs/ca.pem", ".env.local", ".git/config"}
    assert read.secrets == ()


LOOK_SECRET = [
    *(
        ".env",
        ".ENV",
        ".Env.Production",
        ".env.local",
        "prod.env",
        ".envrc",
        "secrets.json",
        "Secrets.JSON",
        "token.json",
        "terraform.tfstate",
        "terraform.tfstate.backup",
        "prod.tfvars",
        "signing.asc",
        "kubeconfig",
        ".dockerconfigjson",
        "application_default_credentials.json",
        "id_rsa",
        "ID_ED25519",
        "cert.P12",
        "deep/er/.netrc",
        ".aws/config",
        "client_secret_1.json",
        "service_account.json",
        "credentials.csv",
    ),
    *(),
    *(),
]
LOOK_HARMLESS = [
    *(
        ".env.example",
        ".env.sample",
        ".ENV.Template",
        "environment.py",
        "tokenizer.json",
        "id_utils.py",
        "secrets.py",
    ),
]


@pytest.mark.parametrize("name", LOOK_SECRET)
def test_what_looks_like_a_secret_whatever_its_case(root: Path, name: str) -> None:
    write(root, name)
    read = source.read(root)
    assert name not in read.entries
    assert [name.startswith(secret) for secret in read.secrets] == [True]


@pytest.mark.parametrize("name", LOOK_HARMLESS)
def test_what_only_sounds_like_one_goes_along(root: Path, name: str) -> None:
    write(root, name)
    assert name in source.read(root).entries


@pytest.mark.parametrize("lines", ["*\n!src\n", "*\n!**\n", "!*\n"], ids=repr)
def test_taking_back_everything_around_a_secret_does_not_take_it_in(root: Path, lines: str) -> None:
    write(root, "src/.env")
    write(root, "src/a.py")
    write(root, ".dockerignore", lines)
    assert "src/a.py" in names(root)
    assert "src/.env" not in names(root)


def test_the_users_ignore_file_is_heeded(root: Path) -> None:
    write(root, ".dockerignore", "data\n!data/keep.txt\n")
    write(root, "data/big.bin")
    write(root, "data/keep.txt")
    assert names(root) == {"handler.py", "data/keep.txt"}


def test_empty_folders_belong_too(root: Path) -> None:
    (root / "uploads").mkdir()
    assert names(root) == {"handler.py", "uploads"}


def test_the_hash_is_of_names_modes_and_contents_and_not_of_times(root: Path) -> None:
    first = source.read(root).digest
    os.utime(root / "handler.py", (0, 0))
    assert source.read(root).digest == first
    (root / "handler.py").chmod(0o600)
    assert source.read(root).digest == first
    (root / "handler.py").chmod(0o755)
    executable = source.read(root).digest
    write(root, "handler.py", "print(2)")
    changed = source.read(root).digest
    (root / "handler.py").rename(root / "other.py")
    assert len({first, executable, changed, source.read(root).digest}) == 4


def test_the_hash_does_not_depend_on_where_the_folder_is(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    write(other, "handler.py", "print(1)")
    assert source.read(root).digest == source.read(other).digest


def test_a_link_inside_the_folder_is_followed(root: Path) -> None:
    write(root, "lib/a.py")
    (root / "alias").symlink_to("lib")
    assert names(root) == {"handler.py", "lib/a.py", "alias/a.py"}


def socket_at(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


BAD = [
    pytest.param(lambda path: path.symlink_to("/etc/hostname"), "leaves the folder", id="link-out"),
    pytest.param(lambda path: path.symlink_to("nowhere"), "not there", id="broken-link"),
    pytest.param(lambda path: path.symlink_to("."), "leads back", id="link-to-itself"),
    pytest.param(os.mkfifo, "a named pipe", id="pipe"),
    pytest.param(socket_at, "a socket", id="socket"),
]


@pytest.mark.parametrize(("make", "why"), BAD)
def test_what_cannot_be_packed_is_named(root: Path, make: object, why: str) -> None:
    make(root / "odd")  # type: ignore[operator]
    with pytest.raises(InputError, match=f"odd: .*{why}"):
        source.read(root)
    write(root, ".dockerignore", "odd\n")
    assert names(root) == {"handler.py"}


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir])
def test_a_name_that_is_no_utf_8_is_refused(root: Path, make: Callable[[Path], None]) -> None:
    make(root / os.fsdecode(b"caf\xe9"))
    with pytest.raises(InputError, match=r"'caf\\udce9': the name is not UTF-8"):
        source.read(root)
    write(root, ".dockerignore", "caf*\n")
    assert names(root) == {"handler.py"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_cannot_be_read_is_named(root: Path) -> None:
    write(root, "private").chmod(0)
    with pytest.raises(InputError, match="private: can't be read") as caught:
        source.read(root)
    assert (caught.value.hint or "").startswith("chmod u+rX private, or add a line private to .dockerignore")
    (root / "private").unlink()
    (root / "folder").mkdir(mode=0)
    with pytest.raises(InputError, match="folder: can't be read"):
        source.read(root)


def test_too_much_is_refused_with_the_largest_files(root: Path) -> None:
    for name, size in (("model.bin", 800 * 1024**2), ("small.bin", 1024)):
        with write(root, name).open("wb") as file:
            file.truncate(size)
    with pytest.raises(InputError, match=r"above 750 MB; the largest: model.bin \(800 MB\)"):
        source.read(root)
