"""What of this machine's files sessions see is told before a deploy, and by `local status` while they can."""

from __future__ import annotations

from pathlib import Path

from tests.command_line import CommandLine


def test_mounts_are_named_in_the_plan_and_in_local_status(agentcore: CommandLine, tmp_path: Path) -> None:
    config = Path(agentcore.folder, ".agentcore.yaml")
    before = config.read_text()
    for name in ("read", "write"):
        (tmp_path / name).mkdir()
    read, write = tmp_path / "read", tmp_path / "write"
    config.write_text(f"{before}\nlocal: {{mounts: [{{path: {read}}}, {{path: {write}, writable: true}}]}}\n")
    told = [{"path": str(read), "writable": False}, {"path": str(write), "writable": True}]
    try:
        shown = agentcore.run("plan", "--local").stdout
        assert shown.endswith(f"sessions see of this machine: {read} (read-only), {write} (writable)\n")
        assert agentcore.run("deploy", "--dry-run", "--local").stdout == shown
        assert agentcore.json("plan", "--local")["mounts"] == told
        agentcore.run("deploy", "--local")
        status = agentcore.run("local", "status").stdout
        assert f"{read} (read-only)" in status
        assert f"{write} (writable)" in status
        assert agentcore.json("local", "status")["mounts"] == told
    finally:
        config.write_text(before)
        agentcore.run("deploy", "--local")
    assert agentcore.json("plan", "--local")["mounts"] == []
