"""What the layers of an image add up to, as far as folders, links and accounts go."""

from __future__ import annotations

import gzip
import io
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from agentcore_cli.builders.images.context import Folder
from agentcore_cli.builders.oci.root import BaseRoot
from agentcore_cli.errors import InputError

Member = tuple[str, bytes | None, str]


def plain(content: bytes) -> bytes:
    return content


PACKED: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstandard.compress, "plain": plain}


def layer(folder: Path, *members: Member, packed: str = "gzip") -> tuple[str, Path]:
    """Members are a name, its content (None: a folder) and where it leads as a link."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for name, content, link in members:
            header = tarfile.TarInfo(name)
            header.mode = 0o1777 if name == "tmp" else 0o755
            header.type = tarfile.SYMTYPE if link else tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            header.linkname, header.size = link, len(content or b"")
            tar.addfile(header, io.BytesIO(content or b""))
    path = folder / f"layer{len(list(folder.iterdir()))}"
    half = len(raw.getvalue()) // 2
    parts = (raw.getvalue()[:half], raw.getvalue()[half:])  # two members, as ours and eStargz layers have them
    path.write_bytes(b"".join(map(PACKED[packed], parts)))
    return path.name, path


@pytest.mark.parametrize("packed", PACKED)
def test_folders_keep_their_modes_and_links_are_followed(tmp_path: Path, packed: str) -> None:
    members: list[Member] = [("tmp", None, ""), ("usr/bin", None, ""), ("bin", b"", "usr/bin"), ("up", b"", "../usr")]
    root = BaseRoot.of_layers([layer(tmp_path, *members, packed=packed)])
    assert root.folders["tmp"] == Folder(0o1777, 0, 0, 0)
    assert [root.place(path) for path in ("/bin/x", "up/lib", "/tmp/./y/../z", "/")] == [
        "usr/bin/x",
        "usr/lib",
        "tmp/z",
        "",
    ]


def test_a_later_layer_takes_away(tmp_path: Path) -> None:
    first = layer(
        tmp_path, ("a/b", None, ""), ("c/d", None, ""), ("c", None, ""), ("e", b"", "a"), ("etc/passwd", b"x:x:1:1", "")
    )
    second = layer(
        tmp_path, (".wh.a", b"", ""), ("c/.wh..wh..opq", b"", ""), ("e", None, ""), ("etc/.wh.passwd", b"", "")
    )
    root = BaseRoot.of_layers([first, second])
    assert ("a/b" in root.folders, "c/d" in root.folders, "c" in root.folders) == (False, False, True)
    assert (root.links, "e" in root.folders, root.accounts) == ({}, True, {})


def test_names_of_accounts(tmp_path: Path) -> None:
    passwd = b"root:x:0:0:::\nagent:x:123:45:::\nbroken\n"
    root = BaseRoot.of_layers([layer(tmp_path, ("etc/passwd", passwd, ""), ("etc/group", b"staff:x:50:\n", ""))])
    assert [root.number(name, "etc/passwd") for name in ("agent", "nobody")] == [123, None]
    assert (root.number("staff", "etc/group"), root.group_of(123), root.group_of(9)) == (50, 45, None)


def test_it_is_written_down_and_read_again(tmp_path: Path) -> None:
    import json

    root = BaseRoot.of_layers([layer(tmp_path, ("a", None, ""), ("b", b"", "a"), ("f", b"12345", ""))])
    assert BaseRoot.of_note(json.loads(json.dumps(root.note()))) == root
    assert root.size == 5


@pytest.mark.parametrize("content", [b"\x28\xb5\x2f\xfd" + b"x" * 600, b"\x1f\x8bbroken", b"no tar at all" * 60])
def test_a_layer_that_can_t_be_read_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "layer").write_bytes(content)
    with pytest.raises(InputError, match="the base image's layer sha256:1 can't be read here") as caught:
        BaseRoot.of_layers([("sha256:1", tmp_path / "layer")])
    assert "--build docker" in (caught.value.hint or "")


def test_zstd_that_nothing_here_reads_is_told_with_what_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("compression.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match="is compressed with zstd") as caught:
        BaseRoot.of_layers([layer(tmp_path, ("a", None, ""), packed="zstd")])
    assert "zstandard" in (caught.value.hint or "")


def test_links_in_a_circle_are_told() -> None:
    with pytest.raises(InputError, match="links without an end"):
        BaseRoot(links={"a": "b", "b": "a"}).place("/a/x")
