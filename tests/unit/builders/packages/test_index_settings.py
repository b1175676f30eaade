"""What people set for pip, in the words of uv."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentcore_cli.builders.packages.index_settings import check, described, described_limits, described_ways, for_uv
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.errors import InputError

KEYRING = "UV_KEYRING_PROVIDER"
INDEX = "https://reader:s3cret@pkgs.example.com/simple"


@pytest.fixture
def alone(tmp_path: Path) -> dict[str, str]:
    """An environment in which this machine has no settings."""
    conf = tmp_path / "pip.conf"
    conf.write_text("[global]\nindex-url =\nextra-index-url =\nfind-links =\ncert =\n")
    return {"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(conf), "XDG_CONFIG_DIRS": str(tmp_path)}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, {}),
        ({"PIP_INDEX_URL": INDEX}, {"UV_DEFAULT_INDEX": INDEX}),
        (
            {"PIP_EXTRA_INDEX_URL": f"{INDEX} https://b.example.com"},
            {"UV_INDEX": f"{INDEX} https://b.example.com", "UV_INDEX_STRATEGY": "unsafe-first-match"},
        ),
        ({"PIP_INDEX_URL": INDEX, "UV_DEFAULT_INDEX": "https://u.example.com"}, {}),
        ({"PIP_FIND_LINKS": "/a https://b.example.com/c"}, {"UV_FIND_LINKS": "/a,https://b.example.com/c"}),
        ({"PIP_NO_INDEX": "1"}, {"UV_NO_INDEX": "1"}),
        ({"PIP_NO_INDEX": "0"}, {}),
        (
            {"PIP_CONSTRAINT": "/a.txt https://b.example.com/c.txt"},
            {"UV_CONSTRAINT": "/a.txt https://b.example.com/c.txt"},
        ),
        ({"PIP_CONSTRAINT": "c.txt"}, {"UV_CONSTRAINT": os.path.abspath("c.txt")}),
        ({"PIP_CONSTRAINT": "/a.txt", "UV_CONSTRAINT": "/b.txt"}, {}),
        ({"PIP_TRUSTED_HOST": "a.example.com b.example.com"}, {"UV_INSECURE_HOST": "a.example.com b.example.com"}),
        ({"PIP_CERT": __file__}, {"SSL_CERT_FILE": __file__}),
        ({"REQUESTS_CA_BUNDLE": __file__}, {"SSL_CERT_FILE": __file__}),
        ({"REQUESTS_CA_BUNDLE": __file__, "SSL_CERT_FILE": "/own.pem"}, {}),
        ({"PIP_CERT": __file__, "REQUESTS_CA_BUNDLE": "/other.pem"}, {"SSL_CERT_FILE": __file__}),
        ({"PIP_CLIENT_CERT": "/me.pem"}, {"SSL_CLIENT_CERT": "/me.pem"}),
        (
            {"PIP_PROXY": "proxy.example.com:3128"},
            {"HTTP_PROXY": "http://proxy.example.com:3128", "HTTPS_PROXY": "http://proxy.example.com:3128"},
        ),
        ({"PIP_PROXY": "http://p:1", "https_proxy": "http://own:1"}, {"HTTP_PROXY": "http://p:1"}),
    ],
)
def test_variables(said: dict[str, str], expected: dict[str, str], alone: dict[str, str], tmp_path: Path) -> None:
    assert for_uv(alone | said, tmp_path) == expected


def test_files_are_read_in_pip_s_order(alone: dict[str, str], tmp_path: Path) -> None:
    def write(name: str, text: str) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    del alone["PIP_CONFIG_FILE"]
    alone["VIRTUAL_ENV"] = str(tmp_path / "venv")
    for name in (".pip/pip.conf", ".config/pip/pip.conf", "venv/pip.conf", "chosen.conf"):
        write(name, f"[global]\nindex-url = https://global.example.com\n[install]\nindex_url = https://{name}\n")
        environ = alone | ({"PIP_CONFIG_FILE": str(tmp_path / name)} if name == "chosen.conf" else {})
        assert for_uv(environ, tmp_path)["UV_DEFAULT_INDEX"] == f"https://{name}"
    assert for_uv(alone | {"PIP_INDEX_URL": INDEX}, tmp_path)["UV_DEFAULT_INDEX"] == INDEX


@pytest.mark.parametrize("text", ["no section = 1\n", "\x00", "[global]\nindex-url\n"])
def test_a_file_that_is_none_says_nothing(text: str, alone: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text(text)
    (tmp_path / ".pip").mkdir()
    assert "UV_DEFAULT_INDEX" not in for_uv(alone, tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[[tool.uv.index]]\nurl = "https://own.example.com"\n'),
        ("uv.toml", 'index-url = "https://own.example.com"\n'),
        (".config/uv/uv.toml", '[pip]\nindex-url = "https://own.example.com"\n'),
    ],
)
def test_what_uv_was_told_goes_before(name: str, text: str, alone: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)
    (tmp_path / "sub").mkdir()
    assert for_uv(alone | {"PIP_INDEX_URL": INDEX}, tmp_path / "sub") == {}


def test_the_index_of_a_requirements_file_goes_before(alone: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("--index-url https://own.example.com\nkit\n")
    assert for_uv(alone | {"PIP_INDEX_URL": INDEX}, tmp_path, [tmp_path / "r.txt"]) == {}


def test_they_are_told_by_name_alone(alone: dict[str, str]) -> None:
    assert described(alone | {"PIP_INDEX_URL": INDEX, "UV_INDEX": INDEX}) == "pip's index-url, UV_INDEX"


def test_the_way_to_packages_is_told_with_what_is_not_there(alone: dict[str, str]) -> None:
    said = {"PIP_CERT": "/no/ca.pem", "PIP_PROXY": INDEX, "REQUESTS_CA_BUNDLE": __file__, "https_proxy": INDEX}
    expected = "pip's cert (there is no such file), pip's proxy, REQUESTS_CA_BUNDLE, https_proxy"
    assert described_ways(alone | said) == expected
    assert described_ways(alone) == ""


def test_a_keyring_is_told_as_what_is_not_asked(alone: dict[str, str]) -> None:
    for said, name in (({"PIP_KEYRING_PROVIDER": "subprocess"}, "pip's keyring-provider"), ({KEYRING: "x"}, KEYRING)):
        assert described_ways(alone | said) == f"{name} (no keyring is asked here: put user and password into ~/.netrc)"


def test_constraints_are_told_by_name_and_decide_what_is_installed(
    alone: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "limits.txt"
    file.write_text("humanize<4\n")
    assert described_limits(alone) == ""
    assert described_limits(alone | {"PIP_CONSTRAINT": str(file)}) == "pip's constraint"
    assert described_limits(alone | {"UV_CONSTRAINT": str(file)}) == "UV_CONSTRAINT"
    (tmp_path / "requirements.txt").write_text("humanize\n")
    digests = [Requirements(tmp_path, "requirements.txt").digest()]
    monkeypatch.setenv("PIP_CONSTRAINT", str(file))
    digests.append(Requirements(tmp_path, "requirements.txt").digest())
    file.write_text("humanize<3\n")
    digests.append(Requirements(tmp_path, "requirements.txt").digest())
    assert len(set(digests)) == 3


POETRY = """
[[tool.poetry.source]]
name = "acme-internal"
url = "https://pkgs.example.com/simple"
[[tool.poetry.source]]
name = "open"
url = "https://open.example.com/simple"
"""
OF_POETRY = "https://me%40acme:p%2Fss@pkgs.example.com/simple"


def test_credentials_of_poetry_s_sources_reach_uv(alone: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(POETRY)
    start = "POETRY_HTTP_BASIC_ACME_INTERNAL"
    said = {f"{start}_USERNAME": "me@acme", f"{start}_PASSWORD": "p/ss"}
    assert for_uv(alone | said, tmp_path) == {"UV_INDEX": OF_POETRY}
    assert for_uv(alone | said | {"UV_INDEX": INDEX}, tmp_path) == {"UV_INDEX": f"{OF_POETRY} {INDEX}"}
    assert for_uv(alone | said | {"PIP_EXTRA_INDEX_URL": INDEX}, tmp_path)["UV_INDEX"] == f"{OF_POETRY} {INDEX}"
    assert for_uv(alone, tmp_path) == {}
    assert described(alone | said) == f"{start}_USERNAME"


def test_those_that_poetry_keeps_in_a_file_do_too(alone: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(POETRY)
    (tmp_path / "poetry").mkdir()
    (tmp_path / "poetry" / "auth.toml").write_text(
        '[http-basic.acme-internal]\nusername = "me@acme"\npassword = "p/ss"\n'
    )
    chosen = alone | {"POETRY_CONFIG_DIR": str(tmp_path / "poetry")}
    assert for_uv(chosen, tmp_path) == {"UV_INDEX": OF_POETRY}


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "UV_INDEX", "PIP_PROXY", "https_proxy"])
def test_a_password_that_hides_the_host_is_refused_without_it(name: str, alone: dict[str, str], tmp_path: Path) -> None:
    check(alone | {name: INDEX}, tmp_path)
    with pytest.raises(InputError, match=f"{name}: the password in an address has") as refused:
        check(alone | {name: "https://me:s3c/ret@pkgs.example.com/simple"}, tmp_path)
    assert "s3c" not in str(refused.value)


@pytest.mark.parametrize("name", ["uv.toml", "pip.conf"])
def test_so_is_one_in_a_file(name: str, alone: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / name).write_text('[global]\nindex-url = "https://me:s3c/ret@pkgs.example.com/simple"\n')
    with pytest.raises(InputError, match=f"{name}:2: the password"):
        check(alone, tmp_path)
