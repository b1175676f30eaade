"""What people set for pip, in the words of uv."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.builders.index_settings import described, for_uv

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
        ({"PIP_TRUSTED_HOST": "a.example.com b.example.com"}, {"UV_INSECURE_HOST": "a.example.com b.example.com"}),
        ({"PIP_CERT": __file__}, {"SSL_CERT_FILE": __file__}),
        ({"REQUESTS_CA_BUNDLE": __file__}, {"SSL_CERT_FILE": __file__}),
        ({"REQUESTS_CA_BUNDLE": __file__, "SSL_CERT_FILE": "/own.pem"}, {}),
        ({"PIP_CERT": __file__, "REQUESTS_CA_BUNDLE": "/other.pem"}, {"SSL_CERT_FILE": __file__}),
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
