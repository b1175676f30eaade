from __future__ import annotations

import io
from pathlib import Path

import pytest

from agentcore_cli.errors import InputError
from agentcore_cli.operations.invoke.bearer import is_exposed, read_bearer


def test_a_token_comes_from_where_it_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    environ = {"AGENTCORE_BEARER_TOKEN": "from-variable"}
    assert read_bearer(None, {}) is None
    assert read_bearer(None, environ) == "from-variable"
    assert read_bearer("literal", environ) == "literal"
    assert read_bearer("Bearer literal", {}) == "literal"
    assert read_bearer("-", environ, io.StringIO("from-stdin\n")) == "from-stdin"
    assert read_bearer(f"@{tmp_path / 'token'}", environ) == "from-file"


@pytest.mark.parametrize("argument", ["", "bearer ", "two secret-words", "secret\x1b", "sécret", "x" * 70_000])
def test_what_is_no_token_is_refused_and_not_repeated(argument: str) -> None:
    with pytest.raises(InputError) as caught:
        read_bearer(argument, {})
    assert "secret" not in caught.value.message + (caught.value.hint or "")


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"\n"])
def test_a_file_without_a_token_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=str(path)):
        read_bearer(f"@{path}", {})


@pytest.mark.parametrize(("argument", "exposed"), [(None, False), ("-", False), ("@f", False), ("eyJ", True)])
def test_only_a_literal_token_is_seen_by_others(argument: str | None, exposed: bool) -> None:
    assert is_exposed(argument) is exposed
