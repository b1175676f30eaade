from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.fakes.private_index import private_index


def test_it_serves_whoever_has_the_password(tmp_path: Path) -> None:
    (tmp_path / "kit").mkdir()
    with private_index(tmp_path, "p@ss") as address:
        keyring = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(keyring))
        with pytest.raises(urllib.error.HTTPError, match="401"):
            opener.open(f"http://{address}/")
        keyring.add_password(None, f"http://{address}/", "reader", "p@ss")
        with opener.open(f"http://{address}/") as answer:
            assert b"kit/" in answer.read()
