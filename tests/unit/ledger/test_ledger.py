"""The ledger of sessions: what is written is read, by several processes at once; a broken one stops nobody."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from agentcore_cli.ledger import FILE, Expiry, Ledger, LedgerEntry, LedgerError, LedgerKey, Turn

ARN = "arn:aws:bedrock-agentcore:us-west-2:123456789012:runtime/bot-abc"
KEY = LedgerKey(ARN, "DEFAULT", "s" * 36)
NOW = 1_790_000_000.0
WRITER = """
import sys
from pathlib import Path
from agentcore_cli.ledger import Expiry, LedgerKey, Ledger, Turn
for n in range(20):
    key = LedgerKey({arn!r}, "DEFAULT", sys.argv[1] * 36)
    Ledger(Path(".")).record(key, Turn({now} + n, 0.5, 1, 2, "answered"), target="aws", agent="bot",
                             name=sys.argv[1], is_new_life=Expiry({now}, 900, 28800))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".agentcore").mkdir()
    return tmp_path


def record(
    root: Path, at: float = NOW, key: LedgerKey = KEY, is_first: bool | None = None, **turn: object
) -> LedgerEntry | None:
    said = Turn(at, 0.5, 10, 20, "answered")._replace(**turn)  # type: ignore[arg-type]
    expiry = Expiry(at, idle_timeout=900, max_lifetime=28_800, is_first=is_first)
    return Ledger(root).record(key, said, target="aws", agent="bot", name="conv1", is_new_life=expiry)


def test_what_is_written_is_read(root: Path) -> None:
    assert record(root) is None
    before = record(root, NOW + 10, outcome="failed", request=b"{}", answer=b"\xff")
    assert before is not None
    assert (before.turns, before.name, before.last_used) == (1, "conv1", NOW + 0.5)
    (entry,) = Ledger(root).sessions(ARN)
    assert entry == LedgerEntry(*KEY, "aws", "bot", "conv1", NOW, NOW, NOW + 10.5, 2, False)
    assert Ledger(root).turns(KEY) == [
        Turn(NOW, 0.5, 10, 20, "answered"),
        Turn(NOW + 10, 0.5, 10, 20, "failed", b"{}", b"\xff"),
    ]


def test_sessions_are_told_apart_and_the_last_used_comes_first(root: Path) -> None:
    others = [KEY._replace(session_id="t" * 36), KEY._replace(endpoint="prod"), KEY._replace(arn=ARN + "x")]
    for number, key in enumerate([KEY, *others]):
        record(root, NOW + number, key)
    assert [entry.key for entry in Ledger(root).sessions(ARN)] == [others[1], others[0], KEY]


def test_a_stop_is_remembered_until_the_session_is_used_again(root: Path) -> None:
    record(root)
    Ledger(root).stopped(KEY)
    assert Ledger(root).sessions(ARN)[0].stopped
    before = record(root, NOW + 5)
    assert before is not None
    assert before.stopped
    (entry,) = Ledger(root).sessions(ARN)
    assert (entry.stopped, entry.started_at) == (False, NOW + 5)


@pytest.mark.parametrize(
    ("later", "is_first", "starts_anew"),
    [
        (10, None, False),
        (1000, None, True),
        (1000, False, False),
        (10, True, True),
    ],
    ids=["soon", "idle too long", "busy meanwhile", "the runtime says so"],
)
def test_a_new_life_begins_when_the_old_one_must_have_ended(
    root: Path, later: float, is_first: bool | None, starts_anew: bool
) -> None:
    record(root)
    record(root, NOW + later, is_first=is_first)
    assert Ledger(root).sessions(ARN)[0].started_at == (NOW + later if starts_anew else NOW)


def test_the_maximum_counts_from_the_start_however_often_it_is_used(root: Path) -> None:
    for at in range(0, 28_801, 600):
        record(root, NOW + at)
    (entry,) = Ledger(root).sessions(ARN)
    expiry = Expiry(NOW + 28_810, 900, 28_800)
    assert (expiry.has_outlived(entry), expiry.was_idle(entry)) == (True, False)


def test_what_is_old_is_forgotten(root: Path) -> None:
    record(root)
    record(root, NOW + 91 * 86_400, KEY._replace(session_id="n" * 36))
    assert [entry.session_id[0] for entry in Ledger(root).sessions(ARN)] == ["n"]
    assert Ledger(root).turns(KEY) == []


def test_nobody_else_can_read_it(root: Path) -> None:
    record(root)
    assert stat.S_IMODE((root / FILE).stat().st_mode) == 0o600


def test_without_a_ledger_nothing_is_known_and_none_is_made(root: Path) -> None:
    ledger = Ledger(root)
    ledger.stopped(KEY)
    assert (ledger.sessions(ARN), ledger.turns(KEY)) == ([], [])
    assert not (root / FILE).exists()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_broken_one_is_kept_aside_and_begun_anew(root: Path, content: bytes) -> None:
    (root / FILE).write_bytes(content)
    record(root)
    assert len(Ledger(root).sessions(ARN)) == 1
    (aside,) = root.glob(".agentcore/sessions.db.broken-*")
    assert aside.read_bytes() == content


def test_one_that_cannot_be_opened_is_an_error_with_a_way_out(root: Path) -> None:
    (root / FILE).mkdir()
    with pytest.raises(LedgerError, match=r"\.agentcore/sessions\.db") as caught:
        record(root)
    assert "remove" in (caught.value.hint or "")


def test_a_project_without_its_folder_is_an_error_and_no_folder(tmp_path: Path) -> None:
    with pytest.raises(LedgerError):
        record(tmp_path)
    assert not (tmp_path / ".agentcore").exists()


def test_processes_write_at_once_from_the_first_line_on(root: Path) -> None:
    program = WRITER.format(arn=ARN, now=NOW)
    writers = [subprocess.Popen([sys.executable, "-c", program, name], cwd=root) for name in "abaca"]
    assert [writer.wait(timeout=60) for writer in writers] == [0] * 5
    assert {entry.name: entry.turns for entry in Ledger(root).sessions(ARN)} == {"a": 60, "b": 20, "c": 20}
