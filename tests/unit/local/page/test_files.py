"""The page's files: small, ours, and nothing else of the folder's surroundings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agentcore_cli.files import templates
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.page.files import PageFiles

SIZE_MAX = 150_000  # bytes, uncompressed
FOLDER = templates() / "page"


def test_all_of_it_is_small() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert {"index.html", "open.html"} <= {path.name for path in files}
    assert sum(path.stat().st_size for path in files) < SIZE_MAX


def test_it_names_no_other_place() -> None:
    for path in FOLDER.rglob("*.*"):
        elsewhere = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text()) if path.is_file() else []
        assert [address for address in elsewhere if "www.w3.org" not in address] == [], path  # a namespace of XML


def test_every_file_is_served_by_its_name() -> None:
    served = PageFiles()
    for path in FOLDER.rglob("*.*"):
        if path.is_file():
            status, headers, body = served.serve([*path.relative_to(FOLDER).parts], b"")
            assert (status, body) == (200, path.read_bytes())
            assert dict(headers)["content-type"].startswith(("text/", "image/"))


def test_the_page_and_its_entrance(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("index")
    (tmp_path / "open.html").write_text("open")
    files = PageFiles(tmp_path)
    assert files.serve([], b"")[2] == b"index"
    assert files.serve(["open"], b"")[2] == b"open"


def test_a_browser_that_has_it_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    files = PageFiles(tmp_path)
    tag = dict(files.serve(["a.js"], b"")[1])["etag"]
    assert files.serve(["a.js"], tag.encode())[::2] == (304, b"")
    assert files.serve(["a.js"], b'"other"')[0] == 200


@pytest.mark.parametrize(
    "name", [["..", "secret.js"], ["../secret.js"], ["/secret.js"], ["sub/b.js"], [""] * 3, ["notes"]]
)
def test_what_is_beside_is_not_served(tmp_path: Path, name: list[str]) -> None:
    folder = tmp_path / "page"
    (folder / "sub").mkdir(parents=True)
    for path in (tmp_path / "secret.js", folder / "notes", folder / "sub" / "b.js"):
        path.write_text("x")
    with pytest.raises(ServiceFault):
        PageFiles(folder).serve(name, b"")
