"""What an installation gets of the deployer's environment."""

from __future__ import annotations

from pathlib import Path

from agentcore_cli.builders.packages.surroundings import of_installer


def test_secrets_stay_and_the_way_to_an_index_is_passed_on(tmp_path: Path) -> None:
    user = tmp_path / "user"
    user.mkdir()
    (user / ".netrc").touch()
    environ = {
        "HOME": str(user),
        "PATH": "/bin",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUt",
        "GITHUB_TOKEN": "ghp",
        "PYTHONPATH": "/x",
        "UV_INDEX_INTERNAL_PASSWORD": "of the index",
        "UV_PYTHON": "3.9",
        "PIP_INDEX_URL": "https://index.example/simple",
        "https_proxy": "http://proxy:3128",
        "SSL_CERT_FILE": "/certificates.pem",
    }
    assert of_installer(environ, tmp_path / "own") == {
        "HOME": str(tmp_path / "own"),
        "PATH": "/bin",
        "UV_INDEX_INTERNAL_PASSWORD": "of the index",
        "PIP_INDEX_URL": "https://index.example/simple",
        "https_proxy": "http://proxy:3128",
        "SSL_CERT_FILE": "/certificates.pem",
        "NETRC": str(user / ".netrc"),
        "UV_CACHE_DIR": str(user / ".cache" / "uv"),
    }


def test_what_was_named_wins_over_where_it_would_be(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "UV_CACHE_DIR": "/cache", "NETRC": "/netrc"}
    made = of_installer(environ, tmp_path / "own")
    assert (made["UV_CACHE_DIR"], made["NETRC"]) == ("/cache", "/netrc")


def test_without_a_home_the_cache_of_uv_is_in_the_one_that_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for user in (tmp_path / "file" / "below", Path("/", "x" * 300)):
        assert "NETRC" not in of_installer({"HOME": str(user)}, tmp_path / "own")
    assert "UV_CACHE_DIR" not in of_installer({"HOME": str(tmp_path / "file" / "below")}, tmp_path / "own")
