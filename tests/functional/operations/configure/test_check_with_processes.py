"""Where the entrypoint check asks uv what requirements lead to."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.config import Start
from agentcore_cli.errors import EntrypointError
from agentcore_cli.operations.check import Subject, check_entrypoint

SERVER = '\nserve(host="0.0.0.0", port=8080)\n'


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch, uv_settings: Path) -> None:
    monkeypatch.setenv("UV_CONFIG_FILE", str(uv_settings))


def check(root: Path, code: str, requirements: str) -> tuple[str, ...]:
    (root / "handler.py").write_text(code + SERVER)
    (root / "requirements.txt").write_text(requirements)
    return check_entrypoint(Subject(root, Start.of("handler.py", "HTTP", root), "3.13", "requirements.txt"), {})


def test_what_requirements_lead_to_is_there(tmp_path: Path) -> None:
    assert check(tmp_path, "import httpx_mock\nfrom uvicorn import run as serve", "bedrock-agentcore\n") == ()


def test_what_they_do_not_lead_to_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(EntrypointError) as caught:
        check(tmp_path, "import redis\nfrom uvicorn import run as serve", "bedrock-agentcore\n")
    assert caught.value.message == "handler.py:1: no requirement provides redis: add redis to requirements.txt"


def test_what_any_of_them_might_bring_is_a_doubt_and_no_stranger_is_advised(tmp_path: Path) -> None:
    (warning,) = check(tmp_path, "import whatever\nfrom uvicorn import run as serve", "bedrock-agentcore\n")
    start = "handler.py:1: can't tell which requirement provides whatever; if none: "
    assert warning == f"{start}add the package that has it to requirements.txt"


def test_a_package_may_be_imported_by_another_name_than_its_own(tmp_path: Path) -> None:
    warnings = check(tmp_path, "from acme import serve", "acme-sdk\n")
    assert warnings[-1].startswith("handler.py:1: can't tell which requirement provides acme; if none: add the package")


def test_what_uv_can_t_resolve_is_a_doubt(tmp_path: Path) -> None:
    warnings = check(tmp_path, "import redis\nfrom uvicorn import run as serve", "bedrock-agentcore==9\n")
    assert warnings == (
        "handler.py:1: can't tell which requirement provides redis; if none: add redis to requirements.txt",
    )
